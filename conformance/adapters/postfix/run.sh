#!/bin/sh
# Starts the milter and Postfix; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"
. ../milter/start.sh

installed=$PWD/installed/$SMTPSPEC_VERSION
conf=$SMTPSPEC_DIR/conf

# Postfix's own user must come to the files; its time-outs are in seconds.
chmod 755 "$SMTPSPEC_DIR"
mkdir "$conf" "$SMTPSPEC_DIR/queue" "$SMTPSPEC_DIR/data"
cp main.cf master.cf "$conf"
cp log.pl "$SMTPSPEC_DIR"
echo "smtpd_timeout = $(((SMTPSPEC_IDLE_MS + 999) / 1000))s" >> "$conf/main.cf"
# What was asked for with --setting, in main.cf's own form.
printf '%s' "${SMTPSPEC_SETTINGS:-}" >> "$conf/main.cf"
# STARTTLS, or TLS before the banner.
if [ -n "${SMTPSPEC_TLS:-}" ]; then
    cat >> "$conf/main.cf" <<CF
smtpd_tls_security_level = may
smtpd_tls_cert_file = /smtpspec/tls-cert.pem
smtpd_tls_key_file = /smtpspec/tls-key.pem
CF
    echo "tlsmgr unix - - n 1000? 1 tlsmgr" >> "$conf/master.cf"
fi
echo "$SMTPSPEC_LISTEN inet n - n - - smtpd" >> "$conf/master.cf"
[ "${SMTPSPEC_TLS:-}" != implicit ] || echo "  -o smtpd_tls_wrappermode=yes" >> "$conf/master.cf"
chown "$(chroot "$installed/root" id -u postfix)" "$SMTPSPEC_DIR/data"

# Postfix comes as a user of its own.
start_milter 0

exec ../debian/enter.sh "$installed/root" sh -euc '
    install -d -o postfix -g postdrop -m 710 /smtpspec/queue/public
    perl /smtpspec/log.pl /smtpspec/queue/public/log
    exec postfix -c /smtpspec/conf start-fg
' >&2
