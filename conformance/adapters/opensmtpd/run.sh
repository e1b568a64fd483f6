#!/bin/sh
# Starts the server; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"

socket=$SMTPSPEC_DIR/filter.sock
"$SMTPSPEC_PROGRAM" observe opensmtpd --listen "unix:$socket" --events "tcp:$SMTPSPEC_EVENTS" &

sed "s/@HOST@/${SMTPSPEC_LISTEN%:*}/; s/@PORT@/${SMTPSPEC_LISTEN##*:}/" smtpd.conf > "$SMTPSPEC_DIR/smtpd.conf"
# STARTTLS, or TLS before the banner.
if [ -n "${SMTPSPEC_TLS:-}" ]; then
    # smtpd takes no key that others may read.
    chmod 600 "$SMTPSPEC_TLS_KEY"
    way=tls
    [ "$SMTPSPEC_TLS" != implicit ] || way=smtps
    sed "s|^listen .*|pki mx cert \"/smtpspec/tls-cert.pem\"\\npki mx key \"/smtpspec/tls-key.pem\"\\n& $way pki mx|" \
        "$SMTPSPEC_DIR/smtpd.conf" > "$SMTPSPEC_DIR/tls.conf"
    mv "$SMTPSPEC_DIR/tls.conf" "$SMTPSPEC_DIR/smtpd.conf"
fi
cp relay.pl inside.sh "$SMTPSPEC_DIR"

tries=0
until [ -S "$socket" ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || {
        echo "run.sh: smtpspec observe does not listen on $socket" >&2
        exit 1
    }
    sleep 0.05
done
# smtpd runs its filters as a user of its own.
chmod 711 "$SMTPSPEC_DIR"
chmod 666 "$socket"

exec ../debian/enter.sh "installed/$SMTPSPEC_VERSION/root" sh /smtpspec/inside.sh
