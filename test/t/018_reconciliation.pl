# The venue's account against our books: what is missed is found and booked, what
# nobody of us did stops entries and is taken over by a person's word only, and a
# start changes nothing, however often.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('reconciled',
	sim => [ '--window', '60s', '--assets', 'btc,eth,sol', '--seed', '31' ],
	controls => { reconcile_every_s => 2 });
# What is held is held until its window ends.
ask($desk, "SELECT arbees_set_none('stop_loss_pct', 'test'), arbees_set('take_profit_kind', 'none', 'test')");
my $worker = worker($desk, name => 'one');

sub breaker { return ask($desk, q{SELECT coalesce(max(state::text), 'CLOSED') FROM arbees.breakers WHERE scope = 'portfolio'}) }
sub last_run { return ask($desk, 'SELECT coalesce(max(reconciliation_id), 0) FROM arbees.reconciliations WHERE finished_at IS NOT NULL') }

sub clean_after
{
	my ($id, $seconds) = @_;
	return wait_for($desk, "SELECT count(*) > 0 FROM arbees.reconciliations WHERE reconciliation_id > $id AND clean", 't', $seconds // 30);
}

subtest 'the first one, and those that follow by themselves' => sub {
	ok(wait_ready($desk), 'the worker trades');
	is( ask($desk, q{SELECT cause, clean, complete, rows_refused, rows_read > 0, rows_mapped = rows_read FROM arbees.reconciliations
		ORDER BY reconciliation_id LIMIT 1}), 'start|t|t|0|t|t', 'the first one was complete and clean');
	is( ask($desk, q{SELECT a.checks_at < r.finished_at FROM arbees.venue_accounts a, arbees.reconciliations r
		ORDER BY r.reconciliation_id LIMIT 1}), 't', 'after the checks of clock, place and permission');
	ok(wait_for($desk, q{SELECT count(*) >= 2 FROM arbees.reconciliations WHERE cause = 'periodic' AND clean}, 't', 20),
		'others follow');
	is(ask($desk, q{SELECT count(*) FROM arbees.trade_watermarks w JOIN arbees.reconciliations r USING (reconciliation_id) WHERE r.clean}), '1',
		'the watermark is a clean one\'s');
	like(slurp_file($worker->{log}), qr/reconciliation \(periodic\), look 1: \d+ rows read, 0 refused, 0 differences, clean/, 'and says so');
};

# Another database that uses the same wallet: what it does is nothing of ours.
my $other = new_desk('stranger', paper => 0, sim => [ '--window', '60s' ]);
ask($other, "UPDATE arbees.venues SET endpoints = \$json\$$desk->{sim}{endpoints_json}\$json\$ WHERE name = 'sim'");
ask($other, "UPDATE arbees.venue_accounts SET address = '$desk->{address}'");
$other->{$_} = $desk->{$_} foreach qw(sim keys address);
ask($other, "SELECT arbees_set_none('stop_loss_pct', 'test'), arbees_set('take_profit_kind', 'none', 'test')");

subtest 'shares that somebody else bought' => sub {
	my $id;
	my $stranger = worker($other, name => 'stranger');
	ok(wait_ready($other), 'somebody else uses the wallet');
	my $bought = take($other, seconds => 40);
	ok(wait_order($other, $bought, 'FILLED'), 'and buys');
	ok(wait_for($desk, 'SELECT count(*) > 0 FROM arbees.orphan_fills', 't', 10), 'its fill is kept as nobody\'s');
	ok(wait_until(sub { breaker() eq 'OPEN' }, 'the breaker opens', 20), 'the breaker opens');
	is( ask($desk, q{SELECT string_agg(kind, ' ' ORDER BY kind) FROM arbees.open_discrepancies}), 'cash holding', 'cash and shares differ');
	my @answer = submit($desk, seconds => 1);
	is($answer[1], 'breaker_open', 'no entry passes');
	ok(wait_for($desk, q{SELECT min(times_seen) >= 3 FROM arbees.open_discrepancies}, 't', 60), 'it is seen again and again');
	is(ask($desk, q{SELECT count(*) FROM arbees.alerts WHERE kind = 'reconciliation_differs'}), '1', 'and told of once');
	is(ask($desk, q{SELECT count(*) FROM arbees.open_discrepancies}), '2', 'as two rows');
	cmp_ok(ask($desk, 'SELECT count(*) FROM arbees.reconciliations WHERE NOT clean AND complete'), '<=', 3, 'of few comparisons');

	my ($symbol, $qty, $price) = split /\|/, ask($desk, q{SELECT d.subject, d.theirs, (SELECT round(sum(o.money) / sum(o.qty), 6) FROM arbees.orphan_fills o
		WHERE o.symbol = d.subject) FROM arbees.open_discrepancies d WHERE d.kind = 'holding'});
	$id = last_run();
	my $position = ask($desk, "SELECT arbees_adopt('live', '$symbol', $qty, $price, 'bought by a colleague')");
	is(ask($desk, "SELECT count(*) > 0 FROM arbees.orphan_fills WHERE adoption_id IS NOT NULL AND symbol = '$symbol'"), 't', 'the fill is linked to the adoption');
	ok(clean_after($id), 'the next comparison is clean');
	is(ask($desk, 'SELECT count(*) FROM arbees.open_discrepancies'), '0', 'nothing differs');
	is(breaker(), 'OPEN', 'the breaker waits for a person');
	ask($desk, "SELECT arbees_reset_breaker('live', 'looked into')");
	ok(wait_ready($desk), 'and then trading goes on');

	my $resting = rest($other, seconds => 20);
	ok(wait_for($desk, q{SELECT count(*) = 1 FROM arbees.open_discrepancies WHERE kind = 'foreign_order'}, 't', 20), 'an order of his is seen');
	my $venue_id = ask($other, "SELECT venue_order_id FROM arbees.orders WHERE order_id = $resting");
	is(ask($desk, q{SELECT subject FROM arbees.open_discrepancies WHERE kind = 'foreign_order'}), $venue_id, 'by its name');
	is((grep { $_->{id} eq $venue_id } venue_orders($desk))[0]{status}, 'LIVE', 'and left alone');
	is(breaker(), 'OPEN', 'the breaker opens');
	$id = last_run();
	ask($other, "SELECT arbees_cancel($resting)");
	ok(wait_order($other, $resting, 'CANCELED'), 'he cancels it');
	ok(clean_after($id), 'then nothing differs');
	kill_worker($stranger, 'KILL');
	ask($desk, "SELECT arbees_reset_breaker('live', 'looked into')");

	# An exit of ours sells what was adopted.
	ask($desk, "SELECT arbees_close($position)");
	ok(wait_for($desk, "SELECT state = 'CLOSED' FROM arbees.positions WHERE position_id = $position", 't', 30), 'it is closed by an exit of ours');
	ok(clean_after(last_run()), 'and the books agree still');
	is(ask($desk, 'SELECT count(*) FROM arbees.audit_findings'), '0', 'no row contradicts another');
	is(book_differences($desk), '', 'nor the books by scope');
};

subtest 'a fill that nobody heard of' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { match => { method => 'POST', path => '/order' }, do => 'disconnect', when => 'after' },
		{ match => { method => 'GET', path => '/data/*' }, do => 'status', status => 500 },
		{ do => 'drop_fill' }, { match => { stream => 'user', event => 'order' }, do => 'drop_fill' });
	my $order = take($desk, seconds => 20);
	ok(wait_for($desk, "SELECT state IN ('SENDING', 'UNKNOWN') AND claimed_at IS NOT NULL FROM arbees.orders WHERE order_id = $order", 't', 10),
		'its order is sent');
	ok(wait_until(sub { scalar venue_orders($desk) }, 'the venue has it', 10), 'the venue has it');
	kill_worker($worker, 'KILL');
	# Longer than news may take.
	ok(wait_for($desk, "SELECT clock_timestamp() > claimed_at + interval '4 s' FROM arbees.orders WHERE order_id = $order", 't', 10), 'time passes');
	clear_faults($desk);
	my $id = last_run();
	$worker = worker($desk, name => 'one');
	ok(wait_order($desk, $order, 'FILLED', 20), 'the next worker finds it filled');
	ok(clean_after($id), 'and comes to a clean comparison');
	is( ask($desk, q{SELECT string_agg(DISTINCT kind || ' ' || action || ' ' || (resolved_at IS NOT NULL), ', ' ORDER BY kind || ' ' || action || ' ' || (resolved_at IS NOT NULL))
		FROM arbees.discrepancies WHERE action = 'repaired'}), 'missed_fill repaired true, order_fate repaired true', 'both are told as repaired');
	is(breaker(), 'CLOSED', 'which is nobody\'s fault');
	is(book_differences($desk), '', 'the books by scope follow');
};

