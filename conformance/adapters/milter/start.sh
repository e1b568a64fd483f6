# Sourced by run.sh: starts the milter through which the server shows its events, and waits until it is there.
#
#   installed=FOLDER    where the server's version stands in `.done`
#   start_milter UMASK [OPTION...]
#
# UMASK says who may come to its socket, $milter; the options are those of `smtpspec observe milter`.
milter=$SMTPSPEC_DIR/milter
# Unset where the running program has another name than smtpspec.
: "${SMTPSPEC_PROGRAM:?has to name the program smtpspec, which observes this server}"

start_milter() {
    (
        umask "$1"
        shift
        exec "$SMTPSPEC_PROGRAM" observe milter --listen "unix:$milter" --events "tcp:$SMTPSPEC_EVENTS" \
            --server "$(cat "$installed/.done")" "$@"
    ) &
    tries=0
    until [ -S "$milter" ]; do
        tries=$((tries + 1))
        [ $tries -lt 100 ] || {
            echo "run.sh: smtpspec observe does not listen on $milter" >&2
            exit 1
        }
        sleep 0.05
    done
}
