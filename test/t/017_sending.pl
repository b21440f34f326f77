# What the venue lets out and when: rate limits, too many requests, a venue that
# does not trade, the balance before each entry, and the same bytes sent twice.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('sending',
	sim => [ '--window', '30s', '--assets', 'btc,eth,sol,xrp', '--seed', '11', '--limits', '4/8,5/8' ],
	controls => { send_deadline_ms => 6000, max_open_orders => 100, max_position_usd => 500 });
my $sim = $desk->{sim};
ask($desk, q{SELECT arbees_set_limit_none('venue', 'sim', key, 'test')
	FROM unnest(ARRAY['max_open_orders', 'max_messages_per_s', 'strategy_messages_per_s', 'max_order_to_trade', 'max_repeats']) key});
supervise($desk);
ok(wait_ready($desk), 'the supervised worker trades');

my %post = (method => 'POST', path => '/order');

sub state_of
{
	my ($order) = @_;
	return ask($desk, "SELECT state || ' ' || coalesce(last_reason, '') FROM arbees.orders WHERE order_id = $order");
}

sub at_venue
{
	my ($order) = @_;
	my $id = ask($desk, "SELECT venue_order_id FROM arbees.orders WHERE order_id = $order");
	return scalar grep { $_->{id} eq $id } venue_orders($desk);
}

sub limited { return sim_get($sim, '/sim/stats')->{limited} }

sub trading
{
	my ($mode) = @_;
	return is(sim_post($sim, '/sim/trading', { mode => $mode })->{mode}, $mode, "the venue is $mode");
}

# As many orders that rest as the slots of all windows take, decided in one transaction.
my $rounds = 0;

