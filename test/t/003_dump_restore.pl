# A dump restored into a fresh server gives equal tables, standing guards and a paused
# system; without the maintenance setting it fails loudly; a run's removal touches nothing else.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Utils;
use Test::More;

my $from = arbees_node('from');
$from->safe_psql('arbees', 'SELECT arbees_start()');
ok(paper_trade($from, 1) eq 'FILLED', 'a PAPER order was filled before the dump');
$from->safe_psql('arbees', "SELECT arbees_set('max_position_usd', '7', 'a value to find again')");

# A LIVE portfolio with an order in each stage a dump may meet, and a signal that was refused.
$from->safe_psql('arbees', q{
	CREATE FUNCTION public.silent(arbees.market_state) RETURNS arbees.signal LANGUAGE sql AS 'SELECT NULL::arbees.signal';
	SELECT arbees_set('send_deadline_ms', '60000', 'slow machines'), arbees_set('confirm_timeout_ms', '600000', 'slow machines');
	SELECT arbees_create_venue('sim', true, true, '{}', 137);
	SELECT arbees_create_account('wallet', 'sim', '0x00000000000000000000000000000000000000aa', 0, 100);
	SELECT arbees_create_portfolio('live', 'LIVE', 'sim', 'wallet');
	SELECT arbees_register_strategy('silent', 'public.silent(arbees.market_state)',
		'{"limits": {"instruments": 10, "order_usd": 100, "day_orders": 100, "open_positions": 10, "venues": 1}}', NULL, 'never'), arbees_deploy('silent', 'live', '{}');
	SELECT arbees.worker_hello('worker', 'sim', 'wallet', 'feed,trade', 1, false);
	UPDATE arbees.workers SET seen_at = clock_timestamp() + interval '1 hour' WHERE worker = 'worker';
	INSERT INTO arbees.feeds (worker, channel, connected, last_data_at, seen_at)
		VALUES ('worker', 'market', true, clock_timestamp() + interval '1 hour', clock_timestamp() + interval '1 hour');
	SELECT arbees.acquire_trader(1, 'worker');
	SELECT arbees.report_venue_checks(1, 1, '{"geoblock_ok": true, "closed_only": false, "allowance_ok": true, "signature_type_ok": true, "clock_offset_ms": 0}');
	SELECT arbees.report_balance(1, 1, 50, true);
	SELECT arbees.finish_reconciliation(1, 1, arbees.begin_reconciliation(1, 1, 'start'), 0, 0, 0, 50, '{}', '{}', '{}');
	SELECT arbees_arm('live', 'test money only');
	DO $$
	DECLARE
		w	record;
		o	bigint;
	BEGIN
		FOR n IN 1 .. 6 LOOP
			SELECT * INTO w FROM arbees.report_window((SELECT venue_id FROM arbees.venues WHERE name = 'sim'), 'w' || n, 'BTC', '0x' || n,
				1767225600000, 1767229200000, 'last_tick', 'up' || n, 'down' || n, 0.01, 5, 1, 0.07, 1, false);
			PERFORM FROM arbees.on_quotes((SELECT venue_id FROM arbees.venues WHERE name = 'sim'), 'LIVE', 1767225700000, ARRAY[w.up_instrument],
				'{0.50}', '{1000}', '{0.52}', '{1000}', '{1767225700000}', '{}', '{}', '{}', ARRAY['\x010101'::bytea
				|| int8send(50000000) || int8send(100000000000) || int8send(52000000) || int8send(100000000000)]);
			SELECT s.order_id INTO o FROM arbees.submit_signal((SELECT max(deployment_id) FROM arbees.deployments), ROW('key' || n, w.up_instrument, 'BUY', 'money',
				CASE WHEN n = 6 THEN 6 ELSE 2 END, 0.53, 'FAK', 10, 'fixed', 100000, NULL, NULL, NULL, NULL, NULL)::arbees.signal) s;
			CONTINUE WHEN n IN (1, 6);
			PERFORM arbees.claim_order(1, 1, o, 'venue-' || n, sha256('body'), E'POST /order\n\nbody');
			CONTINUE WHEN n = 2;
			IF n = 3 THEN
				PERFORM arbees.report_order(1, 1, o, 'unknown', NULL, NULL, 'test');
			ELSE
				PERFORM arbees.report_fill(1, 1, 'venue-' || n, 'trade-' || n, 'MATCHED', 'up' || n, 'BUY', 1.23, 0.52, 0.6396, 0.02, 'TAKER', 1767225700000);
			END IF;
		END LOOP;
		PERFORM arbees.report_resolution((SELECT venue_id FROM arbees.venues WHERE name = 'sim'), 'w5', 'UP', NULL, NULL, 1767229200000);
		PERFORM FROM arbees.on_quotes((SELECT venue_id FROM arbees.venues WHERE name = 'sim'), 'LIVE', 1767225701000, '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}');
	END
	$$});