subtest 'an order of ours that only the venue still has' => sub {
	ok(wait_ready($desk), 'ready');
	my $order = rest($desk, seconds => 20);
	my $venue_id = ask($desk, "SELECT venue_order_id FROM arbees.orders WHERE order_id = $order");
	# As after an answer that was wrong: it ends here, the worker forgets it, the venue has it.
	kill_worker($worker, 'KILL');
	ask($desk, "SELECT arbees.report_order(a.venue_account_id, t.epoch, $order, 'not_found', NULL, NULL, 'test') FROM arbees.venue_accounts a,
		LATERAL arbees.acquire_trader(a.venue_account_id, 'one') t");
	$worker = worker($desk, name => 'one');
	ok(wait_until(sub { (grep { $_->{id} eq $venue_id } venue_orders($desk))[0]{status} ne 'LIVE' }, 'the worker cancels it', 30),
		'the worker cancels it there');
	ok(clean_after(last_run()), 'and the books agree');
	is(ask($desk, "SELECT action FROM arbees.discrepancies WHERE subject = '$venue_id' AND kind = 'ended_order'"), 'cancelled', 'which is kept');
	ask($desk, "SELECT arbees_reset_breaker('live', 'looked into')");
};

subtest 'answers nobody can read' => sub {
	ok(wait_ready($desk), 'ready');
	faults($desk, { match => { method => 'GET', path => '/data/trades' }, do => 'answer', body => '{"data":[{"id":7}],"next_cursor":"LTE="}' });
	ok(wait_for($desk, q{SELECT count(*) = 1 FROM arbees.open_discrepancies WHERE kind = 'incomplete'}, 't', 30), 'make it incomplete');
	my $mark = ask($desk, 'SELECT trades_until FROM arbees.trade_watermarks');
	my @answer = submit($desk, seconds => 1);
	is($answer[1], 'not_reconciled', 'entries wait');
	is(breaker(), 'CLOSED', 'no breaker: nothing is known to differ');
	is(ask($desk, 'SELECT trades_until FROM arbees.trade_watermarks'), $mark, 'the watermark stands');
	my $id = last_run();
	clear_faults($desk);
	ok(clean_after($id), 'until they can be read');
	is(ask($desk, 'SELECT count(*) FROM arbees.open_discrepancies'), '0', 'then nothing is open');
};

# caused CAUSE, ID: a clean comparison of that cause after ID.
sub caused
{
	my ($cause, $id) = @_;
	return wait_for($desk, "SELECT count(*) > 0 FROM arbees.reconciliations WHERE reconciliation_id > $id AND cause = '$cause' AND clean", 't', 30);
}

subtest 'after a connection was away' => sub {
	ok(wait_ready($desk), 'ready');
	my $id = last_run();
	# The news of an order breaks the channel that brings it.
	faults($desk, { match => { stream => 'user', event => 'order', times => 1 }, do => 'disconnect' });
	my $order = take($desk, seconds => 20);
	ok(caused('user_channel', $id), 'the user channel comes back and the books are compared');
	clear_faults($desk);
	ok(wait_order($desk, $order, 'FILLED', 20), 'its order is not lost');
	ok(wait_ready($desk), 'ready again');
	$id = last_run();
	ask($desk, q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'desk_worker'});
	ok(caused('database', $id), 'so they are when the database was away');
	is(breaker(), 'CLOSED', 'nothing differed');
};

