# Windows traded in both modes under a supervised worker: decisions, replay,
# settlement, redemption, status; a resting order seen and cancelled at the venue.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $windows = 3;
my $desk = new_desk('both', sim => [ '--window', '10s', '--seed', '11' ], 
	# Prices leap in windows this short; the limit must leave them room.
	canary => '{"seconds_before_close": 6, "slippage": 0.3}');
supervise($desk);
ok(wait_ready($desk), 'the supervised worker trades');
# A session that reads its books before there is anything in them, and follows what the worker's sessions write.
my $follower = $desk->{node}->background_psql('arbees');
is(book_differences($desk, $follower), '', 'the books by scope agree before the first trade');

my $status = ask($desk, 'SELECT entries_possible, conductor, worker, trader, modes FROM arbees_status()');
like($status, qr/^t\|alive\|alive: desk-worker\|wallet: desk-worker, epoch 1\|PAPER,DRY_RUN,LIVE$/, 'status says who lives');
is(ask($desk, q{SELECT jsonb_path_query_array(arbees_health(), '$.workers[*].alive')}), '[true]', 'health sees the worker');
is( ask($desk, q{SELECT (arbees_health() #>> '{conductor,worker_pid}')::int = worker_pid FROM arbees.conductor}),
	't', 'health names the supervised process');

# A resting order: the venue lists it, a cancel takes it away.
subtest 'a resting order' => sub {
	my $order = rest($desk, seconds => 6);
	ok($order, 'a resting order is accepted');
	ok(wait_order($desk, $order, 'OPEN'), 'and becomes OPEN');
	my ($at_venue) = grep { $_->{status} eq 'LIVE' } venue_orders($desk);
	ok($at_venue, 'the venue lists it');
	is($at_venue->{id}, ask($desk, "SELECT venue_order_id FROM arbees.orders WHERE order_id = $order"), 'under the id we derived');
	is(ask($desk, "SELECT arbees_cancel($order)"), 'requested', 'arbees_cancel asks the worker');
	ok(wait_order($desk, $order, 'CANCELED'), 'it is cancelled');
	is((grep { $_->{status} eq 'LIVE' } venue_orders($desk)), 0, 'and no longer at the venue');
	is(ask($desk, "SELECT arbees_cancel($order)"), 'already_ended', 'a second cancel says so');
	is(ask($desk, "SELECT reserved FROM arbees.orders WHERE order_id = $order"), '0.00000000', 'its reservation is free again');
};

# What the gate refuses is a row too.
subtest 'a refusal is a row' => sub {
	my ($verdict, $reason, undef, $decision) = (undef, undef);
	wait_until(sub { ($verdict, $reason, undef, $decision) = submit($desk, amount => 900); defined $verdict }, 'a window');
	is($verdict, 'denied', 'an order beyond the cap is denied');
	is($reason, 'position_cap', 'for its size');
	is(ask($desk, "SELECT count(*) FROM arbees.orders WHERE decision_id = $decision"), '0', 'and no order exists');
	like(ask($desk, "SELECT seen || ' > ' || allowed FROM arbees_explain($decision) WHERE code = 'position_cap'"),
		qr/90\d.* > 50/, 'the decision tells what it saw and allows');
};

ok( wait_for($desk, qq{
	SELECT count(*) >= $windows FROM (
		SELECT window_id FROM arbees.orders WHERE filled_qty > 0 AND purpose = 'ENTRY'
		GROUP BY window_id HAVING count(DISTINCT mode) = 2) traded}, 't', 60),
	"$windows windows were traded in both modes");
is(book_differences($desk, $follower), '', 'they agree in the middle of trading');

subtest 'the end of trading' => sub {
	# Winnings stay claimable until the venue pays them out.
	ask($desk, "SELECT arbees_kill('pause', 'enough')");
	ok(wait_for($desk, q{SELECT count(*) = 0 FROM arbees.positions WHERE state <> 'CLOSED'}, 't', 30), 'every window settles');
	my $claimable = ask($desk, q{SELECT claimable FROM arbees.portfolio_totals WHERE mode = 'LIVE'});
	is($claimable > 0, ask($desk, 'SELECT count(*) > 0 FROM arbees.redemptions WHERE redeemed_at IS NULL') eq 't',
		"claimable ($claimable) is what was won and not paid yet");
	books_agree($desk, 'settled');
	redeem($desk);
	ok(flat($desk), 'redemption is noticed');
	is(ask($desk, 'SELECT count(*) FROM arbees.redemptions WHERE evidence IS NULL'), '0', 'with its evidence');
	books_agree($desk, 'redeemed');
	is(sim_get($desk->{sim}, "/sim/account?address=$desk->{address}")->{claimable} + 0, 0, 'the venue owes nothing more');
	is(book_differences($desk, $follower), '', 'a session that followed the ledger all along has the tables\' books');
	is( ask($desk, q{
		SELECT count(*) FROM arbees.portfolios p, LATERAL arbees.book_facts(p.portfolio_id) f
		WHERE p.mode IN ('PAPER', 'LIVE') AND f.fact IN ('heat', 'reserved', 'cost', 'positions', 'orders', 'net')}),
		'0', 'flat: nothing at work, and no heat');
	$follower->quit;
};

is( ask($desk, q{SELECT count(*) FROM arbees.windows WHERE our_outcome IS DISTINCT FROM venue_outcome AND venue_outcome IS NOT NULL
	AND close_price_at = closes_at AND open_price_at = opens_at}), '0', 'our resolution equals the venue\'s');
is(ask($desk, q{SELECT array_agg(DISTINCT verdict ORDER BY verdict) FROM arbees.decisions}), '{accepted,denied}',
	'decisions are stored for accepted and denied alike');
is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'no fill without an order');
is(ask($desk, q{SELECT count(*) FROM arbees.input_errors}), '0', 'nothing came in that could not be read');
is(ask($desk, 'SELECT count(*) FROM arbees.tick_errors'), '0', 'no step of the tick failed');
is(ask($desk, 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal\'s chain holds');

# Stopped by its own verb, the worker gives the lease back and goes.
my $pid = worker_pid($desk);
ask($desk, 'SELECT arbees_stop()');
ok(process_gone($pid), 'arbees_stop ends the worker too');
ok(wait_for($desk, q{SELECT advice LIKE '%arbees_start%' FROM arbees_status()}), 'status says how to go on');

$desk->{node}->stop;
done_testing();
