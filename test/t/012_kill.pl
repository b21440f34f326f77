# The kill switch: what is claimed after it, what becomes of orders and
# positions, with the worker alive, dead, and come back.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('kill', sim => [ '--window', '40s', '--assets', 'btc,eth,sol', '--seed', '3' ]);
# The venue's own switch would cancel what one of these tests leaves at rest there.
my $worker = worker($desk, more => [ '--no-heartbeats' ]);
ok(wait_ready($desk), 'the worker trades');

# Orders claimed after a kill came into force: entries, or any in an emergency.
sub claimed_in_spite
{
	my ($seq) = @_;
	return ask($desk, qq{
		SELECT count(*) FROM arbees.orders o, arbees.kill_levels k
		WHERE k.seq = $seq AND o.claimed_at > k.set_at AND (o.purpose = 'ENTRY' OR k.level = 'emergency')
			AND NOT EXISTS (SELECT FROM arbees.kill_levels r WHERE r.seq > k.seq AND r.set_at < o.claimed_at)});
}

sub kill_seq { return ask($desk, 'SELECT max(seq) FROM arbees.kill_levels') }

# Two held positions and a resting order, in a window with time left.
sub engage
{
	my $resting = rest($desk, seconds => 20);
	my $live = take($desk, seconds => 18, amount => 2);
	my $paper = take($desk, seconds => 18, amount => 2, portfolio => 'paper');
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	ok(wait_order($desk, $live, 'FILLED') && wait_order($desk, $paper, 'FILLED'), 'both books hold shares');
	return ($resting, $live, $paper);
}

sub position_of { my ($order) = @_; return ask($desk, "SELECT position_id FROM arbees.orders WHERE order_id = $order") }

my $closed = q{SELECT count(*) = 0 FROM arbees.positions WHERE state <> 'CLOSED'};
my $ended = q{SELECT count(*) = 0 FROM arbees.orders WHERE finished_at IS NULL};

sub at_rest { return scalar grep { $_->{status} eq 'LIVE' } venue_orders($desk) }

sub denied_by_kill
{
	my ($why) = @_;
	my @answer;
	wait_until(sub { @answer = submit($desk, seconds => 1); @answer > 0 }, 'a window');
	is($answer[1], 'kill_engaged', "$why: an entry is denied");
	@answer = submit($desk, seconds => 1, portfolio => 'paper');
	is($answer[1], 'kill_engaged', "$why: in PAPER too");
	return;
}

sub resumed
{
	ask($desk, "SELECT arbees_resume('the test goes on')");
	my $order = take($desk, seconds => 5);
	ok($order && wait_order($desk, $order, 'FILLED|CANCELED|REJECTED'), 'after arbees_resume it trades again');
	return;
}

subtest 'flatten, the worker alive' => sub {
	my ($resting, $live, $paper) = engage();
	my $result = ask($desk, q{SELECT level, orders_to_cancel, positions_to_close >= 2, orders_in_flight, coalesce(warning, '')
		FROM arbees_kill('flatten')});
	is($result, 'flatten|1|t|0|', 'the result says what it stops');
	my $seq = kill_seq();
	ok(wait_order($desk, $resting, 'CANCELED'), 'the resting order is cancelled');
	ok(wait_for($desk, $closed, 't', 15), 'every position is closed');
	is(at_rest(), 0, 'nothing rests at the venue');
	is(ask($desk, "SELECT string_agg(exit_reason::text || exit_attempts, ',') FROM arbees.positions WHERE position_id IN ("
		  . position_of($live) . ', ' . position_of($paper) . ')'), 'kill1,kill1', 'closed by the kill, at the first attempt');
	is(ask($desk, "SELECT count(*) FROM arbees.orders WHERE purpose = 'EXIT' AND state = 'FILLED'"), '2', 'by exit orders');
	denied_by_kill('flatten');
	is(claimed_in_spite($seq), '0', 'no entry was claimed after it');
	books_agree($desk, 'flattened');
	resumed();
};