sub rest_many
{
	my $name = 'many-' . ++$rounds;
	return ask($desk, qq{
		SELECT count(*) FROM (SELECT p.deployment_id, i.instrument_id, n
			FROM arbees.windows w JOIN arbees.instruments i USING (window_id) JOIN arbees.quotes q USING (instrument_id),
				generate_series(1, 2) n, arbees.deployments p JOIN arbees.portfolios f USING (portfolio_id, mode)
			WHERE f.name = 'live' AND w.state = 'OPEN' AND w.opens_at < clock_timestamp()
				AND w.closes_at > clock_timestamp() + interval '12 s' AND q.bid > 0.05 AND q.ask IS NOT NULL) m,
		LATERAL arbees.submit_signal(m.deployment_id, ROW('$name-' || m.instrument_id || '-' || m.n, m.instrument_id, 'BUY',
			'base', 60, 0.02, 'GTC', 0, 'none', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal) d
		WHERE d.verdict = 'accepted'});
}

subtest 'more orders than the venue takes' => sub {
	# A window that closes, or a market that falls to the price, takes orders off the book: then the next windows serve.
	my $open = 0;
	my $many = sub {
		rest_many() >= 10 or return 0;
		wait_for($desk, q{SELECT count(*) FROM arbees.orders WHERE state IN ('NEW', 'SENDING')}, '0', 20) or return 0;
		$open = ask($desk, q{SELECT count(*) FROM arbees.orders WHERE state = 'OPEN'});
		return $open > 8;
	};
	ok(wait_until($many, 'many orders that rest', 150), 'more orders rest than the burst, or one request to cancel all, takes');
	is(limited(), 0, 'the venue never had to refuse one');
	is( ask($desk, q{SELECT count(*) FROM arbees.orders WHERE state = 'CANCELED' AND last_reason <> 'rate_budget' AND mode = 'LIVE'
		AND venue_order_id IS NULL}), '0', 'what was not sent says why');
	is( ask($desk, q{SELECT bool_and(time_in_force = 'GTD' AND expires_at >= created_at + interval '179 s')
		FROM arbees.orders WHERE state = 'OPEN'}), 't', 'what rests ends at the venue by itself');
	ask($desk, q{SELECT arbees_kill('flatten')});
	ok(wait_for($desk, q{SELECT count(*) FROM arbees.orders WHERE state IN ('OPEN', 'PARTIALLY_FILLED', 'SENDING', 'UNKNOWN')}, '0', 30),
		'after the kill nothing works');
	is( scalar(grep { $_->{status} eq 'LIVE' } venue_orders($desk)), 0, 'nor at the venue');
	is(limited(), 0, 'and no cancel was one too many');
	ask($desk, q{SELECT arbees_resume('the test goes on')});
};

subtest 'too many requests' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { match => { %post, times => 1 }, do => 'status', status => 429, retry_after => 3 });
	# Whichever order meets it, an exit that is still on its way perhaps: they are one class.
	ok(take($desk, seconds => 12), 'an order goes out');
	ok(wait_for($desk, q{SELECT count(*) FROM arbees.orders WHERE state = 'REJECTED'}, '1', 20), 'one is refused without effect');
	my $first = ask($desk, q{SELECT order_id FROM arbees.orders WHERE state = 'REJECTED'});
	my $second = take($desk, seconds => 8);
	ok(wait_order($desk, $second, 'FILLED|CANCELED', 20), 'the next one comes to its end');
	is( ask($desk, "SELECT b.claimed_at >= a.finished_at + interval '2.5 s' FROM arbees.orders a, arbees.orders b
		WHERE a.order_id = $first AND b.order_id = $second"), 't', 'after the time the venue asked for');
	my $resting = rest($desk, seconds => 8);
	faults($desk, { match => { method => 'DELETE', path => '/order', times => 1 }, do => 'status', status => 429, retry_after => 2 });
	ask($desk, "SELECT arbees_cancel($resting)");
	ok(wait_order($desk, $resting, 'CANCELED|FILLED', 20), 'a cancel that was refused for now is sent again');
	is( ask($desk, "SELECT state = 'FILLED' OR finished_at >= cancel_requested_at + interval '2 s' FROM arbees.orders WHERE order_id = $resting"),
		't', 'after that time, too');
	clear_faults($desk);
	books_agree($desk, 'too many requests');
};

foreach my $mode ('cancel_only', 'restarting', 'disabled', 'post_only')
{
	subtest "a venue that is $mode" => sub {
		ok(wait_ready($desk), 'ready');
		my $resting = $mode eq 'cancel_only' ? rest($desk, seconds => 12) : 0;
		trading($mode);
		my $order = take($desk, seconds => 10);
		ok(wait_order($desk, $order, 'REJECTED|CANCELED', 20), 'an order is refused, or waits in vain');
		my @answer;
		ok(wait_until(sub { @answer = submit($desk, seconds => 2); @answer && $answer[1] eq 'venue_checks_failed' }, 'entries are refused', 40),
			'then entries are refused at the gate');
		if ($resting)
		{
			ask($desk, "SELECT arbees_cancel($resting)");
			ok(wait_order($desk, $resting, 'CANCELED|FILLED', 15), 'cancels go on');
		}
		trading('open');
		$order = take($desk, seconds => 5);
		ok(wait_order($desk, $order, 'FILLED', 40), 'when it is over, orders go out again');
		is(at_venue($order), 1, 'once');
	};
}

subtest 'the balance is read for each entry' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { match => { method => 'GET', path => '/balance-allowance' }, do => 'answer',
		body => '{"balance":"100","allowances":{"0xE111180000d2663C0091e4f400237545B87B996B":"1000000000000"}}' });
	my $order = take($desk, seconds => 8);
	ok(wait_order($desk, $order, 'CANCELED', 15), 'an entry the venue\'s cash does not cover is not sent');
	like(state_of($order), qr/^CANCELED balance:/, 'and says so');
	is(at_venue($order), 0, 'the venue never saw it');
	is( ask($desk, "SELECT count(*) FROM arbees.alerts WHERE kind = 'balance_short' AND message LIKE '%order $order may take%'"), '1', 'an alert tells');
	control($desk, 'balance_check', 'age');
	my $sent = 0;
	for (1 .. 6)
	{
		$order = take($desk, seconds => 6);
		wait_order($desk, $order, 'CANCELED|FILLED', 15);
		$sent = at_venue($order) and last;
	}
	is($sent, 1, 'by age the balance of a while ago will do');
	control($desk, 'balance_check', 'per_order');
	faults($desk, { match => { method => 'GET', path => '/balance-allowance' }, do => 'status', status => 500 });
	my $unread = 0;
	for (1 .. 6)
	{
		$order = take($desk, seconds => 6) or last;
		wait_order($desk, $order, 'CANCELED|FILLED', 15);
		$unread = state_of($order) =~ /^CANCELED balance: .* could not be read/ and last;
	}
	ok($unread, 'a balance that cannot be read covers nothing');
	clear_faults($desk);
	books_agree($desk, 'balances');
};

