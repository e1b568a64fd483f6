#!/bin/sh
# Starts the server; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"

socket=$SMTPSPEC_DIR/filter.sock
"$SMTPSPEC_PROGRAM" observe opensmtpd --listen "unix:$socket" --events "tcp:$SMTPSPEC_EVENTS" &

sed "s/@HOST@/${SMTPSPEC_LISTEN%:*}/; s/@PORT@/${SMTPSPEC_LISTEN##*:}/" smtpd.conf > "$SMTPSPEC_DIR/smtpd.conf"
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