is( $from->safe_psql('arbees', q{SELECT string_agg(state::text, ' ' ORDER BY order_id) FROM arbees.orders WHERE mode = 'LIVE'}),
	'NEW SENDING UNKNOWN PARTIALLY_FILLED PARTIALLY_FILLED', 'LIVE orders in every stage');

# What people set and hold by hand.
$from->safe_psql('arbees', q{
	SELECT arbees_set_limit('instrument', 'ETH*', 'max_order_usd', '1', '0.5', 'kept'), arbees_set_limit('global', '', 'max_order_usd', '4', NULL, 'kept'),
		arbees_lock('strategy', 'silent', 'kept'), arbees_lock('venue', 'sim', 'lifted'), arbees_unlock('venue', 'sim', 'lifted'), arbees_restrict('SOL*', 'kept'),
		arbees_set_risk_scaler((SELECT max(deployment_id) FROM arbees.deployments), 0.5, 'kept'), arbees_trip_breaker('strategy:silent', 'kept'),
		arbees_add_session('NYSE', '2026-01-01 00:00 UTC', '2026-01-02 00:00 UTC', 'kept');
	SELECT arbees_request_override(max(decision_id), 'kept', '1 hour') FROM arbees.decisions WHERE verdict = 'denied';
	CREATE ROLE second LOGIN IN ROLE arbees_risk;
	SET SESSION AUTHORIZATION second;
	SELECT arbees_certify('silent', 'kept');
	RESET SESSION AUTHORIZATION;
	INSERT INTO arbees.instruments (venue_id, symbol, name, tick_size, lot_size, min_qty, min_notional, fee_rate, fee_exponent)
		SELECT venue_id, 'fund', 'fund', 0.01, 0.01, 1, 1, 0, 1 FROM arbees.venues WHERE name = 'sim'});

