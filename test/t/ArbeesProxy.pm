# test/t/ArbeesProxy.pm
#	A TCP proxy in front of a server's Unix socket, for a worker that is to lose
#	its database while others keep it.
#
# The process is stopped (black hole: the connections stand and nothing comes),
# goes on, is killed (everything is cut, the port refuses), and is started anew
# on the same port. SIGUSR1 makes a black hole of the connections there are; new
# ones work. It knows nothing of what it carries.

package ArbeesProxy;

use strict;
use warnings;

use IO::Select;
use IO::Socket::INET;
use IO::Socket::UNIX;

# Forwards until it is killed. Small enough that a slow side slows the other.
sub serve
{
	my ($port, $path) = @_;
	my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => $port, Listen => 20,
		ReuseAddr => 1, Proto => 'tcp')
	  or die "could not listen on port $port: $@\n";
	$SIG{PIPE} = 'IGNORE';
	my $select = IO::Select->new($listener);
	my %peer;
	my @mute;
	local $SIG{USR1} = sub {
		# Kept open, and never read again.
		push @mute, grep { $_ != $listener } $select->handles;
		$select->remove(@mute);
	};
	local $| = 1;
	print "listening\n";
	while (1)
	{
		# A signal ends the wait with nothing.
		foreach my $socket ($select->can_read)
		{
			if ($socket == $listener)
			{
				my $client = $listener->accept or next;
				my $server = IO::Socket::UNIX->new(Peer => $path);
				if (!$server) { close $client; next; }
				@peer{ $client, $server } = ($server, $client);
				$select->add($client, $server);
				next;
			}
			my $other = $peer{$socket} or next;
			my $read = sysread($socket, my $bytes, 65536);
			next if $read && forward($other, $bytes);
			$select->remove($socket, $other);
			delete @peer{ $socket, $other };
			close $socket;
			close $other;
		}
	}
	return;
}

sub forward
{
	my ($to, $bytes) = @_;
	while (length $bytes)
	{
		my $sent = syswrite($to, $bytes);
		return 0 unless $sent;
		substr($bytes, 0, $sent, '');
	}
	return 1;
}

1;
