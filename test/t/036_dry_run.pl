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
# Enters early and seldom holds to the end: the stop and the target are near.
ask($desk, q{CREATE FUNCTION public.early(state arbees.market_state) RETURNS arbees.signal LANGUAGE sql STABLE AS $f$
	SELECT ROW('early-' || (state).window_epoch, (state).up_instrument, 'BUY', 'money', 3, least((state).up_ask + 0.05, 0.99), 'FAK', 4, 'fixed', 6,
		NULL, NULL, NULL, NULL, NULL)::arbees.signal
	WHERE (state).seconds_to_close BETWEEN 25 AND 45 AND (state).up_ask BETWEEN 0.2 AND 0.8 $f$});
ask($desk, 'GRANT EXECUTE ON FUNCTION public.late(arbees.market_state), public.early(arbees.market_state) TO arbees_strategy');
ask($desk, q{UPDATE arbees.deployments SET strategy_id = arbees_register_strategy('late', 'public.late(arbees.market_state)', '{}', NULL, NULL)});
ask($desk, q{SELECT arbees_register_strategy('early', 'public.early(arbees.market_state)', '{"limits": {"instruments": 1000, "order_usd": 1000,
	"day_orders": 100000, "open_positions": 1000, "venues": 1}}', NULL, NULL)});
ask($desk, q{SELECT arbees_deploy('early', name, '{}') FROM arbees.portfolios ORDER BY portfolio_id});
ask($desk, q{SELECT arbees_set_limit_none('venue', 'sim', 'feed_max_silence_ms', 'the world runs faster than the worker reports its feeds')});
$desk->{worker} = worker($desk);
ok(wait_until(sub { -s $report && slurp_file($report) =~ /\}\n?\z/ }, 'the data ends', 120), 'the world comes to its end');
ok(wait_for($desk, q{SELECT (SELECT count(*) = 0 FROM arbees.positions WHERE state <> 'CLOSED')
	AND (SELECT count(*) = 0 FROM arbees.orders WHERE finished_at IS NULL)
	AND (SELECT count(*) = 0 FROM arbees.windows WHERE venue_outcome IS NULL AND state <> 'SCHEDULED')}, 't', 20), 'everything is settled');
diag(ask($desk, q{SELECT mode, verdict, purpose, count(*), min(reason) FROM arbees.decisions GROUP BY 1,2,3 ORDER BY 1,2,3}));
diag(ask($desk, q{
	WITH log AS (SELECT d.mode, row_number() OVER (PARTITION BY d.mode ORDER BY d.decision_id) AS n, d.market_time, d.signal_key, f.part, f.field, f.value
		FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f)
	SELECT a.mode, b.mode, a.part, a.field, count(*), min(a.value || ' / ' || b.value) FROM log a JOIN log b USING (n, part, field)
	WHERE a.mode < b.mode AND a.value IS DISTINCT FROM b.value GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4}));
diag(ask($desk, q{SELECT mode, request FROM arbees.order_payloads WHERE order_id IN (SELECT min(order_id) FROM arbees.orders GROUP BY mode)}));
diag(ask($desk, q{SELECT mode, (SELECT count(*) FROM arbees.orders o WHERE o.mode = p.mode), count(*) FROM arbees.order_payloads p GROUP BY 1}));
diag(ask($desk, q{SELECT count(*), count(*) FILTER (WHERE differs = '{}') FROM arbees_divergence('paper', 'dry')}));
diag(ask($desk, q{SELECT count(*), count(*) FILTER (WHERE differs = '{}') FROM arbees_divergence('live', 'dry')}));
diag(ask($desk, q{SELECT * FROM arbees_divergence('live', 'dry')  WHERE differs <> '{}' LIMIT 2}));
fail('show');
done_testing();
