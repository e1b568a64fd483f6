#!/bin/sh
# Starts the server; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"

# Exim counts in whole seconds.
seconds=$(((SMTPSPEC_IDLE_MS + 999) / 1000))
# STARTTLS, or TLS before the banner.
tls=
[ -z "${SMTPSPEC_TLS:-}" ] || tls='*\ntls_certificate = /smtpspec/tls-cert.pem\ntls_privatekey = /smtpspec/tls-key.pem'
[ "${SMTPSPEC_TLS:-}" != implicit ] || tls="$tls\\ntls_on_connect_ports = ${SMTPSPEC_LISTEN##*:}"
sed "s/@HOST@/${SMTPSPEC_LISTEN%:*}/; s/@PORT@/${SMTPSPEC_LISTEN##*:}/; s/@SECONDS@/$seconds/; s|@TLS@|$tls|" exim.conf \
    > "$SMTPSPEC_DIR/exim.conf"
cp play.acl hooks.pl collector.pl inside.sh "$SMTPSPEC_DIR"
chmod 755 "$SMTPSPEC_DIR"

exec ../debian/enter.sh "installed/$SMTPSPEC_VERSION/root" sh /smtpspec/inside.sh
