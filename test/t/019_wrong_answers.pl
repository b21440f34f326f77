# The venue answers, and what it says cannot be: another unit, another order,
# another owner, half a body. Nothing of it is booked, the order waits, and what
# the venue says when it is itself again is booked to the micro-dollar.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use JSON::PP ();
use Test::More;

my $desk = new_desk('wrong', sim => [ '--window', '20s', '--assets', 'btc,eth,sol', '--seed', '19' ], paper => 0);
my $worker = worker($desk);
ok(wait_ready($desk), 'the worker trades');

sub counted
{
	my ($kind) = @_;
	return ask($desk, "SELECT coalesce(sum(count), 0) FROM arbees.input_errors WHERE kind LIKE '$kind'");
}

sub wait_counted
{
	my ($kind, $before) = @_;
	return wait_for($desk, "SELECT coalesce(sum(count), 0) > $before FROM arbees.input_errors WHERE kind LIKE '$kind'", 't', 20);
}

sub fills_of
{
	my ($order) = @_;
	return ask($desk, "SELECT count(*) FROM arbees.fills WHERE order_id = $order");
}

sub state_of
{
	my ($order) = @_;
	return ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $order");
}

# rewrite WHERE, FIELD, what becomes of it.
sub rewrite
{
	my ($match, $field, @how) = @_;
	return { match => $match, do => 'rewrite', field => $field, @how };
}

my %stream = (stream => 'user', event => 'trade');
my %trades = (path => '/data/trades');
my $no_stream = { match => {%stream}, do => 'drop_fill' };
my $no_event = { match => { stream => 'user', event => 'order' }, do => 'drop_fill' };

# waits WHAT, KIND, RULES: under the rules a filled order books nothing and does not end;
# without them it is booked as the venue has it.
sub waits
{
	my ($what, $kind, @rules) = @_;
	subtest $what => sub {
		my $before = counted($kind);
		faults($desk, @rules);
		my $order = take($desk, seconds => 6);
		ok($order, 'an order is sent');
		ok(wait_counted($kind, $before), "it is counted ($kind)");
		is(fills_of($order), '0', 'nothing is booked');
		unlike(state_of($order), qr/FILLED|CANCELED|REJECTED|EXPIRED/, 'the order has not ended');
		is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'nor is there a fill of no order');
		clear_faults($desk);
		ok(wait_order($desk, $order, 'FILLED|CANCELED', 30), 'it ends when the venue is itself again');
		cmp_ok(fills_of($order), '>', 0, 'with its fills');
		books_agree($desk, $what);
	};
	return;
}

# Shares as raw integers, on both ways.
waits('sizes a million times too large', 'venue.fill_unit', rewrite({%stream}, 'size', shift => 6), rewrite({%trades}, 'data.*.size', shift => 6));
waits('sizes and their parts a million times too large', 'venue.fill_unit',
	rewrite({%stream}, 'size', shift => 6), rewrite({%stream}, 'maker_orders.*.matched_amount', shift => 6),
	rewrite({%trades}, 'data.*.size', shift => 6), rewrite({%trades}, 'data.*.maker_orders.*.matched_amount', shift => 6));
waits('parts a million times their trade', 'venue.leg_unit', rewrite({%stream}, 'maker_orders.*.matched_amount', shift => 6),
	rewrite({%trades}, 'data.*.maker_orders.*.matched_amount', shift => 6));
