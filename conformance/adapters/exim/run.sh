#!/bin/sh
# Starts the server; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"

# Exim counts in whole seconds.
seconds=$(((SMTPSPEC_IDLE_MS + 999) / 1000))
sed "s/@HOST@/${SMTPSPEC_LISTEN%:*}/; s/@PORT@/${SMTPSPEC_LISTEN##*:}/; s/@SECONDS@/$seconds/" exim.conf \
    > "$SMTPSPEC_DIR/exim.conf"
cp play.acl hooks.pl collector.pl inside.sh "$SMTPSPEC_DIR"
chmod 755 "$SMTPSPEC_DIR"

exec ../debian/enter.sh "installed/$SMTPSPEC_VERSION/root" sh /smtpspec/inside.sh
