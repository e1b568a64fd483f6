# Carries the filter protocol between smtpd, which starts this inside its root folder, and `smtpspec observe opensmtpd`
# outside, where it was built for.
use strict;
use warnings;
use IO::Socket::UNIX;

my ($path) = @ARGV;
my $outside = IO::Socket::UNIX->new(Peer => $path) or die "cannot connect to $path: $!\n";

sub carry {
    my ($from, $to) = @_;
    while (sysread $from, my $octets, 65536) {
        while (length $octets) {
            my $written = syswrite $to, $octets or return;
            substr $octets, 0, $written, '';
        }
    }
}

# The end of one direction is the end of the filter, and smtpd ends with its filters.
my $child = fork // die "cannot fork: $!\n";
if ($child) {
    carry(\*STDIN, $outside);
    kill TERM => $child;
} else {
    carry($outside, \*STDOUT);
    kill TERM => getppid;
}