# What a start must not change: everything but who trades since when, and what was looked at.
sub all_rows
{
	return ask($desk, q{
		SELECT string_agg(x.name || ' ' || x.rows, E'\n' ORDER BY x.name) FROM (
			SELECT t.name, (xpath('/row/c/text()', query_to_xml(format(
				'SELECT count(*) || '' '' || coalesce(md5(string_agg(r::text, ''|'' ORDER BY r::text)), '''') AS c FROM arbees.%I r WHERE %s',
				t.name, t.what), false, true, '')))[1]::text AS rows
			FROM (VALUES ('decisions', 'true'), ('orders', 'true'), ('positions', 'true'), ('fills', 'true'), ('orphan_fills', 'true'),
				('portfolio_ledger', 'true'), ('redemptions', 'true'), ('adoptions', 'true'), ('discrepancies', 'true'), ('breakers', 'true'),
				('portfolios', 'true'), ('deployments', 'true'), ('strategies', 'true'), ('kill_levels', 'true'), ('alerts', $w$kind !~ '^(worker|conductor|trader|lease|feed|step)_'$w$),
				('journal_desk', $w$kind NOT IN ('trader_acquired', 'trader_released', 'worker_started')$w$)) t (name, what)) x});
}

$_->{node}->stop foreach $desk, $other;
# Windows that do not end while the test runs.
$desk = new_desk('starts', sim => [ '--window', '4h', '--seed', '32' ], paper => 0, controls => { reconcile_every_s => 3600 });
ask($desk, "SELECT arbees_set_none('stop_loss_pct', 'test'), arbees_set('take_profit_kind', 'none', 'test')");
$worker = worker($desk, name => 'one');

subtest 'ten starts' => sub {
	ok(wait_ready($desk), 'ready');
	my $resting = rest($desk, seconds => 300);
	my $held = take($desk, seconds => 300);
	ok(wait_for($desk, "SELECT bool_and(settlement = 'CONFIRMED') FROM arbees.fills WHERE order_id = $held", 't', 10), 'something is held, something rests');
	kill_worker($worker, 'KILL');
	# The first of them cancels what its predecessor left at rest.
	my $first = last_run();
	$worker = worker($desk, name => 'one');
	ok(clean_after($first), 'one start more');
	ok(wait_order($desk, $resting, 'CANCELED', 20), 'ends what rested for the epoch before');
	ok(clean_after(last_run() - 1), 'and comes to a clean comparison');
	kill_worker($worker, 'KILL');
	my $before = all_rows();
	my $sent = () = venue_orders($desk);
	for my $n (1 .. 10)
	{
		my $id = last_run();
		$worker = worker($desk, name => 'one');
		ok(clean_after($id), "start $n comes to a clean comparison");
		kill_worker($worker, $n % 2 ? 'KILL' : 'TERM');
	}
	is(all_rows(), $before, 'no row is another one');
	is(scalar(() = venue_orders($desk)), $sent, 'the venue has no order more');
	is(ask($desk, 'SELECT count(*) FROM arbees.worker_sessions') >= 10, 1, 'though there were ten sessions');
};

$desk->{node}->stop;
done_testing();
