#!/bin/sh
# The load of Postfix' smtp-source, once at Postfix' smtp-sink and once at `smtpspec serve`: messages a second, medians, ratio.
#
# usage: benches/load.sh [SMTPSPEC]      (default: target/release/smtpspec)
# RUNS=10 MESSAGES=5000 in the environment say how often and how much; POSTFIX=DIR names a folder that holds
# usr/sbin/smtp-source already. Without it Debian's package is unpacked into a temporary folder: nothing is installed,
# nothing is started but the two servers, on loopback, and both are gone when this ends.
set -eu

smtpspec=${1:-target/release/smtpspec}
runs=${RUNS:-10}
messages=${MESSAGES:-5000}
folder=$(mktemp -d)
sink='' serve=''
trap 'for server in $sink $serve; do kill "$server" 2>/dev/null || :; done; rm -rf "$folder"' EXIT
trap 'exit 1' INT TERM

if [ -z "${POSTFIX:-}" ]; then
    chmod 755 "$folder"
    (cd "$folder" && apt-get -o APT::Sandbox::User=root download -q postfix >/dev/null && dpkg -x postfix_*.deb postfix)
    POSTFIX=$folder/postfix
fi
export LD_LIBRARY_PATH="$POSTFIX/usr/lib/postfix"
bin=$POSTFIX/usr/sbin

# smtp-sink as root must be somebody else.
somebody=''
[ "$(id -u)" -ne 0 ] || somebody='-u nobody'
sink_port=$((20000 + $$ % 10000))
serve_port=$((sink_port + 1))
# shellcheck disable=SC2086 # two words, or none
"$bin/smtp-sink" $somebody "127.0.0.1:$sink_port" 1024 &
sink=$!
"$smtpspec" serve --listen "127.0.0.1:$serve_port" >/dev/null &
serve=$!
sleep 1

# Messages a second: PORT OPTION...
rate() {
    port=$1
    shift
    begin=$(date +%s%N)
    "$bin/smtp-source" "$@" -l 1024 -m "$messages" -f sender@client.example.org -t recipient@mx.example.net \
        "127.0.0.1:$port"
    end=$(date +%s%N)
    echo $((messages * 1000000000 / (end - begin)))
}

median() {
    sort -n "$1" | awk '{ all[NR] = $1 } END { print (all[int((NR + 1) / 2)] + all[int(NR / 2) + 1]) / 2 }'
}

printf '%-44s %12s %16s %7s\n' 'smtp-source, 1 KiB messages' 'smtp-sink' 'smtpspec serve' 'ratio'
row() {
    name=$1
    shift
    rate "$sink_port" "$@" >/dev/null
    rate "$serve_port" "$@" >/dev/null
    : >"$folder/sink" && : >"$folder/serve"
    run=0
    # By turns, so that both have the same machine.
    while [ "$run" -lt "$runs" ]; do
        rate "$sink_port" "$@" >>"$folder/sink"
        rate "$serve_port" "$@" >>"$folder/serve"
        run=$((run + 1))
    done
    awk -v name="$name" -v sink="$(median "$folder/sink")" -v serve="$(median "$folder/serve")" \
        'BEGIN { printf "%-44s %12.0f %16.0f %7.2f\n", name, sink, serve, serve / sink }'
}

row 'a connection each, 50 sessions' -s 50
row 'a connection each, 10 sessions' -s 10
row 'connections kept, 10 sessions' -s 10 -d
