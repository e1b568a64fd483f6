# Called by the ACLs of exim.conf, in the process that serves the session. Each tells of its event and returns what the
# handler script decided: `accept`, `drop`, or `reject` with a reply.
use strict;
use warnings;
use Digest::SHA;
use Encode;
use IO::Socket::UNIX;
use JSON::PP;
use Time::HiRes;

my %REASONS = (
    'quit' => 'QuitVerb',
    'command-timeout' => 'Timeout',
    'data-timeout' => 'Timeout',
    'connection-lost' => 'SenderDisconnected',
    'acl-drop' => 'DroppedSession',
    'synchronization-error' => 'DroppedSession',
    'bad-commands' => 'TooManyErrors',
);

my $json = JSON::PP->new->utf8->canonical;
my ($collector, $session, $peer, $seq);

sub variable { return Exim::expand_string($_[0]) // '' }

# The event stream's form of octets.
sub octets {
    my ($octets) = @_;
    $octets =~ s/\\/\\\\/g;
    return decode('UTF-8', $octets, Encode::FB_PERLQQ);
}

sub event {
    my ($event, %args) = @_;
    my ($seconds, $micros) = Time::HiRes::gettimeofday();
    my $at = $seconds * 1_000_000_000 + $micros * 1000;
    my %record = (session => $session, seq => ++$seq, at => $at, peer => $peer, event => $event, args => \%args);
    print $collector $json->encode(\%record), "\n" or die "the collector has gone\n";
    # Answered when the event is on its way.
    my $verdict = <$collector> // die "the collector has gone\n";
    chomp $verdict;
    Time::HiRes::sleep($1 / 1000) if $verdict =~ /^sleep (\d+)/;
    die "a handler failed, as its script says\n" if $verdict eq 'fail';
    return $verdict;
}

sub on_connect {
    my $path = '/run/collector.sock';
    $collector = IO::Socket::UNIX->new(Peer => $path) or die "cannot connect to $path: $!\n";
    $collector->autoflush(1);
    # Process numbers come again.
    $session = sprintf '%d-%x', $$, Time::HiRes::time() * 1e6;
    $seq = 0;
    $peer = variable('$sender_host_address:$sender_host_port');
    return event('OnConnect', local => variable('$received_ip_address:$received_port'));
}

sub on_helo {
    my $kind = variable('$smtp_command') =~ /^ehlo/i ? 'OnEhloCommand' : 'OnHeloCommand';
    return event($kind, domain => octets(variable('$sender_helo_name')));
}

# The path between its brackets, and what follows it, both as sent: $local_part and $domain have lost case and quotes.
sub path_and_parameters {
    variable('$smtp_command') =~ /:[ \t]*(?:<((?:"(?:\\.|[^"\\])*"|[^">])*)>|(\S*)) *(.*?) *$/s;
    return map {octets($_)} $1 // $2 // '', $3 // '';
}

sub on_mail {
    my ($path, $parameters) = path_and_parameters();
    return event('OnMailCommand', reverse_path => $path, parameters => $parameters);
}

sub on_rcpt {
    my ($path, $parameters) = path_and_parameters();
    return event('OnRcptCommand', forward_path => $path, parameters => $parameters);
}

sub on_data { return event('OnDataCommand') }

sub on_end_of_data {
    my $content = content();
    return event('OnEndOfData', $content ? (content => $content) : ());
}

# What Exim has in its spool, with the line ends of SMTP and without its own Received field. A message without body has
# none that could be known: whether there was a blank line at its end is not kept.
sub content {
    my $headers = variable('$message_headers_raw');
    $headers =~ s/^Received:.*\n(?:[ \t].*\n)*//;
    my $spooled = variable('$spool_directory/input/$message_exim_id-D');
    open my $file, '<:raw', $spooled or die "cannot read $spooled: $!\n";
    my ($name, @body) = <$file>;
    return unless @body;
    my $content = join '', $headers, "\n", @body;
    $content =~ s/\n/\r\n/g;
    return {size => length $content, sha256 => Digest::SHA::sha256_hex($content)};
}

sub on_disconnect {
    my ($how) = @_;
    event('OnDisconnect', reason => $REASONS{$how} // 'Local');
    return '';
}

1;