waits('sizes that are nothing', 'venue.fill_empty', rewrite({%stream}, 'size', to => '0'), rewrite({%trades}, 'data.*.size', to => '0'));
waits('sizes below nothing', 'trades.out_of_range', rewrite({%stream}, 'size', to => '-5'), rewrite({%trades}, 'data.*.size', to => '-5'));
waits('sizes that are no number', 'trades.bad_json', $no_stream, rewrite({%trades}, 'data.*.size', to => '=NaN'));
waits('prices above one', 'trades.out_of_range', rewrite({%stream}, 'price', shift => 6), rewrite({%trades}, 'data.*.price', shift => 6));
waits('trades without an id', 'trades.missing_field', rewrite({%stream}, 'id', remove => JSON::PP::true), rewrite({%trades}, 'data.*.id', remove => JSON::PP::true));
waits('members told twice', 'trades.bad_json', $no_stream, rewrite({%trades}, 'data.*.size', repeat => JSON::PP::true));
waits('a status nobody knows', 'trades.unknown_type', rewrite({%stream}, 'status', to => 'SETTLED'), rewrite({%trades}, 'data.*.status', to => 'SETTLED'));
waits('a page of HTML', 'trades.bad_json', $no_stream, { match => {%trades}, do => 'answer', body => '<html><body>200 OK</body></html>' });

subtest 'trades of somebody else' => sub {
	my $before = counted('user.strange_trade');
	faults($desk, map { rewrite({%stream}, $_->[0], to => $_->[1]) } [ 'taker_order_id', '0x' . 'ab' x 32 ],
		[ 'owner', '00000000-0000-0000-0000-000000000001' ], [ 'trade_owner', '00000000-0000-0000-0000-000000000001' ],
		[ 'maker_address', '0x' . '1' x 40 ]);
	my $order = take($desk, seconds => 6);
	ok(wait_order($desk, $order, 'FILLED|CANCELED', 30), 'the order is found among the trades');
	ok(wait_counted('user.strange_trade', $before), 'what is not ours is counted');
	is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'and not booked');
	clear_faults($desk);
	books_agree($desk, 'strange trades');
};

