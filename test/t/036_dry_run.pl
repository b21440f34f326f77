# One session of the simulator in three modes: the same decisions byte for byte, the
# same requests but for salt, time and signature, and nothing of a dry run at the venue.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $report = PostgreSQL::Test::Utils::tempdir() . '/report.json';
my $desk = new_desk('modes', driven => 1, dry => 1, canary => '{"seconds_before_close": 20, "slippage": 0.1}',
	sim => [ '--report', $report, '--driven', '--seed', '36', '--window', '60s', '--windows', '8' ]);
# The world begins seconds before a close; whether the worker has that window's books by then is a matter of machines.
ask($desk, q{CREATE FUNCTION public.late(state arbees.market_state) RETURNS arbees.signal
	LANGUAGE sql STABLE AS 'SELECT CASE WHEN (state).seconds_to_close > 8 THEN arbees.always_trade_canary(state) END'});
# Enters early and seldom holds to the end: the stop and the target are near. At times both wish at one instant.
ask($desk, q{CREATE FUNCTION public.early(state arbees.market_state) RETURNS arbees.signal LANGUAGE sql STABLE AS $f$
	SELECT ROW('early-' || (state).window_epoch, (state).up_instrument, 'BUY', 'money', 3, least((state).up_ask + 0.05, 0.99), 'FAK',
		4, 'fixed', 6, NULL, NULL, NULL, NULL, NULL)::arbees.signal
	WHERE (state).seconds_to_close BETWEEN 15 AND 45 AND (state).up_ask BETWEEN 0.2 AND 0.8 $f$});
ask($desk, 'GRANT EXECUTE ON FUNCTION public.late(arbees.market_state), public.early(arbees.market_state) TO arbees_strategy');
ask($desk, q{UPDATE arbees.deployments SET strategy_id = arbees_register_strategy('late', 'public.late(arbees.market_state)', '{}', NULL, NULL)});
ask($desk, q{SELECT arbees_register_strategy('early', 'public.early(arbees.market_state)', '{"limits": {"instruments": 1000,
	"order_usd": 1000, "day_orders": 100000, "open_positions": 1000, "venues": 1}}', NULL, NULL)});
ask($desk, q{SELECT arbees_deploy('early', name, '{}') FROM arbees.portfolios ORDER BY portfolio_id});
# A driven world runs faster than a worker says how its feeds are.
ask($desk, q{SELECT arbees_set_limit_none('venue', 'sim', 'feed_max_silence_ms', 'the world is driven')});
$desk->{worker} = worker($desk);
ok(wait_until(sub { -s $report && slurp_file($report) =~ /\}\n?\z/ }, 'the data ends', 120), 'the world comes to its end');
ok(wait_for($desk, q{SELECT (SELECT count(*) = 0 FROM arbees.positions WHERE state <> 'CLOSED')
	AND (SELECT count(*) = 0 FROM arbees.orders WHERE finished_at IS NULL)
	AND (SELECT count(*) = 0 FROM arbees.windows WHERE venue_outcome IS NULL AND state <> 'SCHEDULED')}, 't', 30), 'everything is settled');
is( ask($desk, q{SELECT string_agg(mode || ' ' || n, ', ' ORDER BY mode) FROM (SELECT mode, count(*) > 9 AS n FROM arbees.decisions GROUP BY 1) c}),
	'PAPER true, DRY_RUN true, LIVE true', 'each mode decided many times');
cmp_ok(ask($desk, q{SELECT count(*) FROM arbees.positions WHERE mode = 'DRY_RUN' AND exit_qty > 0}), '>=', 2, 'positions were sold');

# The decision log of a mode, in order. In the input's bytes these are made the same:
# ids; what tells the mode itself, and that only LIVE is armed; clocks of the wall; and that LIVE's winnings
# are claimable until the venue pays while the others' are cash, so that only their sum is compared.
my $alike = q{'portfolio_id', '=0', 'deployment_id', '=0', 'position_id', '=0', 'mode', 'PAPER', 'armed', false,
	'decided_at', '=0', 'conductor_age_ms', 0, 'worker_age_ms', 0, 'balance_age_ms', 0, 'feed_age_ms', 0,
	'cash', '=0', 'claimable', '=0'};
