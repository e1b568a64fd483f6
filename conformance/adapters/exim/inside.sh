# Runs in the root folder. What Exim writes is in memory, apart for each instance, and goes with it.
set -eu
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/spool
mount -t tmpfs tmpfs /var/log
install -d -o Debian-exim -g Debian-exim /var/spool/exim4 /var/log/exim4

perl /smtpspec/collector.pl &
tries=0
until [ -S /run/collector.sock ]; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || {
        echo "inside.sh: collector.pl does not listen on /run/collector.sock" >&2
        exit 1
    }
    sleep 0.05
done
exec exim4 -C /smtpspec/exim.conf -bdf
