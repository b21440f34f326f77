# The venue's dead-man's switch: a worker that falls silent, killed or on purpose,
# has its orders cancelled by the venue; one that lives keeps them.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('deadman', sim => [ '--window', '300s', '--assets', 'btc,eth,sol', '--seed', '18' ]);
my $beats = { match => { method => 'POST', path => '/v1/heartbeats' }, do => 'delay', ms => 1 };

sub at_rest { return scalar grep { $_->{status} eq 'LIVE' } venue_orders($desk) }
sub fired { my ($rule) = @_; return sim_get($desk->{sim}, '/sim/stats')->{faults}[$rule]{fired} // 0 }
sub resting
{
	# Near the end of a window there is none to rest in.
	my $order = rest($desk, seconds => 60) || rest($desk, seconds => 60) || rest($desk, seconds => 60);
	ok(wait_order($desk, $order, 'OPEN'), 'an order rests');
	return $order;
}

my $worker;
subtest 'as long as it beats its orders rest' => sub {
	# The id another worker would have made the venue expect: the right one is in the answer.
	faults($desk, { match => { method => 'POST', path => '/v1/heartbeats', nth => 2 }, do => 'answer', status => 400,
		body => '{"error":"Invalid Heartbeat ID","heartbeat_id":"another-one"}' }, $beats);
	$worker = worker($desk);
	ok(wait_ready($desk), 'the worker trades');
	my $order = resting();
	my $before = fired(1);
	# Each comes five seconds after the other: longer than the venue is patient with whoever falls silent.
	ok(wait_until(sub { fired(1) >= $before + 4 }, 'it beats', 60), 'it beats');
	is(fired(0), 1, 'one beat had the wrong id');
	is(at_rest(), 1, 'the order rests still');
	is(ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $order"), 'OPEN', 'and is open here');
	is(ask($desk, q{SELECT count(*) FROM arbees.alerts WHERE kind = 'venue_heartbeat_late'}), '0', 'nothing to be alarmed about');
	clear_faults($desk);
	ask($desk, "SELECT arbees_cancel($order)");
	ok(wait_order($desk, $order, 'CANCELED'), 'cancelled by us');
};

subtest 'killed, and no other started' => sub {
	my $order = resting();
	kill_worker($worker, 'KILL');
	ok(wait_until(sub { at_rest() == 0 }, 'the venue cancels', 40), 'the venue cancels it by itself');
	is(ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $order"), 'OPEN', 'of which we know nothing yet');
	$worker = worker($desk);
	ok(wait_order($desk, $order, 'CANCELED', 30), 'the next worker finds out');
	ok(wait_ready($desk), 'and trades');
	books_agree($desk, 'killed');
};

subtest 'beats that do not arrive' => sub {
	my $order = resting();
	faults($desk, { match => { method => 'POST', path => '/v1/heartbeats' }, do => 'disconnect' });
	ok(wait_until(sub { at_rest() == 0 }, 'the venue cancels', 40), 'the venue cancels');
	ok(wait_order($desk, $order, 'CANCELED', 30), 'the worker hears of it');
	ok(wait_for($desk, q{SELECT count(*) = 1 FROM arbees.alerts WHERE kind = 'venue_heartbeat_late'}), 'and has said that it may come to this');
	clear_faults($desk);
	ok(wait_ready($desk), 'it trades on');
	books_agree($desk, 'beats lost');
};

subtest 'silent on purpose' => sub {
	# The venue counts from a beat; it has given up on the last ones.
	faults($desk, $beats);
	ok(wait_until(sub { fired(0) >= 1 }, 'it beats', 60), 'it beats again');
	my $order = resting();
	is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');
	is(at_rest(), 1, 'what rests is left to the next worker');
	ok(wait_until(sub { at_rest() == 0 }, 'the venue cancels', 40), 'and to the venue when there is none');
	$worker = worker($desk);
	ok(wait_order($desk, $order, 'CANCELED', 30), 'the next worker finds out');
	books_agree($desk, 'asked to stop');
	is(kill_worker($worker, 'TERM'), 0, 'it ends when asked');
	clear_faults($desk);
};

subtest 'switched off' => sub {
	faults($desk, $beats);
	$worker = worker($desk, more => ['--no-heartbeats']);
	ok(wait_ready($desk), 'the worker trades');
	ok(wait_until(sub { slurp_file($worker->{log}) =~ /heartbeats are switched off/ }, 'log'), 'and says that it does not beat');
	is(kill_worker($worker, 'TERM'), 0, 'it ends when asked');
	ask($desk, q{UPDATE arbees.venues SET endpoints = endpoints || '{"heartbeats": false}' WHERE name = 'sim'});
	$worker = worker($desk);
	ok(wait_ready($desk), 'another does');
	ok(wait_until(sub { slurp_file($worker->{log}) =~ /heartbeats are switched off/ }, 'log'), 'nor does one whose venue takes none');
	my $order = resting();
	# It is asked for every two seconds; a beat would have come before the first answer.
	is(fired(0), 0, 'the venue heard no beat');
	ask($desk, "SELECT arbees_cancel($order)");
	ok(wait_order($desk, $order, 'CANCELED'), 'cancelled by us');
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');
$desk->{node}->stop;
done_testing();
