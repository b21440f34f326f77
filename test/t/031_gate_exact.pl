# 64 sessions hammer one limit, at each isolation level: what is accepted is the limit to the last
# unit, nobody deadlocks, and a session that loses gets 40001 and a verdict when it tries again.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesGate;
use PostgreSQL::Test::Utils;
use Test::More;

my $sessions = 64;
my $tries_each = 3;
my $signals = $sessions * $tries_each;
my $levels = { rc => 'READ COMMITTED', rr => 'REPEATABLE READ', ser => 'SERIALIZABLE' };

my $node = gate_node('exact', conf => 'max_connections = 80');
sub query { my ($sql) = @_; return $node->safe_psql('arbees', $sql) }

# Two strategies, whose signals meet the same limit. Resting orders: what they reserve stays reserved. 5 shares at 0.40 are 2 dollars, and no fee.
query(q{
	SELECT desk.go_live(100000);
	SELECT arbees_deploy('silent2', 'live', '{}');
	UPDATE arbees.venue_accounts SET capital_cap_usd = NULL;
	CREATE SCHEMA hammer;
	CREATE FUNCTION hammer.submit(portfolio text, symbol text, key text) RETURNS text LANGUAGE sql AS $$
		SELECT concat_ws(' ', verdict, reason) FROM arbees.submit_signal(desk.deployment($1, CASE hashtext($3) % 2 WHEN 0 THEN 'silent' ELSE 'silent2' END),
			desk.signal(jsonb_build_object('key', $3, 'symbol', $2, 'amount_kind', 'base', 'amount', 5, 'limit_price', 0.40,
				'time_in_force', 'GTC')))
	$$;
	-- An instrument without a window has no slots: its orders are limited by money alone.
	CREATE PROCEDURE hammer.instrument(symbol text) LANGUAGE sql AS $$
		INSERT INTO arbees.instruments (venue_id, symbol, name, tick_size, lot_size, min_qty, min_notional, fee_rate, fee_exponent, max_price)
		VALUES (desk.venue('sim'), $1, $1, 0.01, 0.01, 5, 1, 0, 1, 1)
	$$;
	CREATE PROCEDURE hammer.portfolio(name text, deposit numeric) LANGUAGE plpgsql AS $$
	BEGIN
		PERFORM arbees_create_portfolio(name, 'PAPER', 'sim', NULL);
		PERFORM arbees_deposit(name, deposit, 'start');
		PERFORM arbees_deploy('silent', name, '{}');
		PERFORM arbees_deploy('silent2', name, '{}');
	END
	$$;
});

# hammer NAME, PORTFOLIO, LEVEL, SYMBOL: pgbench's report, and its complaints.
sub hammer
{
	my ($name, $portfolio, $level, $symbol) = @_;
	my $script = PostgreSQL::Test::Utils::tempdir() . "/$name.sql";
	# A retry begins with the variables the transaction began with, so with the same key.
	append_to_file($script, qq{\\set i :i + 1
BEGIN ISOLATION LEVEL $levels->{$level};
SELECT hammer.submit('$portfolio', '$symbol', '$name-:client_id-:i');
COMMIT;
});
	my ($out, $err) = run_command([ $node->installed_command('pgbench'), '-n', '-h', $node->host, '-p', $node->port,
		'-c', $sessions, '-j', 2, '-t', $tries_each, '--max-tries', 1000000, '--failures-detailed', '-D', 'i=0',
		'-f', $script, 'arbees' ]);
	return ($out, $err);
}

