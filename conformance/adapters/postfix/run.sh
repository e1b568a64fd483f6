#!/bin/sh
# Starts the milter and Postfix; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"

installed=$PWD/installed/$SMTPSPEC_VERSION
conf=$SMTPSPEC_DIR/conf

# Postfix's own user must come to the files; its time-outs are in seconds.
chmod 755 "$SMTPSPEC_DIR"
mkdir "$conf" "$SMTPSPEC_DIR/queue" "$SMTPSPEC_DIR/data"
cp main.cf master.cf "$conf"
echo "smtpd_timeout = $(((SMTPSPEC_IDLE_MS + 999) / 1000))s" >> "$conf/main.cf"
echo "$SMTPSPEC_LISTEN inet n - n - - smtpd" >> "$conf/master.cf"
chown "$(chroot "$installed/root" id -u postfix)" "$SMTPSPEC_DIR/data"

milter=$SMTPSPEC_DIR/milter
(
    umask 0
    exec "$SMTPSPEC_PROGRAM" observe milter --listen "unix:$milter" --events "tcp:$SMTPSPEC_EVENTS" \
        --server "$(cat "$installed/.done")"
) &
tries=0
until [ -S "$milter" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || exit 1
    sleep 0.05
done

# The port was free a moment ago; another process may have it just now, for an outgoing connection.
exec ../debian/enter.sh "$installed/root" sh -c '
    for try in 1 2 3 4 5; do
        postfix -c /smtpspec/conf start-fg && exit
        sleep 0.2
    done
    exit 1' >&2
