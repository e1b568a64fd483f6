#!/bin/sh
# Starts the milter and Sendmail; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"
. ../milter/start.sh

installed=$PWD/installed/$SMTPSPEC_VERSION

chmod 755 "$SMTPSPEC_DIR"
mkdir -m 700 "$SMTPSPEC_DIR/queue"
# Its time-outs are in seconds.
# STARTTLS, or TLS before the banner.
modifiers=
[ "${SMTPSPEC_TLS:-}" != implicit ] || modifiers=s
# Sendmail takes no key that others may read.
[ -z "${SMTPSPEC_TLS:-}" ] || chmod 600 "$SMTPSPEC_DIR/tls-key.pem"
chroot "$installed/root" m4 -D "TLS=${SMTPSPEC_TLS:-}" -D "MODIFIERS=$modifiers" -D "PORT=${SMTPSPEC_LISTEN##*:}" -D "IDLE=$(((SMTPSPEC_IDLE_MS + 999) / 1000))s" \
    < sendmail.mc > "$SMTPSPEC_DIR/sendmail.cf"

start_milter 077 --slow-from OnEhloCommand=3

exec ../debian/enter.sh "$installed/root" /usr/sbin/sendmail-mta -C /smtpspec/sendmail.cf -bD >&2
