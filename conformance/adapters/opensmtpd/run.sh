#!/bin/sh
# Starts the server; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"

socket=$SMTPSPEC_DIR/filter.sock
# Unset where the running program has another name than smtpspec.
: "${SMTPSPEC_PROGRAM:?has to name the program smtpspec, which observes this server}"
"$SMTPSPEC_PROGRAM" observe opensmtpd --listen "unix:$socket" --events "tcp:$SMTPSPEC_EVENTS" &

case ${SMTPSPEC_TLS:-} in
starttls) tls="tls pki smtpspec ca smtpspec" ;;
implicit) tls="smtps pki smtpspec ca smtpspec" ;;
*) tls= ;;
esac
pki=
if [ -n "$tls" ]; then
    pki='ca smtpspec cert "/smtpspec/tls-cert.pem"\npki smtpspec cert "/smtpspec/tls-cert.pem"\npki smtpspec key "/smtpspec/tls-key.pem"\n'
    # Its process that holds the keys cannot sign with OpenSSL 3: "error:0A080006:SSL routines::EVP lib".
    if [ "$SMTPSPEC_VERSION" = bookworm ]; then
        echo "run.sh: OpenSMTPD 6.8.0p2 of Debian 12 has no working TLS (it is older than its OpenSSL); use opensmtpd@trixie" >&2
        exit 1
    fi
    chmod 600 "$SMTPSPEC_DIR/tls-key.pem"
fi
sed "s|@PKI@|$pki|; s/@TLS@/$tls/; s/@HOST@/${SMTPSPEC_LISTEN%:*}/; s/@PORT@/${SMTPSPEC_LISTEN##*:}/" smtpd.conf > "$SMTPSPEC_DIR/smtpd.conf"
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