# And these only a mode with a venue account has.
my $account = q{'trader_epoch', '=0', 'trader_alive', false, 'reconciled', false, 'venue_checks_ok', false, 'capital_cap', 'none',
	'clock_offset_ms', null};

sub decision_log
{
	my ($mode, $fields) = @_;
	return ask($desk, qq{
		SELECT row_number() OVER (ORDER BY d.decision_id), s.name, d.signal_key ~ '^exit' AS exit,
			CASE WHEN d.purpose = 'ENTRY' THEN d.signal_key END, d.instrument_id, d.purpose, d.verdict, d.reason, d.market_time,
			m.cash + m.claimable AS money, encode(arbees.change_input(d.input, jsonb_build_object($fields)), 'hex'), encode(d.output, 'hex')
		FROM arbees.decisions d JOIN arbees.deployments USING (deployment_id) JOIN arbees.strategies s USING (strategy_id),
		LATERAL (SELECT max(f.value) FILTER (WHERE f.field = 'cash')::numeric AS cash,
			max(f.value) FILTER (WHERE f.field = 'claimable')::numeric AS claimable
			FROM arbees.decode_decision(d.input, d.output) f WHERE f.part = 'input') m
		WHERE d.mode = '$mode' ORDER BY d.decision_id});
}

# What differs, field by field, for whoever has to find out why.
sub differences
{
	my ($one, $other) = @_;
	return ask($desk, qq{
		WITH log AS (SELECT d.mode, row_number() OVER (PARTITION BY d.mode ORDER BY d.decision_id) AS n, d.signal_key, f.part, f.field, f.value
			FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f)
		SELECT a.part, a.field, count(*), min(a.n || ' ' || a.signal_key || ': ' || a.value || ' / ' || b.value)
		FROM log a JOIN log b USING (n, part, field)
		WHERE a.mode = '$one' AND b.mode = '$other' AND a.value IS DISTINCT FROM b.value GROUP BY 1, 2 ORDER BY 1, 2});
}

foreach my $pair ([ 'LIVE', 'DRY_RUN', $alike ], [ 'DRY_RUN', 'PAPER', "$alike, $account" ], [ 'LIVE', 'PAPER', "$alike, $account" ])
{
	my ($one, $other, $fields) = @$pair;
	ok(decision_log($one, $fields) eq decision_log($other, $fields), "$one and $other decide the same, byte for byte")
	  or diag(differences($one, $other));
}

# What came of it: the same trades, to the micro-dollar and to the instant.
foreach my $pair ([ 'live', 'dry' ], [ 'dry', 'paper' ])
{
	is( ask($desk, qq{SELECT string_agg(signal_key || ' ' || match || ' ' || coalesce(differs::text, ''), '; ')
		FROM arbees_divergence('$pair->[0]', '$pair->[1]') WHERE match <> 'both' OR differs <> '{}'}),
		'', "$pair->[0] and $pair->[1] do not diverge");
}

# The requests. PAPER's are recorded on the way; the last may still be.
ok(wait_for($desk, q{SELECT count(*) = (SELECT count(*) FROM arbees.orders) FROM arbees.order_payloads}, 't', 20),
	'the request of every order of every mode is kept');
is(ask($desk, q{SELECT count(*) FROM arbees.order_payloads WHERE body_hash <> sha256(convert_to(
	substr(request, strpos(request, E'\n\n') + 2), 'UTF8'))}), '0', 'with the hash of its body');
my $requests = q{SELECT string_agg(regexp_replace(regexp_replace(request, '(POLY_TIMESTAMP: |"salt":|"timestamp":")\d+', '\1*', 'g'),
	'"signature":"0x[0-9a-f]{130}"', '"signature":"*"'), E'\n' ORDER BY order_id) FROM arbees.order_payloads WHERE mode = };
