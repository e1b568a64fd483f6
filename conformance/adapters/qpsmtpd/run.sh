#!/bin/sh
# Starts the server; the environment says where (../README.md).
set -eu
cd "$(dirname "$0")"

release=${SMTPSPEC_VERSION:-$(sed -n 's/^version = "\(.*\)"$/\1/p' adapter.toml)}
folder=installed/$release
SMTPSPEC_SERVER="qpsmtpd $(dpkg-query --admindir "$folder/var/lib/dpkg" -W -f '${Version}' qpsmtpd)"
export SMTPSPEC_SERVER

mkdir "$SMTPSPEC_DIR/config" "$SMTPSPEC_DIR/scripts"
mkdir -m 700 "$SMTPSPEC_DIR/spool"
cp -R plugins "$SMTPSPEC_DIR/plugins"
cd "$SMTPSPEC_DIR/config"
echo smtpspec > plugins
# Its plugin knows TLS before the banner on port 465 only.
[ -z "${SMTPSPEC_TLS:-}" ] || echo "tls /smtpspec/tls-cert.pem /smtpspec/tls-key.pem /smtpspec/tls-cert.pem" >> plugins
printf '/smtpspec/plugins\n/usr/share/qpsmtpd/plugins\n' > plugin_dirs
echo /smtpspec/spool > spool_dir
echo mx.example.org > me
echo 10485760 > databytes
# qpsmtpd's clock for silent clients counts whole seconds.
echo $(((${SMTPSPEC_IDLE_MS:-300000} + 999) / 1000)) > timeout
# Errors only: what goes wrong is shown with the run.
echo 3 > loglevel
cd "$OLDPWD"

# Without name servers the reverse look-up of the client, which qpsmtpd cannot be told to leave out, fails at once.
# The limit of connections is far above what a run opens: at the limit qpsmtpd sleeps a second before each accept.
exec ../debian/enter.sh "$folder" env RES_NAMESERVERS= QPSMTPD_CONFIG=/smtpspec/config sh -c '
    chown -R qpsmtpd: /smtpspec
    exec qpsmtpd-forkserver -u qpsmtpd -l "${SMTPSPEC_LISTEN%:*}" -p "${SMTPSPEC_LISTEN##*:}" -c 5000'
