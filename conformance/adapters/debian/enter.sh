#!/bin/sh
# Runs a command in a root folder made by root.sh. The scratch folder SMTPSPEC_DIR is /smtpspec there.
#
#   enter.sh FOLDER COMMAND...
#
# The command's processes and mounts are in namespaces of their own: when this process ends, they are gone too. The
# network is the machine's.
set -eu

# The mount table must not reach the machine's, and the host name is fully qualified: some servers look for a better one.
exec unshare --mount --propagation private --pid --fork --kill-child=KILL --uts sh -euc '
    root=$1
    shift
    hostname mx.example.org
    mount --rbind /dev "$root/dev"
    mount -t proc proc "$root/proc"
    mount --bind "$SMTPSPEC_DIR" "$root/smtpspec"
    chroot "$root" "$@" &
    # The first process of a namespace is not ended by a signal that it does not ask for.
    trap "exit 143" TERM INT
    wait $!
' enter.sh "$@"