my %sent = map { $_ => ask($desk, "$requests '$_'") } qw(LIVE DRY_RUN PAPER);
is($sent{DRY_RUN}, $sent{LIVE}, 'a dry run\'s requests are LIVE\'s but for salt, time and signature');
is($sent{PAPER}, $sent{LIVE}, 'and so are PAPER\'s');
like($sent{LIVE}, qr/^POST \/order\nPOLY_ADDRESS: 0x\w{40}\nPOLY_SIGNATURE: \[redacted\]\nPOLY_TIMESTAMP: \*\nPOLY_API_KEY: \[redacted\]\nPOLY_PASSPHRASE: \[redacted\]\nContent-Type: application\/json\n\n\{"deferExec"/,
	'they are whole, without the secrets');
is(ask($desk, q{SELECT count(*) FROM arbees.order_payloads a JOIN arbees.order_payloads b
	ON a.order_id < b.order_id AND (a.body_hash = b.body_hash OR a.venue_order_id = b.venue_order_id)}), '0', 'no two are the same');

# The venue has LIVE's orders and no others.
my @theirs = map { $_->{id} } venue_orders($desk);
is(ask($desk, q{SELECT count(*) FROM arbees.orders WHERE mode = 'LIVE' AND venue_order_id IS NOT NULL}), scalar(@theirs), 'each LIVE order is at the venue');
my $theirs = join ',', map { "'$_'" } @theirs;
is(ask($desk, "SELECT count(*) FROM arbees.order_payloads WHERE mode <> 'LIVE' AND venue_order_id IN ($theirs)"), '0', 'and nothing of a dry run or of PAPER');
is(ask($desk, q{SELECT count(*) FROM arbees.orders WHERE mode = 'DRY_RUN' AND (claimed_epoch IS NULL OR venue_order_id IS NULL)}), '0',
	'a dry run claims like LIVE');
books_agree($desk, 'at the end');
is(kill_worker($desk->{worker}, 'TERM'), 0, 'the worker ends when asked');
$desk->{node}->stop;
stop_sim($desk->{sim});

# A worker that dies between the decision and the claim leaves a dry run's order for the next one; a kill stops it.
$desk = new_desk('dry', live => 0, paper => 1, dry => 1, sim => [ '--window', '20s', '--seed', '5' ], controls => { send_deadline_ms => 20000 });
$desk->{worker} = worker($desk);
ok(wait_ready($desk), 'a worker trades an account that only a dry run has');
my $order = take($desk, portfolio => 'dry');
ok($order && wait_order($desk, $order, 'FILLED|CANCELED'), 'its order is claimed and filled');
is(scalar(venue_orders($desk)), 0, 'the venue saw nothing');

# An order that no worker claims: the last one was killed the moment before.
my $workers = 0;
sub unclaimed
{
	for (1 .. 5)
	{
		kill_worker($desk->{worker}, 'KILL');
		my ($verdict, $reason, $made) = submit($desk, portfolio => 'dry');
		return $made if ($verdict // '') eq 'accepted';
		# Too late: what makes a decision possible is gone with the worker.
		note($reason // 'no window');
		$desk->{worker} = worker($desk, name => 'worker' . ++$workers);
		wait_ready($desk) or return 0;
	}
	return 0;
}

$order = unclaimed();
is(ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $order"), 'NEW', 'without a worker the next one waits');
$desk->{worker} = worker($desk, name => 'worker' . ++$workers);
ok(wait_order($desk, $order, 'FILLED|CANCELED', 20), 'and the next worker claims it');
is(ask($desk, "SELECT count(*) FROM arbees.order_payloads WHERE order_id = $order"), '1', 'with its request');
is(scalar(venue_orders($desk)), 0, 'the venue saw nothing of that either');
ok(wait_ready($desk), 'the new worker trades');
$order = unclaimed();
ask($desk, q{SELECT arbees_kill('pause', 'test')});
$desk->{worker} = worker($desk, name => 'worker' . ++$workers);
ok(wait_order($desk, $order, 'EXPIRED', 20), 'after a kill nobody claims it');
is(ask($desk, "SELECT count(*) FROM arbees.order_payloads WHERE order_id = $order"), '0', 'and no request of it is kept');
is(ask($desk, q{SELECT count(*) FROM arbees.orphan_fills}), '0', 'nothing at the venue is unexplained');
is(book_differences($desk), '', 'the books add up');
kill_worker($desk->{worker}, 'TERM');
$desk->{node}->stop;
stop_sim($desk->{sim});
done_testing();
