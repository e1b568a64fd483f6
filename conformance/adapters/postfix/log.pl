# log.pl SOCKET: writes what Postfix logs to standard error, a datagram a line. It goes on in the background as soon as
# the socket is there.
#
# Postfix's own postlogd waits for master (it tells of each line over a socket that master reads), and master, where it
# logs that a process ended by a signal, waits for postlogd: under load both wait for ever, and so does each client
# behind them.
use strict;
use IO::Socket::UNIX;

umask 0;
my $log = IO::Socket::UNIX->new(Type => SOCK_DGRAM, Local => $ARGV[0]) or die "log.pl: $ARGV[0]: $!\n";
my $child = fork // die "log.pl: fork: $!\n";
exit if $child;
while (defined $log->recv(my $line, 65536)) {
    syswrite STDERR, "$line\n";
}