# A backtest run, as that mode will leave it: rows in leaves made after the extension was.
$from->safe_psql('arbees', q{
	SELECT arbees.release_trader(1, 1);
	INSERT INTO arbees.portfolios (portfolio_id, name, mode, venue_id) VALUES (900, 'run', 'BACKTEST', 1);
	SELECT arbees.create_run_leaves(900);
	SET arbees.maintenance = restore;
	INSERT INTO arbees.execution_repeats SELECT portfolio_id, deployment_id, (SELECT max(instrument_id) FROM arbees.instruments), 'BUY', 2, now()
		FROM arbees.deployments WHERE mode = 'LIVE';
	DO $$
	DECLARE
		t	text;
	BEGIN
		FOREACH t IN ARRAY ARRAY['decisions', 'positions', 'orders', 'fills', 'portfolio_ledger', 'order_payloads'] LOOP
			EXECUTE format('INSERT INTO arbees.%1$I_backtest SELECT (jsonb_populate_record(x, %2$L || CASE WHEN %1$L = ''orders'' THEN
					jsonb_build_object(''client_order_id'', ''ab1-900-'' || (to_jsonb(x) ->> ''order_id'')) ELSE ''{}'' END)).*
				FROM arbees.%1$I x WHERE mode = ''PAPER''', t, '{"portfolio_id": 900, "mode": "BACKTEST"}'::jsonb);
		END LOOP;
	END
	$$;
	INSERT INTO arbees.ticks (received_at, venue_id, kind, price) VALUES (now(), 1, 'price', 1e-7);
	INSERT INTO arbees.ticks_backtest (received_at, venue_id, run_id, kind, price) VALUES (now(), 1, 900, 'price', 0.1)});

# Quiet, so that both sides show one moment; the conductor seals and computes otherwise.
$from->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$from->restart;
my $dump = PostgreSQL::Test::Utils::tempdir() . '/arbees.dump';
command_ok([ 'pg_dump', '-Fc', '-d', $from->connstr('arbees'), '-f', $dump ], 'pg_dump');

my $to = arbees_node('to', start => 0, preload => 0);
$to->start;
$to->safe_psql('postgres', 'CREATE DATABASE naive');
command_fails_like([ 'pg_restore', '--exit-on-error', '-d', $to->connstr('naive'), $dump ],
	qr/ERROR:  /, 'without the setting the restore fails');
$to->safe_psql('postgres', 'DROP DATABASE naive');

$to->safe_psql('postgres', 'CREATE DATABASE arbees');
{
	local $ENV{PGOPTIONS} = '-c arbees.maintenance=restore';
	# The setting exists once the library is loaded; before, it is a placeholder.
	command_ok([ 'pg_restore', '--exit-on-error', '-d', $to->connstr('arbees'), $dump ], 'pg_restore');
}

# Every table, leaf by leaf, as COPY writes it.
sub contents
{
	my ($node, $skip) = @_;
	my %content;
	foreach my $table (split /\n/, $node->safe_psql('arbees', q{
		SELECT relname FROM pg_class WHERE relnamespace = 'arbees'::regnamespace AND relkind = 'r' ORDER BY 1}))
	{
		next if defined $skip && $table =~ $skip;
		$content{$table} = join "\n", sort split /\n/, $node->safe_psql('arbees', "COPY arbees.$table TO STDOUT");
	}
	return \%content;
}

my $before = contents($from);
my $after = contents($to);
my $filled = 0;
is(join(' ', sort keys %$after), join(' ', sort keys %$before), 'the same tables, the leaves of the run among them');
foreach my $table (sort keys %$before)
{
	is($after->{$table}, $before->{$table}, "$table is equal");
	$filled++ if length $before->{$table};
}
cmp_ok($filled, '>', 25, 'the tables compared were not empty');
like($after->{$_}, qr/\S/, "$_ has rows") foreach qw(orders_live orders_paper orders_run_900 fills_run_900 redemptions ticks_run_900 journal_desk);

# Structure: what guards, what ties, what counts.
foreach my $what (
	[ 'triggers', q{SELECT c.relname || ' ' || t.tgname || ' ' || t.tgenabled::text FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
		WHERE c.relnamespace = 'arbees'::regnamespace AND NOT t.tgisinternal ORDER BY 1} ],
	[ 'constraints', q{SELECT c.relname || ' ' || k.conname || ' ' || pg_get_constraintdef(k.oid) FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid
		WHERE c.relnamespace = 'arbees'::regnamespace ORDER BY 1} ],
	[ 'indexes', q{SELECT indexdef FROM pg_indexes WHERE schemaname = 'arbees' ORDER BY 1} ],
	[ 'sequences', q{SELECT sequencename || ' ' || coalesce(last_value, 0) FROM pg_sequences WHERE schemaname = 'arbees' ORDER BY 1} ])
{
	my ($name, $query) = @$what;
	is($to->safe_psql('arbees', $query), $from->safe_psql('arbees', $query), "$name are equal");
}
is( $to->safe_psql('arbees', q{SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
	WHERE c.relnamespace = 'arbees'::regnamespace AND NOT t.tgisinternal AND t.tgenabled <> 'A'}), '0', 'every guard fires always');
my ($status, $out, $err) = $to->psql('arbees', 'UPDATE arbees.orders SET reserved = 0');
like($err, qr/orders are written by the gate/, 'and keeps hands off');
is( $to->safe_psql('arbees', q{SELECT count(*) FROM arbees.decisions d WHERE NOT (arbees_replay(d.decision_id)).agrees}), '0', 'every decision replays');
is( $to->safe_psql('arbees', q{SELECT count(*) FROM arbees.decisions d WHERE d.verdict = 'accepted' AND d.mode = 'LIVE'
	AND 2 <> (SELECT count(*) FROM arbees.book_snapshots b WHERE b.decision_id = d.decision_id)}), '0', 'and has its order book');
is( $to->safe_psql('arbees', 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal verifies');

# Paused: nothing is decided or claimed before an operator says so; leases of the other place bind nobody.
is($to->safe_psql('arbees', 'SELECT arbees.installation_is_ours()'), 'f', 'the copy knows that it is one');
$to->safe_psql('arbees', 'SELECT arbees_start()');
is(paper_trade($to, 2), '', 'a restored system accepts no entry');
is( $to->safe_psql('arbees', 'SELECT verdict || \' \' || reason FROM arbees.decisions ORDER BY decision_id DESC LIMIT 1'),
	'denied foreign_copy', 'the refusal says why');
my $acquire = q{SET synchronous_commit = on; SELECT granted, coalesce(left(reason, 45), 'fresh') FROM arbees.acquire_trader(1, 'worker')};
is($to->safe_psql('arbees', $acquire), 'f|paused: this database is a copy of another; a', 'nobody is granted the lease, so nobody claims or cancels by its rows');
$to->safe_psql('arbees', "SELECT arbees_resume('this copy is the desk now')");
is(paper_trade($to, 3), 'FILLED', 'and trades after arbees_resume');
is($to->safe_psql('arbees', $acquire), 't|fresh', 'the lease may be had');
is( $to->safe_psql('arbees', q{SELECT reconciled_at IS NULL FROM arbees.trader_epochs}), 't', 'and LIVE entries wait for a clean reconciliation');
is( $to->safe_psql('arbees', 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal still verifies');

# The run goes at once; not a byte of anything else changes.
$to->safe_psql('arbees', 'SELECT arbees_stop()');
my $run = qr/_run_900$/;
my $files = q{SELECT relname || ' ' || relfilenode FROM pg_class WHERE relnamespace = 'arbees'::regnamespace AND relname !~ '_900' ORDER BY 1};
my $with = contents($to, $run);
my $files_with = $to->safe_psql('arbees', $files);
$to->safe_psql('arbees', 'SELECT arbees.drop_run_leaves(900)');
is_deeply(contents($to), $with, 'removing a run touches no other row');
is($to->safe_psql('arbees', $files), $files_with, 'nor another file');

$from->stop;
$to->stop;
done_testing();
