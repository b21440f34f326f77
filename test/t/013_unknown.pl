# Answers that are lost, late, wrong or double: the order is UNKNOWN, keeps its
# reservation and blocks its slot until the venue's evidence resolves it.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('unknown',
	sim => [ '--window', '20s', '--assets', 'btc,eth,sol', '--seed', '9' ],
	controls => { confirm_timeout_ms => 800 });
my $sim = $desk->{sim};
supervise($desk);
ok(wait_ready($desk), 'the supervised worker trades');

my %post = (method => 'POST', path => '/order');
# While these hold, nothing is heard of an order but the answer to its POST.
my @deaf = (
	{ match => { method => 'GET', path => '/data/*' }, do => 'status', status => 500 },
	{ do => 'drop_fill' },
	{ match => { stream => 'user', event => 'order' }, do => 'drop_fill' });

sub at_venue
{
	my ($order) = @_;
	my $id = ask($desk, "SELECT venue_order_id FROM arbees.orders WHERE order_id = $order");
	return scalar grep { $_->{id} eq $id } venue_orders($desk);
}

# What an UNKNOWN order must do to the desk.
sub unknown_holds
{
	my ($order, $what) = @_;
	ok(wait_order($desk, $order, 'UNKNOWN', 15), "$what: the order is UNKNOWN");
	is( ask($desk, "SELECT o.reserved > 1 AND t.reserved >= o.reserved FROM arbees.orders o
		JOIN arbees.portfolio_totals t USING (portfolio_id) WHERE order_id = $order"), 't', "$what: its reservation is kept");
	is( ask($desk, "SELECT count(*) FROM arbees.alerts WHERE kind = 'order_unknown' AND severity = 'critical'
		AND message LIKE 'order $order is UNKNOWN%'"), '1', "$what: one alert is raised");
	is(ask($desk, 'SELECT unknown_orders FROM arbees_status()'), '1', "$what: status counts it");
	# Both outcomes of the window are one slot.
	foreach my $outcome ('=', '<>')
	{
		my $instrument = ask($desk, "SELECT i.instrument_id FROM arbees.orders o JOIN arbees.instruments i USING (window_id)
			WHERE o.order_id = $order AND i.instrument_id $outcome o.instrument_id");
		my @answer = submit($desk, seconds => 1, where => "i.instrument_id = $instrument");
		is($answer[1], 'unknown_in_slot', "$what: the slot is blocked ($outcome its instrument)");
	}
	return;
}

# strike WHAT, STATE, PRESENT, RULES: one order meets the fault; deaf until looked at; then resolved.
sub strike
{
	my ($what, $state, $present, @rules) = @_;
	subtest $what => sub {
		ok(wait_ready($desk), 'ready');
		faults($desk, @rules, @deaf);
		# An untouched slot, so that nothing but the unknown order can block it.
		my $order = take($desk, seconds => 9,
			where => "NOT EXISTS (SELECT FROM arbees.orders x WHERE x.window_id = w.window_id AND x.mode = 'LIVE')");
		unknown_holds($order, $what);
		# While it is worth sending its bytes may go out again (017); here nobody sends it twice.
		ok(wait_for($desk, "SELECT send_before < clock_timestamp() FROM arbees.orders WHERE order_id = $order", 't', 10),
			"$what: its time to be sent is over");
		clear_faults($desk);
		ok(wait_order($desk, $order, $state, 20), "$what: resolved to $state");
		is(at_venue($order), $present, "$what: the venue has it $present times");
		is(ask($desk, "SELECT reserved FROM arbees.orders WHERE order_id = $order"), '0.00000000', "$what: nothing stays reserved");
		is( ask($desk, "SELECT (filled_qty > 0) = ($present = 1) FROM arbees.orders WHERE order_id = $order"),
			't', "$what: filled as the venue says");
		books_agree($desk, $what);
	};
	return;
}

strike('answer dropped after the order was accepted', 'FILLED', 1, { match => {%post}, do => 'disconnect', when => 'after' });
strike('answer dropped before it was accepted', 'CANCELED', 0, { match => {%post}, do => 'disconnect', when => 'before' });
strike('500 after it was accepted', 'FILLED', 1, { match => {%post}, do => 'status', status => 500, when => 'after' });
strike('503 before', 'CANCELED', 0, { match => {%post}, do => 'status', status => 503 });
strike('answer later than confirm_timeout_ms', 'FILLED', 1, { match => {%post}, do => 'delay', ms => 4000, when => 'after' });
strike('a 200 with nonsense in it', 'FILLED', 1, { match => {%post}, do => 'answer', body => '{"success":', when => 'after' });

subtest 'the venue acts later than confirm_timeout_ms' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { match => {%post}, do => 'delay', ms => 2500 });
	my $order = take($desk, seconds => 9);
	ok(wait_order($desk, $order, 'UNKNOWN', 15), 'the order is UNKNOWN while the venue ponders');
	ok(wait_order($desk, $order, 'FILLED', 20), 'and FILLED in the end');
	is(at_venue($order), 1, 'once');
	clear_faults($desk);
	books_agree($desk, 'late action');
};

subtest 'too many requests' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { match => { %post, times => 1 }, do => 'status', status => 429, retry_after => 1 });
	my $order = take($desk, seconds => 6);
	ok(wait_order($desk, $order, 'REJECTED|CANCELED|EXPIRED|FILLED', 15), 'the order comes to its end');
	clear_faults($desk);
	my $sent = at_venue($order);
	is( ask($desk, "SELECT (state = 'FILLED') = ($sent = 1) FROM arbees.orders WHERE order_id = $order"), 't',
		'filled only if the venue took it after all');
	books_agree($desk, 'too many requests');
};

subtest 'fill messages come twice' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { do => 'duplicate_fill' });
	my $order = take($desk, seconds => 6);
	ok(wait_order($desk, $order, 'FILLED', 15), 'filled');
	ok(wait_for($desk, "SELECT bool_and(settlement = 'CONFIRMED') FROM arbees.fills WHERE order_id = $order", 't', 10), 'confirmed');
	my $fired = sim_get($sim, '/sim/stats')->{faults}[0]{fired};
	cmp_ok($fired, '>=', 1, 'messages were doubled');
	is( ask($desk, "SELECT sum(f.qty) = max(o.filled_qty) AND count(*) = count(DISTINCT venue_trade_id)
		FROM arbees.fills f JOIN arbees.orders o USING (order_id) WHERE order_id = $order"), 't', 'each trade is booked once');
	clear_faults($desk);
	books_agree($desk, 'duplicates');
};

subtest 'the fill comes before the acknowledgement' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { do => 'fill_before_ack', ms => 600 });
	my $order = take($desk, seconds => 6);
	ok(wait_for($desk, "SELECT filled_qty > 0 FROM arbees.orders WHERE order_id = $order", 't', 10), 'the fill is booked');
	is(ask($desk, "SELECT acknowledged_at IS NULL OR acknowledged_at >= (SELECT min(booked_at) FROM arbees.fills WHERE order_id = $order)
		FROM arbees.orders WHERE order_id = $order"), 't', 'before any acknowledgement');
	ok(wait_order($desk, $order, 'FILLED', 15), 'filled');
	clear_faults($desk);
	books_agree($desk, 'fill first');
};

subtest 'a partial fill' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { do => 'partial_fill', fraction => 0.4 });
	my $order = take($desk, seconds => 6, amount => 4);
	ok(wait_order($desk, $order, 'CANCELED', 15), 'the rest of the order is over');
	is(ask($desk, "SELECT filled_money > 0 AND filled_money < 3 AND reserved = 0 FROM arbees.orders WHERE order_id = $order"), 't',
		'a part was filled, nothing stays reserved');
	is(ask($desk, "SELECT p.qty = o.filled_qty FROM arbees.positions p JOIN arbees.orders o USING (position_id)
		WHERE order_id = $order"), 't', 'the position holds that part');
	clear_faults($desk);
	books_agree($desk, 'partial fill');
};

subtest 'a trade that fails on the chain' => sub {
	ok(wait_ready($desk), 'ready');
	my $cash = ask($desk, q{SELECT cash FROM arbees.portfolio_totals WHERE name = 'live'});
	faults($desk, { do => 'fail_fill' });
	my $order = take($desk, seconds => 9);
	ok(wait_for($desk, "SELECT count(*) > 0 AND bool_and(settlement = 'VOIDED') FROM arbees.fills WHERE order_id = $order", 't', 15),
		'its fills are voided');
	is(ask($desk, "SELECT p.qty = 0 AND p.cost = 0 AND p.fees = 0 AND p.realized_pnl = 0 FROM arbees.positions p
		JOIN arbees.orders o USING (position_id) WHERE o.order_id = $order"), 't', 'the position is as if it had never been');
	clear_faults($desk);
	books_agree($desk, 'failed trade');
	is(ask($desk, "SELECT sum(cash_change) FROM arbees.portfolio_ledger WHERE order_id = $order"), '0.00000000', 'its money is back');
};

is(ask($desk, q{SELECT count(*) FROM arbees.orders WHERE state IN ('UNKNOWN', 'SENDING')}), '0', 'no fate is open');
ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'no fill without an order');
is(ask($desk, 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal\'s chain holds');

$desk->{node}->stop;
done_testing();