# posts WHAT, RULE: the answer to an order says nothing that can be believed; the order is asked for.
sub posts
{
	my ($what, $rule) = @_;
	subtest $what => sub {
		faults($desk, { match => { method => 'POST', path => '/order', times => 1 }, %$rule }, $no_stream, $no_event);
		my $order = take($desk, seconds => 8);
		ok(wait_for($desk, "SELECT count(*) FROM arbees.alerts WHERE kind = 'order_unknown' AND message LIKE '%order $order %'", '1', 20),
			'it is UNKNOWN first');
		ok(wait_order($desk, $order, 'FILLED|CANCELED', 30), 'and ends on evidence');
		is((sim_get($desk->{sim}, '/sim/stats')->{faults}[0] // {})->{fired}, 1, 'the answer was spoilt');
		clear_faults($desk);
		books_agree($desk, $what);
	};
	return;
}

posts('an answer about another order', { do => 'rewrite', field => 'orderID', to => '0x' . 'cd' x 32 });
posts('an answer without an id', { do => 'rewrite', field => 'orderID', remove => JSON::PP::true });
posts('an answer of a status nobody knows', { do => 'rewrite', field => 'status', to => 'splendid' });
posts('success that is no boolean', { do => 'rewrite', field => 'success', to => 'true' });
posts('half an answer, and the connection gone', { do => 'cut_answer', fraction => 0.5 });
posts('half an answer, and silence', { do => 'stalled_answer', fraction => 0.5 });
posts('HTML after the order was taken', { do => 'answer', when => 'after', body => '<html><body>200 OK</body></html>' });

# rests WHAT, KIND, RULE: the venue's word of a cancelled order cannot be; the order does not end by it.
sub rests
{
	my ($what, $kind, @rules) = @_;
	subtest $what => sub {
		my $order = rest($desk, seconds => 12);
		ok(wait_order($desk, $order, 'OPEN'), 'an order rests');
		my $before = counted($kind);
		faults($desk, @rules);
		is(ask($desk, "SELECT arbees_cancel($order)"), 'requested', 'it is cancelled');
		ok(wait_counted($kind, $before), "what cannot be is counted ($kind)");
		is(state_of($order), 'OPEN', 'and ends nothing');
		clear_faults($desk);
		ok(wait_order($desk, $order, 'CANCELED', 30), 'it ends when the venue is itself again');
		is(fills_of($order), '0', 'without a share');
		books_agree($desk, $what);
	};
	return;
}

my %order = (path => '/data/order/*');
rests('more matched than ordered', 'venue.order_overmatched', $no_event, rewrite({%order}, 'size_matched', to => '70'));
rests('an order of another unit', 'venue.order_unit', $no_event, rewrite({%order}, 'original_size', shift => 6));
rests('an order of the other side', 'venue.order_side', $no_event, rewrite({%order}, 'side', to => 'SELL'));
rests('an order of another share', 'venue.order_symbol', $no_event, rewrite({%order}, 'asset_id', to => '4711'));
rests('another order', 'order.wrong_id', $no_event, rewrite({%order}, 'id', to => '0x' . 'ef' x 32));

subtest 'a cancel that names another order' => sub {
	my $order = rest($desk, seconds => 10);
	ok(wait_order($desk, $order, 'OPEN'), 'an order rests');
	my $before = counted('cancel.wrong_id');
	faults($desk, { match => { method => 'DELETE', path => '/order', times => 1 }, do => 'rewrite', field => 'canceled', to => [ '0x' . 'ef' x 32 ] });
	ask($desk, "SELECT arbees_cancel($order)");
	ok(wait_counted('cancel.wrong_id', $before), 'it is counted');
	ok(wait_order($desk, $order, 'CANCELED', 30), 'the order ends as the venue shows it');
	clear_faults($desk);
	books_agree($desk, 'cancel of another');
};

subtest 'balances in another unit' => sub {
	my $cash = ask($desk, q{SELECT trim_scale(cash) FROM arbees.venue_balances});
	faults($desk, rewrite({ path => '/balance-allowance' }, 'balance', shift => 6));
	ok(wait_until(sub { ((sim_get($desk->{sim}, '/sim/stats')->{faults}[0] // {})->{fired} // 0) >= 2 }, 'the balance is read', 30), 'the balance is read');
	is(ask($desk, 'SELECT count(*) FROM arbees.venue_balances WHERE cash > 100000'), '0', 'a million times the money is not believed');
	clear_faults($desk);
	ok(wait_ready($desk), 'the worker trades');
	books_agree($desk, 'balances');
};

subtest 'orders of somebody else in our list' => sub {
	kill_worker($worker, 'TERM');
	my $last = ask($desk, 'SELECT coalesce(max(reconciliation_id), 0) FROM arbees.reconciliations');
	faults($desk, { match => { path => '/data/orders' }, do => 'answer', body => { next_cursor => 'LTE=', data => [ {
		id => '0x' . 'ab' x 32, status => 'LIVE', owner => '00000000-0000-0000-0000-000000000001', maker_address => '0x' . '1' x 40, market => '0x' . '2' x 64,
		asset_id => '4711', side => 'BUY', original_size => '5', size_matched => '0', price => '0.5', outcome => 'Up', expiration => '0',
		order_type => 'GTC', created_at => 1700000000 } ] } });
	$worker = worker($desk);
	ok(wait_for($desk, "SELECT count(*) > 0 FROM arbees.reconciliations WHERE reconciliation_id > $last AND rows_refused > 0 AND NOT clean", 't', 40),
		'a reconciliation that met one is not complete');
	is(ask($desk, "SELECT count(*) FROM arbees.reconciliations WHERE reconciliation_id > $last AND clean"), '0', 'none was clean');
	my @answer;
	wait_until(sub { @answer = submit($desk, seconds => 3); @answer && $answer[1] !~ /^(quote|no_market|window|worker_silent|feed_silent|trader)/ }, 'a window');
	is("$answer[0] $answer[1]", 'denied not_reconciled', 'no entry meanwhile');
	clear_faults($desk);
	ok(wait_ready($desk, 40), 'the next one is clean');
	ok(wait_order($desk, take($desk, seconds => 5), 'FILLED|CANCELED', 20), 'and trading goes on');
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');

$desk->{node}->stop;
done_testing();