# check NAME, PORTFOLIO, LEVEL, SYMBOL, ACCEPTED, REASON: hammers, and looks at what came of it.
sub check
{
	my ($name, $portfolio, $level, $symbol, $accepted, $reason) = @_;
	my ($out, $err) = hammer($name, $portfolio, $level, $symbol);
	is($err, '', "$name: no session saw another error than 40001") or return;
	like($out, qr/transactions actually processed: $signals\/$signals\b/, "$name: every session got every verdict");
	my $verdicts = "FROM arbees.decisions WHERE signal_key LIKE '$name-%'";
	is(query("SELECT count(*), count(DISTINCT signal_key) $verdicts"), "$signals|$signals", "$name: one decision for each signal");
	is(query("SELECT count(*) $verdicts AND verdict = 'accepted'"), $accepted, "$name: accepted are as many as the limit allows");
	is(query("SELECT string_agg(DISTINCT reason, ', ') $verdicts AND verdict <> 'accepted'"), $reason,
		"$name: the others were denied by that limit");
	is(query("SELECT count(*) FROM arbees.orders JOIN arbees.decisions USING (decision_id) WHERE signal_key LIKE '$name-%'"),
		$accepted, "$name: as many orders");
	is(query("SELECT add_up FROM desk.books('$portfolio')"), 't', "$name: the books add up");
	# All at once, they do get into each other's way; else nothing was shown.
	if ($level ne 'rc')
	{
		my ($retried) = $out =~ /number of transactions retried: (\d+)/;
		cmp_ok($retried // 0, '>', 0, "$name: some had to try again");
	}
	return;
}

foreach my $level (qw(rc rr ser))
{
	# Cash: 60 dollars are 30 orders of 2.
	query("CALL hammer.instrument('cash-$level'); CALL hammer.portfolio('cash-$level', 60);
		SELECT arbees_set_none('max_position_usd', 'test'), desk.quote('PAPER', desk.clock() + 1, 'cash-$level', 0.50, 0.52)");
	check("cash-$level", "cash-$level", $level, "cash-$level", 30, 'cash_insufficient');
	is(query("SELECT cash - reserved FROM desk.books('cash-$level')"), '0', "cash-$level: not a cent is left");

	# What may be at stake in one instrument: 50 dollars are 25 orders of 2.
	query("CALL hammer.instrument('position-$level'); CALL hammer.portfolio('position-$level', 10000);
		SELECT arbees_set('max_position_usd', '50', 'test'), desk.quote('PAPER', desk.clock() + 1, 'position-$level', 0.50, 0.52)");
	check("position-$level", "position-$level", $level, "position-$level", 25, 'position_cap');
	is(query("SELECT reserved FROM desk.books('position-$level')"), '50', "position-$level: exactly the limit is reserved");

	# Two entries in a window, over all sessions.
	query("CALL hammer.portfolio('slot-$level', 10000);
		SELECT desk.make_window('slot-$level', 0, 86400), desk.quote('PAPER', desk.clock() + 1, 'slot-$level.up', 0.50, 0.52)");
	check("slot-$level", "slot-$level", $level, "slot-$level.up", 2, 'window_entry_limit');

	# The venue account's capital: 44 dollars more than is at work are 22 orders of 2.
	query("CALL hammer.instrument('capital-$level');
		UPDATE arbees.venue_accounts SET capital_cap_usd = (SELECT reserved + 44 FROM desk.books('live'));
		SELECT arbees_set_none('max_position_usd', 'test'), desk.quote('LIVE', desk.clock() + 1, 'capital-$level', 0.50, 0.52)");
	check("capital-$level", 'live', $level, "capital-$level", 22, 'capital_cap');
	is(query("SELECT b.reserved = a.capital_cap_usd FROM desk.books('live') b, arbees.venue_accounts a"), 't',
		"capital-$level: exactly the cap is at work");
}
is(query(q{SELECT string_agg(finding || ' ' || id, ', ') FROM arbees.audit_findings}), '', 'no row contradicts another');
is(query('SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()'), '0', 'nobody met a deadlock');

# The last defence: should two decisions ever count the same slot free, the key lets one order in.
my $copy = q{INSERT INTO arbees.orders SELECT (jsonb_populate_record(o, jsonb_build_object('order_id', 1000000,
	'client_order_id', format('ab1-%%s-1000000', o.portfolio_id), 'entry_no', %s))).*
	FROM arbees.orders o WHERE window_id IS NOT NULL AND portfolio_id = desk.portfolio('slot-rc') AND entry_no = 1};
foreach ([ 1, qr/duplicate key value violates unique constraint "orders_paper_window_id/ ],
	[ 3, qr/violates check constraint "orders_entry_no_check"/ ])
{
	my ($entry_no, $refusal) = @$_;
	my ($status, $out, $err) = $node->psql('arbees', "LOAD 'arbees'; BEGIN; ALTER TABLE arbees.orders_paper DISABLE TRIGGER USER; "
		. sprintf($copy, $entry_no), on_error_stop => 0);
	like($err, $refusal, "without guard and gate, entry $entry_no of a full slot is refused by the table");
}

$node->stop;
done_testing();
