#!/bin/sh
# Starts the server; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"
. ../node/start.sh
haraka=$PWD/installed/$SMTPSPEC_VERSION/node_modules/Haraka
config=$SMTPSPEC_DIR/config

mkdir "$config" "$SMTPSPEC_DIR/plugins" "$SMTPSPEC_DIR/queue"
ln -s "$PWD/smtpspec.js" "$SMTPSPEC_DIR/plugins/smtpspec.js"
echo smtpspec >"$config/plugins"
echo mx.example.org >"$config/me"
# One process, so that there is one event stream.
cat >"$config/smtp.ini" <<INI
listen=$SMTPSPEC_LISTEN
nodes=0
inactivity_timeout=$((SMTPSPEC_IDLE_MS / 1000))
public_ip=127.0.0.1
INI
# STARTTLS, or TLS before the banner.
if [ -n "${SMTPSPEC_TLS:-}" ]; then
    echo tls >>"$config/plugins"
    cp "$SMTPSPEC_TLS_CERT" "$config/tls_cert.pem"
    cp "$SMTPSPEC_TLS_KEY" "$config/tls_key.pem"
fi
[ "${SMTPSPEC_TLS:-}" != implicit ] || echo "smtps_port=${SMTPSPEC_LISTEN##*:}" >>"$config/smtp.ini"
# As it comes, but without a field that nobody sent: the message is to be compared with what was.
if [ -e "$haraka/config/connection.ini" ]; then
    sed 's/^; *add_received=.*/add_received=false/' "$haraka/config/connection.ini" >"$config/connection.ini"
fi
# Later and earlier releases look in one of these.
printf '[main]\nlevel=crit\n' >"$config/log.ini"
echo LOGCRIT >"$config/loglevel"
exec "$node" "$haraka/bin/haraka" -c "$SMTPSPEC_DIR"