subtest 'a lost order is sent again, the same bytes' => sub {
	control($desk, 'send_deadline_ms', 20000);
	ok(wait_ready($desk), 'ready');
	faults($desk, { match => { %post, times => 1 }, do => 'disconnect', when => 'before' });
	my $order = take($desk, seconds => 15);
	ok(wait_order($desk, $order, 'FILLED', 20), 'filled after all');
	is(at_venue($order), 1, 'the venue has it once');
	is( ask($desk, "SELECT count(*) BETWEEN 1 AND 2 FROM arbees.journal WHERE kind = 'order_repeated' AND ref_id = $order"), 't',
		'that it went out again is written down');
	is( ask($desk, "SELECT count(*) FROM arbees.journal WHERE kind = 'order_unknown' AND ref_id = $order"), '1',
		'it was UNKNOWN meanwhile');
	clear_faults($desk);
};

subtest 'the same bytes are there already' => sub {
	ok(wait_ready($desk), 'ready');
	my $nothing = '{"data":[],"limit":100,"count":0,"next_cursor":"LTE="}';
	faults($desk,
		{ match => { %post, times => 1 }, do => 'disconnect', when => 'after' },
		{ match => { method => 'GET', path => '/data/order/*' }, do => 'status', status => 404 },
		{ match => { method => 'GET', path => '/data/orders' }, do => 'answer', body => $nothing },
		{ match => { method => 'GET', path => '/data/trades' }, do => 'answer', body => $nothing },
		{ do => 'drop_fill' },
		{ match => { stream => 'user', event => 'order' }, do => 'drop_fill' });
	my $order = take($desk, seconds => 15);
	ok(wait_for($desk, "SELECT count(*) > 0 FROM arbees.journal WHERE kind = 'order_repeated' AND ref_id = $order", 't', 20),
		'nothing is heard of it: it goes out again');
	like(state_of($order), qr/^UNKNOWN/, 'that it is a duplicate does not tell how it stands');
	clear_faults($desk);
	ok(wait_order($desk, $order, 'FILLED', 20), 'found filled');
	is(at_venue($order), 1, 'the venue has it once');
	books_agree($desk, 'duplicates');
};

subtest 'the same bytes arrive late' => sub {
	control($desk, 'send_deadline_ms', 1200);
	ok(wait_ready($desk), 'ready');
	my ($order, $repeated);
	# On a busy machine there may be no time left to send it again: then another one is lost.
	for (1 .. 8)
	{
		faults($desk,
			{ match => { %post, times => 1 }, do => 'disconnect', when => 'before' },
			{ match => { %post, nth => 2 }, do => 'delay', ms => 4500 });
		$order = take($desk, seconds => 12) or last;
		wait_for($desk, "SELECT finished_at IS NOT NULL FROM arbees.orders WHERE order_id = $order", 't', 30);
		$repeated = ask($desk, "SELECT count(*) FROM arbees.journal WHERE kind = 'order_repeated' AND ref_id = $order") and last;
	}
	ok($repeated, 'a lost order is sent again');
	is(at_venue($order), 1, 'the venue takes it long after its deadline');
	like(state_of($order), qr/^FILLED/, 'it is filled');
	is( ask($desk, "SELECT count(*) FROM arbees.alerts WHERE kind = 'late_fill' AND message LIKE 'order $order %'"), '0',
		'and was never called absent while its bytes were on their way');
	clear_faults($desk);
	control($desk, 'send_deadline_ms', 6000);
	books_agree($desk, 'late bytes');
};

subtest 'what the budget does not let out in time is not sent' => sub {
	ok(wait_ready($desk), 'ready');
	control($desk, 'send_deadline_ms', 400);
	my $refused = sub {
		rest_many();
		return ask($desk, q{SELECT count(*) > 0 FROM arbees.orders WHERE state = 'CANCELED' AND last_reason = 'rate_budget' AND claimed_at IS NULL}) eq 't';
	};
	ok(wait_until($refused, 'orders that wait too long', 90), 'they end unsent, unclaimed, with the reason');
	is(limited(), 0, 'the venue saw none of them');
	ask($desk, q{SELECT count(arbees_cancel(order_id)) FROM arbees.orders WHERE state IN ('NEW', 'SENDING', 'OPEN')});
	ok(wait_for($desk, q{SELECT count(*) FROM arbees.orders WHERE state IN ('NEW', 'SENDING', 'OPEN')}, '0', 30), 'cancelled');
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
$desk->{node}->stop;
done_testing();
