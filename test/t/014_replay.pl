# The simulator owns the clock: two runs of one seed give one result; a piece of
# a recorded day resolves as it did.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

# Holds the world still at its first LIVE decision, since a driven clock waits for the worker: the venue's books of then, by symbol.
sub books_at_the_first_decision
{
	my ($desk) = @_;
	my $holder = $desk->{node}->background_psql('arbees');
	my %books;
	$holder->query_safe('BEGIN');
	$holder->query_safe('LOCK TABLE arbees.decisions_live IN EXCLUSIVE MODE');
	$desk->{worker} = worker($desk);
	ok(wait_for($desk, q{SELECT count(*) > 0 FROM pg_locks WHERE relation = 'arbees.decisions_live'::regclass AND NOT granted}, 't', 60),
		'the desk is about to decide');
	$books{$_} = sim_get($desk->{sim}, "/book?token_id=$_") foreach split /\n/,
		ask($desk, q{SELECT i.symbol FROM arbees.instruments i JOIN arbees.windows w USING (window_id) WHERE w.state = 'OPEN'});
	$holder->query_safe('COMMIT');
	$holder->quit;
	return \%books;
}

# The best ten of a side, as arbees.book_snapshots has them; the venue lists the best last.
sub ten_best
{
	my ($side, @levels) = @_;
	my $level = 0;
	@levels = reverse @levels;
	return map { join '|', $side, ++$level, $_->{price} + 0, $_->{size} + 0 } splice @levels, 0, 10;
}

# Runs a driven world to its end; the desk, quiet.
sub driven_run
{
	my ($name, $canary, @sim) = @_;
	my $report = PostgreSQL::Test::Utils::tempdir() . '/report.json';
	my $desk = new_desk($name, driven => 1, canary => $canary, sim => [ '--report', $report, @sim ],
		controls => { max_position_usd => 500 });
	# A driven world passes within seconds: no heartbeat tells in time that its feeds flow.
	ask($desk, q{SELECT arbees_set_none('feed_max_silence_ms', 'the clock is driven')});
	# The world begins seconds before a close; whether the worker has that window's
	# books by the very first instant is a matter of machines, so it is left alone.
	ask($desk, q{CREATE FUNCTION public.not_at_the_last_moment(state arbees.market_state) RETURNS arbees.signal
		LANGUAGE sql STABLE AS 'SELECT CASE WHEN (state).seconds_to_close > 8 THEN arbees.always_trade_canary(state) END'});
	ask($desk, q{GRANT EXECUTE ON FUNCTION public.not_at_the_last_moment(arbees.market_state) TO arbees_strategy});
	my $strategy = ask($desk, q{SELECT arbees_register_strategy('not_at_the_last_moment',
		'public.not_at_the_last_moment(arbees.market_state)', '{}', NULL, NULL)});
	ask($desk, "UPDATE arbees.deployments SET strategy_id = $strategy");
	$desk->{books} = books_at_the_first_decision($desk);
	ok(wait_until(sub { -s $report && slurp_file($report) =~ /\}\n?\z/ }, 'the data ends', 120), "$name: the world comes to its end");
	ok(wait_for($desk, q{SELECT (SELECT count(*) = 0 FROM arbees.positions WHERE state <> 'CLOSED')
		AND (SELECT count(*) = 0 FROM arbees.orders WHERE finished_at IS NULL)
		AND (SELECT count(*) = 0 FROM arbees.windows WHERE venue_outcome IS NULL AND state <> 'SCHEDULED')}, 't', 20),
		"$name: everything is settled");
	return $desk;
}

sub finish
{
	my ($desk) = @_;
	my $name = $desk->{name};
	books_agree($desk, $name);
	is(kill_worker($desk->{worker}, 'TERM'), 0, "$name: the worker ends when asked");
	$desk->{node}->stop;
	stop_sim($desk->{sim});
	return;
}

