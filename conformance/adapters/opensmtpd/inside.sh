# Runs in the root folder. What smtpd writes at fixed places is in memory, apart for each instance.
set -eu
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/spool
# Nothing is delivered: what was accepted stays in the queue, and that goes with the server.
exec smtpd -d -P mda -f /smtpspec/smtpd.conf