subtest 'flatten, the worker killed before' => sub {
	my ($resting, $live, $paper) = engage();
	kill_worker($worker, 'KILL');
	# Its lease still stands, so the gate lets this one through; nobody is left to claim it.
	my @late = submit($desk, seconds => 5);
	is($late[0], 'accepted', 'an order is made that nobody sends');
	my ($level, $to_cancel, $to_close) = split /\|/,
	  ask($desk, q{SELECT level, orders_to_cancel, positions_to_close FROM arbees_kill('flatten', 'nobody answers')});
	is($level, 'flatten', 'the kill needs no worker');
	cmp_ok($to_cancel, '>=', 2, 'it names the resting order and the unsent one');
	my $seq = kill_seq();
	ok(wait_order($desk, $late[2], 'CANCELED|EXPIRED'), 'the unsent order ends by itself');
	is(ask($desk, "SELECT claimed_at IS NULL FROM arbees.orders WHERE order_id = $late[2]"), 't', 'never claimed');
	denied_by_kill('nobody there');
	is(at_rest(), 1, 'the resting order is still at the venue');

	$worker = worker($desk, name => 'second-worker');
	ok(wait_order($desk, $resting, 'CANCELED', 20), 'the next worker cancels it');
	ok(wait_for($desk, $closed, 't', 20), 'and closes the positions');
	is(at_rest(), 0, 'nothing rests at the venue');
	is( ask($desk, qq{SELECT bool_and(o.purpose = 'EXIT') FROM arbees.orders o, arbees.orders r
		WHERE r.order_id = $resting AND o.claimed_at > r.cancel_sent_at}), 't', 'the cancel went out before any exit was claimed');
	is( ask($desk, qq{SELECT count(*) FROM arbees.orders o, arbees.orders r
		WHERE r.order_id = $resting AND o.mode = 'LIVE' AND o.purpose = 'EXIT' AND o.claimed_at < r.cancel_sent_at
			AND o.created_at > r.created_at}), '0', 'and not after one');
	is(claimed_in_spite($seq), '0', 'no entry was claimed after the kill');
	books_agree($desk, 'flattened by the next worker');
	resumed();
};

subtest 'emergency' => sub {
	my ($resting, $live, $paper) = engage();
	my $before = ask($desk, q{SELECT count(*) FROM arbees.orders WHERE purpose = 'EXIT'});
	is(ask($desk, q{SELECT level FROM arbees_kill('emergency')}), 'emergency', 'engaged');
	my $seq = kill_seq();
	ok(wait_order($desk, $resting, 'CANCELED'), 'the resting order is cancelled');
	denied_by_kill('emergency');
	my $position = position_of($live);
	ask($desk, "SELECT arbees_close($position)");
	# Two rounds of the conductor: time enough to make a mistake.
	my $ticks = ask($desk, 'SELECT ticks FROM arbees.conductor');
	ok(wait_for($desk, "SELECT ticks > $ticks + 4 FROM arbees.conductor"), 'the conductor goes round');
	is(ask($desk, q{SELECT count(*) FROM arbees.orders WHERE purpose = 'EXIT'}), $before, 'no exit is made, not even on demand');
	isnt(ask($desk, "SELECT state FROM arbees.positions WHERE position_id = $position"), 'CLOSED', 'the position is held');
	is(claimed_in_spite($seq), '0', 'nothing is claimed');
	books_agree($desk, 'emergency');
	resumed();
	ok(wait_for($desk, "SELECT state = 'CLOSED' FROM arbees.positions WHERE position_id = $position", 't', 45),
		'what was asked to close does once it may');
};

subtest 'kill against claim' => sub {
	my ($accepted, @seqs) = (0);
	ok(wait_for($desk, q{SELECT count(DISTINCT underlying) = 3 FROM arbees.windows w JOIN arbees.instruments i USING (window_id, underlying)
		JOIN arbees.quotes q USING (instrument_id) WHERE w.state = 'OPEN' AND q.bid IS NOT NULL
		AND w.closes_at > clock_timestamp() + interval '25 s'
		AND NOT EXISTS (SELECT FROM arbees.orders o WHERE o.window_id = w.window_id)}, 't', 90), 'a fresh window, its slots free');
	for my $round (1 .. 5)
	{
		# The worker fetches new orders every moment: some kills find them unclaimed, some in flight.
		my @made = grep { $_ } map { take($desk, seconds => 3) } 1 .. 2;
		$accepted += @made;
		ask($desk, "SELECT arbees_kill('pause', 'round $round')");
		push @seqs, kill_seq();
		ok(wait_for($desk, $ended, 't', 15), "round $round: every order comes to its end");
		ask($desk, "SELECT arbees_resume('round $round is over')");
	}
	cmp_ok($accepted, '>=', 5, 'orders were made before the kills');
	is(claimed_in_spite($_), '0', "kill $_: no entry was claimed after it") foreach @seqs;
	books_agree($desk, 'kills against claims');
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(ask($desk, 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal\'s chain holds');
is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');

$desk->{node}->stop;
done_testing();