# Of a decision's input one thing depends on the wall clock: whether the worker had
# said anything of its feeds before the first decision.
my %query = (
	'decisions' => q{
		SELECT d.mode, d.market_time, d.signal_key, d.verdict, coalesce(d.reason, '-'), d.repeat_count, d.strategy_hash,
			string_agg(f.part || '.' || f.field || '=' || coalesce(f.value, 'NULL'), ' ' ORDER BY f.part, f.field)
		FROM arbees.decisions d, arbees.decode_decision(d.input, d.output) f
		WHERE f.field <> 'feed_age_ms'
		GROUP BY d.mode, d.market_time, d.signal_key, d.verdict, d.reason, d.repeat_count, d.strategy_hash ORDER BY 1, 2, 3},
	'inputs and outputs, byte for byte' => q{
		SELECT mode, market_time, signal_key, encode(arbees.change_input(input, '{"feed_age_ms": 0}'), 'hex'), encode(output, 'hex') FROM arbees.decisions ORDER BY 1, 2, 3},
	'orders' => q{
		SELECT o.mode, w.slug, i.outcome, o.purpose, o.side, o.amount, o.limit_price, o.time_in_force, o.state, o.filled_qty,
			o.filled_money, o.fees
		FROM arbees.orders o JOIN arbees.windows w USING (window_id) JOIN arbees.instruments i USING (instrument_id)
		ORDER BY 1, 2, 3, o.order_id},
	'ledger' => q{
		SELECT mode, seq, kind, market_time, cash_change, claimable_change, reserved_change, cash, claimable, reserved,
			deposits, cost_open, fees, realized_pnl, session_pnl, day, day_pnl, day_peak, open_positions, open_orders
		FROM arbees.portfolio_ledger WHERE kind <> 'DEPOSIT' ORDER BY 1, 2},
	'windows' => q{
		SELECT slug, state, open_price, open_price_at, close_price, close_price_at, our_outcome, venue_outcome
		FROM arbees.windows WHERE state <> 'SCHEDULED' ORDER BY slug},
	'sessions' => q{
		SELECT w.slug, i.outcome, s.value, s.qty, s.trades, s.last_at
		FROM arbees.session_volumes s JOIN arbees.instruments i USING (instrument_id) JOIN arbees.windows w USING (window_id)
		WHERE w.opens_at > (SELECT min(opens_at) FROM arbees.windows) ORDER BY 1, 2});

# Every public trade of a session was told, and counted once: the sums are those of the tick history.
my $sums_differ = q{
	SELECT count(*) FILTER (WHERE s.trades IS DISTINCT FROM t.trades OR abs(s.value - t.value) > 0.000001), count(*) > 10
	FROM (SELECT k.instrument_id, count(*) AS trades, sum(k.price::numeric * k.size::numeric) AS value
		FROM arbees.ticks k JOIN arbees.instruments i USING (instrument_id) JOIN arbees.windows w USING (window_id)
		WHERE k.kind = 'trade' AND k.source_at >= w.opens_at AND k.source_at < w.closes_at GROUP BY 1) t
	FULL JOIN arbees.session_volumes s USING (instrument_id)};

# What PAPER filled from the captured book is what the venue filled from its own: level by level, fees and all.
my $fills = q{
	SELECT d.signal_key, d.book, array_agg(format('%s at %s, money %s, fee %s', f.qty, f.price, f.money, f.fee)
		ORDER BY f.price, f.qty) FILTER (WHERE f.fill_id IS NOT NULL) AS fills
	FROM arbees.decisions d JOIN arbees.orders o USING (decision_id) LEFT JOIN arbees.fills f USING (order_id)
	WHERE d.mode = 'THE_MODE' AND o.purpose = 'ENTRY' GROUP BY d.signal_key, d.book};
my $modes = 'FROM (' . ($fills =~ s/THE_MODE/PAPER/r) . ') p FULL JOIN (' . ($fills =~ s/THE_MODE/LIVE/r) . ') l USING (signal_key)';

