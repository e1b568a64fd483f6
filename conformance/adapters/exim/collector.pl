# Stands between Exim's processes, each of which serves one session, and smtpspec: events are passed on over the one
# connection that has to last, and answered with what the handler script of the session decides.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;
use JSON::PP;
use Socket qw(IPPROTO_TCP TCP_NODELAY);

my $json = JSON::PP->new->utf8->canonical;

my $smtpspec = IO::Socket::INET->new(PeerAddr => $ENV{SMTPSPEC_EVENTS})
    or die "collector.pl: cannot connect to $ENV{SMTPSPEC_EVENTS}: $!\n";
setsockopt $smtpspec, IPPROTO_TCP, TCP_NODELAY, 1;

my ($version) = `exim4 -bV` =~ /^Exim version (\S+)/;
my @events = map "On$_",
    qw(Connect HeloCommand EhloCommand MailCommand RcptCommand DataCommand EndOfData Disconnect);
pass_on({
    'smtpspec-events' => 1,
    adapter => 'exim',
    server => "Exim $version",
    events => \@events,
    semantics => {map {$_ => JSON::PP::true} qw(disconnect_reason clock scripts blank_line_supplied)},
});

my $exim = IO::Socket::UNIX->new(Local => '/run/collector.sock', Listen => 1024)
    or die "collector.pl: cannot listen: $!\n";
chmod 0666, '/run/collector.sock';

my %scripts;
# A socket of Exim's is a session.
my (%unread, %played, %counts);
my $sockets = IO::Select->new($smtpspec, $exim);
while (my @ready = $sockets->can_read) {
    for my $socket (@ready) {
        if ($socket == $exim) {
            $sockets->add(scalar $exim->accept);
            next;
        }
        my $more = sysread $socket, $unread{$socket}, 65536, length($unread{$socket} // '');
        while ($more && $unread{$socket} =~ s/^(.*)\n//) {
            $socket == $smtpspec ? script($1) : event($socket, $1);
        }
        next if $more;
        exit if $socket == $smtpspec;
        $sockets->remove($socket);
        delete @{$_}{"$socket"} for \(%unread, %played, %counts);
        close $socket;
    }
}

# Returns when the line has left.
sub pass_on {
    my ($value) = @_;
    syswrite $smtpspec, (ref $value ? $json->encode($value) : $value) . "\n" or exit;
}

sub script {
    my $script = $json->decode($_[0]);
    $scripts{$script->{peer}} = $script->{handlers};
    pass_on({ready => $script->{peer}});
}

sub event {
    my ($socket, $line) = @_;
    pass_on($line);
    my $record = $json->decode($line);
    my $event = $record->{event};
    my $script = $played{$socket} //= delete $scripts{$record->{peer}} // [];
    my $nth = ++$counts{$socket}{$event};
    my ($rule) = grep {$_->{event} eq $event && $_->{nth} == $nth} @$script;
    my $action = $rule ? $rule->{action} : 'accept';
    $action = join ' ', %$action if ref $action;
    syswrite $socket, "$action\n";
}
