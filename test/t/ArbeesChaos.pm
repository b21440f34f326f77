# test/t/ArbeesChaos.pm
#	Desks that are hurt on purpose: what can be killed, what must hold afterwards,
#	and sessions whose blows follow from one integer.
#
# Nothing here is a test by itself: wrongs() lists what does not hold, and the
# caller says "ok" or not, so that several desks may run in processes of their own.

package ArbeesChaos;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Arbees;
use ArbeesDesk;

our @EXPORT = qw(hurt_desk ready tend dismiss strike wrongs settled run_seeds);

# Limits that would end a session of blows before its time.
my @in_the_way = qw(max_messages_per_s max_open_orders max_order_to_trade max_day_value_usd max_day_qty max_repeats
  max_session_loss_usd daily_drawdown_limit_usd max_position_usd);

# hurt_desk NAME [, sim => [arguments], controls => {}, node => {}]: a LIVE desk without limits that
# bite, whose workers the test keeps running (tend).
sub hurt_desk
{
	my ($name, %opt) = @_;
	my $desk = new_desk($name, paper => 0,
		capital => 100000, sim => $opt{sim},
		controls => { lease_ms => 1500, confirm_timeout_ms => 1000, max_position_usd => 1000,
			max_session_loss_usd => 100000, daily_drawdown_limit_usd => 100000, %{ $opt{controls} // {} } });
	ask($desk, qq{SELECT arbees_set_limit_none('venue', 'sim', key, 'test') FROM unnest(ARRAY['}
		  . join("', '", @in_the_way) . q{']) key});
	ask($desk, q{SELECT arbees_set_deployment_limits(deployment_id, 1000, 1000, 100000, 1000, 1, 'test') FROM arbees.deployments});
	$desk->{workers} = {};
	$desk->{started} = 0;
	return $desk;
}

# tend DESK, NAME...: exactly these workers run; one that ended is followed by another.
sub tend
{
	my ($desk, @names) = @_;
	my %wanted = map { $_ => 1 } @names;
	dismiss($desk, $_) foreach grep { !$wanted{$_} } keys %{ $desk->{workers} };
	foreach my $name (@names)
	{
		my $worker = $desk->{workers}{$name};
		next if $worker && alive($worker->{pid});
		reap($worker) if $worker;
		$desk->{workers}{$name} = worker($desk, name => $name);
		$desk->{started}++;
	}
	return;
}

sub reap
{
	my ($worker) = @_;
	eval { IPC::Run::finish($worker->{handle}); 1 } or note("worker: $@");
	@Arbees::running = grep { $_ != $worker } @Arbees::running;
	return;
}

# dismiss DESK, NAME: that worker is no more.
sub dismiss
{
	my ($desk, $name) = @_;
	my $worker = delete $desk->{workers}{$name} or return;
	kill 'CONT', $worker->{pid};
	kill 'TERM', $worker->{pid};
	process_gone($worker->{pid}, 10) or kill 'KILL', $worker->{pid};
	reap($worker);
	return;
}

# The one whose death is to be felt: who holds the lease, else any.
sub holder
{
	my ($desk) = @_;
	my @names = sort keys %{ $desk->{workers} };
	my $holder = ask($desk, 'SELECT holder FROM arbees.trader_epochs');
	my ($name) = grep { $_ eq $holder } @names;
	return $desk->{workers}{ $name // $names[0] };
}

sub backend
{
	my ($desk) = @_;
	# The session that claims and reports, told by what it said last.
	return ask($desk, q{SELECT pid FROM pg_stat_activity WHERE usename = 'desk_worker'
		ORDER BY query ~ 'claim_order|report_|pending_work|_trader|heartbeat|reconciliation' DESC, backend_start LIMIT 1});
}

# strike DESK, VICTIM [, CODE]: the victim dies; CODE runs as soon as it has, before anybody waits. Returns
# when what restarts by itself, or with us, is there again, true unless there was nobody to strike; workers
# are the caller's to tend.
#	worker		the holder of the lease, kill -9
#	backend		the worker's claiming backend, kill -9: the server restarts its processes
#	conductor	likewise
#	server		stopped at once, started again
#	sim			all connections to the simulator are cut
sub strike
{
	my ($desk, $victim, $code) = @_;
	my $node = $desk->{node};
	$code //= sub { };
	if ($victim eq 'worker')
	{
		my $pid = holder($desk)->{pid};
		kill 'KILL', $pid;
		my $gone = process_gone($pid, 10);
		$code->();
		return $gone;
	}
	if ($victim eq 'sim')
	{
		sim_post($desk->{sim}, '/sim/cut', {}) or die "the simulator cut nothing\n";
		$code->();
		return 1;
	}
	if ($victim eq 'server')
	{
		$node->stop('immediate');
		$code->();
		return $node->start;
	}
	my $pid = $victim eq 'backend' ? backend($desk) : ask($desk, 'SELECT arbees.conductor_pid()');
	return 0 unless $pid;
	return restarted($node, sub { kill 'KILL', $pid; $code->() });
}

# ---- what must hold ----

sub exact { my ($number) = @_; return sprintf('%.6f', $number) }

# Trades of the venue against fills of ours: trade, order, shares, fee, whether it stands.
sub trade_differences
{
	my ($desk) = @_;
	my %theirs;
	foreach my $trade (@{ sim_get($desk->{sim}, "/sim/trades?address=$desk->{address}") // [] })
	{
		my $stands = $trade->{status} eq 'FAILED' ? 'void' : 'stands';
		$theirs{"$trade->{id} $trade->{taker_order_id}"} = join ' ', exact($trade->{size}), exact($trade->{fee}), $stands
		  if lc $trade->{taker} eq lc $desk->{address};
		foreach my $maker (@{ $trade->{makers} })
		{
			$theirs{"$trade->{id} $maker->{order_id}"} = join ' ', exact($maker->{size}), exact(0), $stands
			  if lc $maker->{address} eq lc $desk->{address};
		}
	}
	my @wrong;
	foreach my $line (split /\n/, ask($desk, q{
		SELECT f.venue_trade_id, o.venue_order_id, f.qty::numeric(24,6), f.fee::numeric(24,6),
			CASE f.settlement WHEN 'VOIDED' THEN 'void' ELSE 'stands' END
		FROM arbees.fills f JOIN arbees.orders o USING (order_id) WHERE f.mode = 'LIVE' AND o.mode = 'LIVE'}))
	{
		my ($trade, $order, $qty, $fee, $stands) = split /\|/, $line;
		my $their = delete $theirs{"$trade $order"};
		if (!defined $their) { push @wrong, "fill $trade is booked twice, or none of the venue's" }
		elsif ($their ne "$qty $fee $stands") { push @wrong, "fill $trade: $qty $fee $stands here, $their there" }
	}
	push @wrong, map { "trade $_ of the venue is not booked" } sort keys %theirs;
	return @wrong;
}

# Shares in the venue's wallet, of windows that are not resolved, against our positions.
sub holding_differences
{
	my ($desk) = @_;
	my $account = sim_get($desk->{sim}, "/sim/account?address=$desk->{address}") or return 'the venue does not answer';
	my %theirs;
	foreach my $held (grep { !$_->{resolved} } @{ $account->{holdings} })
	{
		$theirs{ $held->{up_token} } = exact($held->{up});
		$theirs{ $held->{down_token} } = exact($held->{down});
	}
	my @wrong;
	foreach my $line (split /\n/, ask($desk, q{
		SELECT i.symbol, sum(p.qty)::numeric(24,6) FROM arbees.positions p JOIN arbees.instruments i USING (instrument_id)
		WHERE p.mode = 'LIVE' GROUP BY 1 HAVING sum(p.qty) <> 0}))
	{
		my ($symbol, $qty) = split /\|/, $line;
		my $their = delete $theirs{$symbol} // 'nothing';
		push @wrong, "$qty shares of " . substr($symbol, 0, 12) . " here, $their there" if $their ne $qty;
	}
	push @wrong, map { "$theirs{$_} shares of " . substr($_, 0, 12) . " there, none here" }
	  grep { $theirs{$_} != 0 } sort keys %theirs;
	return @wrong;
}

# An order that works there must not have ended here: it could still be filled.
sub live_differences
{
	my ($desk) = @_;
	my %working = map { $_ => 1 } split /\n/,
	  ask($desk, q{SELECT venue_order_id FROM arbees.orders WHERE mode = 'LIVE' AND finished_at IS NULL AND venue_order_id IS NOT NULL});
	return map { "the venue's order $_->{id} works there and has ended here" }
	  grep { $_->{status} =~ /^(LIVE|ORDER_STATUS_LIVE)$/ && !$working{ $_->{id} } } venue_orders($desk);
}

# What a query finds, one line each, behind a name.
my @finds_nothing = (
	[ 'ledger', q{SELECT 'row ' || seq FROM arbees.portfolio_ledger
		WHERE cash + claimable + cost_open <> deposits + realized_pnl OR reserved < 0} ],
	[ 'audit', q{SELECT finding || ' ' || id || ': ' || detail FROM arbees.audit_findings} ],
	[ 'orphan', q{SELECT venue_order_id FROM arbees.orphan_fills} ],
	[ 'journal', q{SELECT v::text FROM arbees.verify_journal() v WHERE NOT v.ok} ],
	[ 'replay', q{SELECT d.decision_id FROM arbees.decisions d, LATERAL arbees_replay(d.decision_id) r
		WHERE NOT r.agrees AND d.decision_id > %s} ],
	[ 'sent twice', q{SELECT venue_order_id FROM arbees.orders WHERE mode = 'LIVE' AND venue_order_id IS NOT NULL
		GROUP BY 1 HAVING count(*) > 1} ],
	# Each of these says that an order was taken for ended, or for another's, and was not: a guess.
	[ 'guessed', q{SELECT kind || ': ' || message FROM arbees.alerts
		WHERE kind IN ('late_fill', 'overfill', 'oversold', 'wrong_side_fill', 'wrong_symbol_fill', 'odd_fill', 'orphan_fill')} ]);

# What holds at rest only.
my @nothing_open = (
	[ 'fate open', q{SELECT order_id || ' ' || state FROM arbees.orders WHERE mode = 'LIVE' AND finished_at IS NULL} ],
	[ 'reserved', q{SELECT name || ' ' || reserved FROM arbees.portfolio_totals WHERE reserved <> 0} ],
	# What is too little to be sold stays in a closed position until its window settles.
	[ 'position', q{SELECT position_id || ' ' || state || ' ' || qty FROM arbees.positions
		WHERE mode = 'LIVE' AND (state <> 'CLOSED' OR qty <> 0)} ],
	[ 'owed', q{SELECT name || ' ' || claimable FROM arbees.portfolio_totals WHERE claimable <> 0} ]);

sub found
{
	my ($desk, $since, @questions) = @_;
	my @wrong;
	foreach my $question (@questions)
	{
		my ($name, $query) = @$question;
		push @wrong, map { "$name: $_" } split /\n/, ask($desk, sprintf($query, ($query =~ /%s/) ? $since : ()));
	}
	return @wrong;
}

# guesses DESK, ORDER: alerts that say the order was taken for ended and was not.
sub guesses
{
	my ($desk, $order) = @_;
	return ask($desk, qq{SELECT coalesce(string_agg(kind || ': ' || message, '; '), '') FROM arbees.alerts
		WHERE kind IN ('late_fill', 'overfill', 'oversold') AND message ~ 'order $order\\y'});
}

sub venue_differences
{
	my ($desk) = @_;
	my $ours = ask($desk, $ArbeesDesk::live_money);
	my $theirs = ArbeesDesk::venue_money($desk);
	my $orders = ArbeesDesk::order_differences($desk);
	return (
		$ours eq $theirs ? () : "money (cash, claimable): $ours here, $theirs there",
		$orders eq '' ? () : $orders,
		live_differences($desk),
		trade_differences($desk),
		holding_differences($desk));
}

# wrongs DESK [, rest => 1, since => decision, seconds => n]: all that does not hold, '' when all does. What is
# compared with the venue may take a moment to come to agreement; what we know ourselves may not.
sub wrongs
{
	my ($desk, %opt) = @_;
	my @wrong;
	wait_until(sub { @wrong = venue_differences($desk); return !@wrong }, 'the books agree with the venue\'s', $opt{seconds} // 20);
	push @wrong, found($desk, $opt{since} // 0, @finds_nothing, $opt{rest} ? @nothing_open : ());
	my $books = book_differences($desk);
	push @wrong, "books by scope: $books" if $books ne '';
	my $audit = (sim_get($desk->{sim}, '/sim/stats') // { audit => 'no answer' })->{audit};
	push @wrong, "the venue's own audit: $audit" if $audit ne 'ok';
	return join '; ', @wrong;
}

# ready DESK, SECONDS, NAME...: waits, workers tended, until LIVE entries are possible.
sub ready
{
	my ($desk, $seconds, @names) = @_;
	return wait_until(sub { tend($desk, @names); return ask($desk, $ArbeesDesk::ready) eq 't' }, 'the desk is ready', $seconds);
}

# settled DESK, SECONDS, NAME...: waits, workers tended, until nothing is open, held or owed; redeems what is won.
sub settled
{
	my ($desk, $seconds, @names) = @_;
	my $looks = 0;
	return wait_until(
		sub {
			tend($desk, @names);
			redeem($desk) if $looks++ % 10 == 0;
			sleep 0.1;
			return !found($desk, 0, @nothing_open);
		},
		'nothing is left open', $seconds);
}

# ---- seeded sessions ----

my $session_s = $ENV{CHAOS_SECONDS} // 7;

sub pick { my (@from) = @_; return $from[ int rand @from ] }

# Blows by weight; each session has some of them.
my @victims = (('worker') x 6, ('backend') x 3, ('conductor') x 2, ('server') x 2, ('sim') x 5, ('stop') x 3);
my @acts = (('take') x 9, ('rest') x 6, ('stop_loss') x 3, ('timed') x 3, ('cancel') x 5, ('redeem') x 1);

sub part { my ($least, $most) = @_; return 0 + sprintf '%.4f', $least + rand($most - $least) }

my %post = (method => 'POST', path => '/order');

# One rule of a fault plan.
sub fault
{
	# The venue's plan takes six decimals.
	my $p = part(0.1, 0.6);
	my @kinds = (
		sub { return { match => { %post, probability => $p }, do => 'disconnect', when => pick('before', 'after') } },
		sub { return { match => { %post, probability => $p }, do => 'status', status => pick(500, 502, 503), when => pick('before', 'after') } },
		sub { return { match => { %post, probability => $p }, do => 'delay', ms => 200 + int rand 2500, when => pick('before', 'after') } },
		sub { return { match => { %post, probability => part(0.03, 0.2) }, do => 'status', status => 429, retry_after => 1 } },
		sub { return { match => { %post, probability => part(0.03, 0.2) }, do => 'answer', body => '{"success":', when => 'after' } },
		sub { return { match => { %post, probability => $p }, do => 'fill_before_ack', ms => 100 + int rand 900 } },
		sub { return { match => { probability => $p }, do => 'partial_fill', fraction => part(0.1, 0.9) } },
		sub { return { match => { probability => part(0.05, 0.3) }, do => 'fail_fill' } },
		sub { return { match => { method => 'DELETE', path => '/order', probability => $p }, do => 'disconnect', when => pick('before', 'after') } },
		sub { return { match => { method => 'DELETE', path => '/order', probability => $p }, do => 'status', status => 500, when => pick('before', 'after') } },
		sub { return { match => { method => 'GET', path => '/data/*', probability => $p }, do => 'status', status => 500 } },
		sub { return { match => { method => 'GET', path => '/data/*', probability => $p }, do => 'disconnect' } },
		sub { return { match => { method => 'GET', path => '/balance-allowance*', probability => part(0.05, 0.3) }, do => 'status', status => 500 } },
		sub { return { match => { stream => 'user', probability => part(0.02, 0.15) }, do => 'disconnect' } },
		sub { return { match => { stream => 'user', probability => part(0.02, 0.15) }, do => 'garbage_frame' } },
		sub { return { match => { stream => 'user', probability => part(0.02, 0.15) }, do => 'truncated_frame', fraction => 0.5 } },
		sub { return { match => { stream => 'market', probability => part(0.002, 0.015) }, do => pick('disconnect', 'garbage_frame') } },
		sub { return { match => { probability => $p }, do => 'duplicate_fill' } },
		sub { return { match => { probability => $p }, do => 'drop_fill' } },
		sub { return { match => { stream => 'user', event => 'order', probability => $p }, do => pick('duplicate_fill', 'drop_fill') } });
	return pick(@kinds)->();
}

# session SEED: the whole session in advance, a list of [second, what, argument...] by time.
sub session
{
	my ($seed) = @_;
	my @plan;
	srand($seed);
	for (my $at = 0.1; $at < $session_s; $at += 0.02 + rand 0.2)
	{
		push @plan, [ $at, 'act', pick(@acts), int rand 1_000_000, 1 + int rand 40 ];
	}
	for (my $at = 0; $at < $session_s; $at += 1 + rand 4)
	{
		my %rules = map { $_->{do} . ($_->{match}{path} // $_->{match}{stream} // '') => $_ } map { fault() } 1 .. 2 + int rand 5;
		push @plan, [ $at, 'faults', map { $rules{$_} } sort keys %rules ];
	}
	for (1 .. 1 + int rand 4)
	{
		my ($at, $victim) = (1 + rand($session_s - 1), pick(@victims));
		push @plan, [ $at, 'strike', $victim ];
		# Beyond the lease of 1.5 s, or not quite.
		push @plan, [ $at + 0.5 + rand 2.5, 'continue' ] if $victim eq 'stop';
	}
	my @names = rand() < 0.3 ? ('one', 'two') : ('one');
	return (\@names, sort { $a->[0] <=> $b->[0] } @plan);
}

# Some open instrument, or order, that the number picks; entries of several kinds.
sub act
{
	my ($desk, $key, $what, $number, $amount) = @_;
	return redeem($desk) if $what eq 'redeem';
	return ask($desk, qq{SELECT arbees_cancel(order_id) FROM (SELECT order_id FROM arbees.orders
		WHERE mode = 'LIVE' AND finished_at IS NULL ORDER BY md5(order_id || '$number') LIMIT 1) o}) if $what eq 'cancel';
	my $ticks = $number % 5;
	my %terms = (
		take => "'money', $amount, 0.99, 'FAK', 0, 'none', 0, NULL",
		stop_loss => "'money', $amount, 0.99, 'FAK', 2, 'fixed', 3, NULL",
		timed => "'money', $amount, 0.99, 'FAK', 0, 'none', 0, 3",
		rest => "'base', 20 + 3 * $amount, greatest(0.01, m.bid - 0.01 * $ticks), 'GTC', 0, 'none', 0, NULL");
	return ask($desk, qq{
		SELECT d.verdict || ' ' || coalesce(d.reason, '')
		FROM (SELECT i.instrument_id, q.bid, p.deployment_id
			FROM arbees.windows w JOIN arbees.instruments i USING (window_id) JOIN arbees.quotes q USING (instrument_id),
				arbees.deployments p
			WHERE w.state = 'OPEN' AND w.opens_at < clock_timestamp() AND w.closes_at > clock_timestamp() + interval '1 s'
				AND q.bid IS NOT NULL AND q.ask IS NOT NULL
			ORDER BY md5(i.symbol || '$number') LIMIT 1) m,
		LATERAL arbees.submit_signal(m.deployment_id,
			ROW('$key', m.instrument_id, 'BUY', $terms{$what}, NULL, NULL, NULL, NULL)::arbees.signal) d});
}

# fired DESK: how often the venue's faults of the plan in force have struck.
sub fired
{
	my ($desk) = @_;
	my $count = 0;
	$count += $_->{fired} foreach @{ (sim_get($desk->{sim}, '/sim/stats') // { faults => [] })->{faults} };
	return $count;
}

# run_seed DESK, SEED: one session of blows and its end. Returns (what is wrong, what was done as text, counts).
sub run_seed
{
	my ($desk, $seed) = @_;
	my %count = (orders => 0, refused => 0, faults => 0, kills => 0);
	my %blows;
	my $since = ask($desk, 'SELECT coalesce(max(decision_id), 0) FROM arbees.decisions');
	my ($names, @plan) = session($seed);
	my @names = @$names;
	my $number = 0;

	return ('the desk was not ready', '', \%count) unless ready($desk, 60, @names);
	my $begin = time();
	foreach my $step (@plan)
	{
		my ($at, $what, @more) = @$step;
		my $wait = $begin + $at - time();
		sleep $wait if $wait > 0;
		if ($what eq 'act')
		{
			my $said = act($desk, "chaos-$$-$seed-" . ++$number, @more) // '';
			$count{orders}++ if $said =~ /^accepted/;
			if ($said =~ /^denied (.*)/) { $count{refused}++; $count{why}{$1}++ }
		}
		elsif ($what eq 'faults')
		{
			$count{faults} += fired($desk);
			faults($desk, @more);
		}
		elsif ($what eq 'continue') { kill 'CONT', $_->{pid} foreach values %{ $desk->{workers} } }
		elsif ($more[0] eq 'stop') { $blows{stop}++; kill 'STOP', holder($desk)->{pid} }
		elsif (strike($desk, $more[0])) { $blows{ $more[0] }++ }
		# Whoever keeps workers alive looks now and then, not at once.
		tend($desk, @names) if $what ne 'strike';
	}
	kill 'CONT', $_->{pid} foreach values %{ $desk->{workers} };
	$count{faults} += fired($desk);
	clear_faults($desk);
	$count{kills} += $_ foreach values %blows;
	my $still = settled($desk, 60, @names);
	my $wrong = wrongs($desk, rest => 1, since => $since);
	$wrong = "did not come to rest; $wrong" if !$still;
	my $done = sprintf '%d orders, %d refused, %d faults, %d kills (%s)', @count{qw(orders refused faults kills)},
	  join(', ', map { "$_ $blows{$_}" } sort keys %blows);
	return ($wrong, $done, \%count);
}

# The venue's list of all orders grows; a look at it should stay short.
my $seeds_per_desk = 12;

# run_seeds SEED...: a test for each, on a fresh desk after so many of them or a failure; what went wrong
# once would be found again by every seed that follows.
sub run_seeds
{
	my (@seeds) = @_;
	my $desk;
	my $left = 0;
	my %total;
	foreach my $seed (@seeds)
	{
		if ($left-- == 0)
		{
			$desk->{node}->stop('immediate') if $desk;
			$desk = hurt_desk("chaos_$seed", sim => [ '--window', '6s', '--assets', 'btc,eth,sol,xrp', '--seed', $seed ]);
			$left = $seeds_per_desk - 1;
		}
		my $begin = time();
		my ($wrong, $done, $count) = run_seed($desk, $seed);
		is($wrong, '', sprintf 'seed %d: %s, %.0f s', $seed, $done, time() - $begin)
		  or diag("make chaos SEEDS=$seed replays it");
		$total{$_} += $count->{$_} foreach qw(orders refused faults kills);
		$left = 0 if $wrong ne '';
		note("refused $_: $count->{why}{$_}") foreach sort keys %{ $count->{why} // {} };
	}
	note(join ', ', map { "$total{$_} $_" } sort keys %total);
	dismiss($desk, $_) foreach keys %{ $desk->{workers} };
	$desk->{node}->stop('immediate');
	return;
}

1;