my %first;
foreach my $run (1, 2)
{
	# Orders large enough to take more than a level.
	my $desk = driven_run("seeded$run", '{"seconds_before_close": 20, "slippage": 0.1, "amount": 110}',
		'--driven', '--seed', '77', '--window', '60s', '--windows', '8');
	cmp_ok(ask($desk, 'SELECT count(DISTINCT window_id) FROM arbees.fills JOIN arbees.positions USING (position_id)'), '>=', 5,
		'windows were traded');
	ok(wait_for($desk, $sums_differ, '0|t', 20), 'the sums of every session are those of its trades') or diag(ask($desk, $sums_differ));
	is( ask($desk, "SELECT p.signal_key, p.fills, l.fills $modes WHERE p.fills IS DISTINCT FROM l.fills OR p.book IS NULL OR p.book IS DISTINCT FROM l.book"),
		'', 'PAPER and LIVE saw one book and filled alike');
	my ($decision, $symbol) = split /\|/,
		ask($desk, q{SELECT decision_id, symbol FROM arbees.decisions JOIN arbees.instruments USING (instrument_id)
			WHERE mode = 'LIVE' ORDER BY decision_id LIMIT 1});
	my $book = $desk->{books}{$symbol};
	my @levels = (ten_best('ask', @{ $book->{asks} }), ten_best('bid', @{ $book->{bids} }));
	cmp_ok(scalar @levels, '>=', 8, 'the venue has a book of several levels');
	is(ask($desk, "SELECT side, level, price::float8, size::float8 FROM arbees.book_snapshots WHERE decision_id = $decision ORDER BY side, level"),
		join("\n", @levels), 'a LIVE decision kept it, level by level');
	cmp_ok(ask($desk, "SELECT count(*) $modes WHERE cardinality(l.fills) > 1"), '>=', 1, 'some of more than one level');
	foreach my $what (sort keys %query)
	{
		my $answer = ask($desk, $query{$what});
		if ($run == 1) { $first{$what} = $answer; next }
		ok($answer eq $first{$what}, "a second run gives the same $what");
		next if $answer eq $first{$what};
		my @one = split /\n/, $first{$what};
		my @two = split /\n/, $answer;
		my $shown = 0;
		foreach my $i (0 .. ($#one > $#two ? $#one : $#two))
		{
			my ($x, $y) = ($one[$i] // 'nothing', $two[$i] // 'nothing');
			diag("line $i\n  first:  $x\n  second: $y") if $x ne $y && $shown++ < 3;
		}
	}
	finish($desk);
}

SKIP:
{
	my $folder = have_shared('data/polymarket');
	my ($markets) = defined $folder ? glob("$folder/btc_5m_markets_*.csv.gz") : ();
	my ($ticks) = defined $folder ? glob("$folder/chainlink_btcusd_ticks_*.csv.gz") : ();
	skip 'the recorded day is not here', 8 unless defined $markets && defined $ticks;

	# Fifteen windows of the day, and the ticks around them.
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my ($from, $to);
	open(my $in, '-|', 'gzip', '-dc', $markets) or die "could not read $markets: $!";
	open(my $out, '>', "$dir/windows.csv") or die "could not write: $!";
	while (my $line = <$in>)
	{
		last if $. > 16;
		print $out $line;
		next if $. == 1;
		(undef, my ($start, $end)) = split /,/, $line;
		$from //= $start;
		$to = $end;
	}
	close $out;
	close $in;
	open($in, '-|', 'gzip', '-dc', $ticks) or die "could not read $ticks: $!";
	open($out, '>', "$dir/ticks.csv") or die "could not write: $!";
	while (my $line = <$in>)
	{
		my ($ms) = split /,/, $line;
		last if $. > 1 && $ms > ($to + 60) * 1000;
		print $out $line if $. == 1 || $ms >= ($from - 60) * 1000;
	}
	close $out;
	close $in;

	my $desk = driven_run('recorded', '{}', '--replay-windows', "$dir/windows.csv", '--replay-ticks', "$dir/ticks.csv");
	is(ask($desk, 'SELECT count(*) FROM arbees.windows WHERE venue_outcome IS NOT NULL'), '15', 'all windows are resolved');
	cmp_ok(ask($desk, 'SELECT count(*) FROM arbees.windows WHERE close_price_at = closes_at'), '>=', 10,
		'most have a tick at their closing second');
	is( ask($desk, q{SELECT coalesce(string_agg(slug || ': ' || coalesce(our_outcome::text, 'none') || ' for ' || venue_outcome, ', '), '')
		FROM arbees.windows WHERE close_price_at = closes_at AND our_outcome IS DISTINCT FROM venue_outcome}),
		'', 'our outcome is the official one wherever a tick carries the closing second');
	cmp_ok(ask($desk, 'SELECT count(DISTINCT window_id) FROM arbees.positions'), '>=', 10, 'windows were traded');
	finish($desk);
}

done_testing();
