# test/t/ArbeesDesk.pm
#	A whole desk for one test: server, simulator, wallet, portfolios, worker; and
#	the question every test ends with: do the books agree with the venue's?
#
# Amounts are compared as text or by PostgreSQL as numeric, never as floats.

package ArbeesDesk;

use strict;
use warnings;

use Exporter 'import';
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

use Arbees;

our @EXPORT = qw(new_desk supervise unsupervise worker worker_pid wait_ready deploy_canary
  submit take rest ask wait_for wait_order faults clear_faults venue_orders redeem quiet_down
  books_agree book_differences flat control alive ended process_gone);

# Controls every desk starts with: short, so that tests need not wait.
my %controls = (
	lease_ms => 3000,
	quote_max_age_ms => 5000,
	worker_max_silence_ms => 3000,
	confirm_timeout_ms => 5000,
	# Wide enough that only a test of the limits meets them.
	max_position_usd => 50,
	max_session_loss_usd => 500,
	daily_drawdown_limit_usd => 500,
);

# ask DESK, QUERY: one answer; waits while the server restarts itself.
sub ask
{
	my ($desk, $query) = @_;
	my ($status, $out, $err);
	my $end = time() + 30;
	do
	{
		# A server that is going may end psql before it has read the query: as good as no connection.
		($status, $out, $err) = eval { $desk->{node}->psql('arbees', $query) };
		($status, $err) = (2, $@) if $@;
		return $out if defined $status && $status == 0;
		# 2: no connection, or lost; anything else is an answer, a bad one.
		die "query failed: $err\n$query\n" if !defined $status || $status != 2;
		sleep 0.1;
	} while (time() < $end);
	die "no connection within 30 s: $err\n";
}

# wait_for DESK, QUERY [, EXPECTED [, SECONDS]]: polls a query.
sub wait_for
{
	my ($desk, $query, $expected, $seconds) = @_;
	return wait_for_sql($desk->{node}, $query, $expected, $seconds);
}

sub control
{
	my ($desk, $key, $value) = @_;
	return ask($desk, "SELECT arbees_set('$key', '$value', 'test')");
}

# new_desk NAME [, sim => [arguments], conf => text, controls => {}, paper => 1, live => 1, dry => 0,
#	driven => 0, capital => 1000, canary => json]: everything but the worker. A deployment whose canary keeps
#	still (seconds_before_close 0) lets a test submit signals of its own.
sub new_desk
{
	my ($name, %opt) = @_;
	my $canary = $opt{canary} // '{"seconds_before_close": 0}';
	my $driven = $opt{driven} ? 'true' : 'false';
	my $capital = $opt{capital} // 1000;
	my $desk = { name => $name, canary => $canary };

	program('arbees-worker');
	$desk->{sim} = start_sim('--balance', $capital, '--fixed-tick', @{ $opt{sim} // [] });
	# The books of a crash test are worth something only if commits are.
	$desk->{node} = arbees_node($name,
		conf => "fsync = on\nrestart_after_crash = on\nlog_min_messages = info\n"
		  . "log_line_prefix = '%m [%p] %a '\n" . ($opt{conf} // ''));
	$desk->{keys} = PostgreSQL::Test::Utils::tempdir() . '/keys.json';
	my ($address, $errors) = run_command([ program('arbees-keygen'), $desk->{keys} ]);
	die "no key: $errors\n" unless $address =~ /^0x[0-9a-fA-F]{40}$/;
	$desk->{address} = $address;

	ask($desk, 'CREATE ROLE desk_worker LOGIN IN ROLE arbees_worker');
	ask($desk, "SELECT arbees_create_venue('sim', true, $driven, \$json\$$desk->{sim}{endpoints_json}\$json\$, 137)");
	ask($desk, "SELECT arbees_create_account('wallet', 'sim', '$address', 0, $capital)");
	if ($opt{paper} // 1)
	{
		ask($desk, "SELECT arbees_create_portfolio('paper', 'PAPER', 'sim', NULL)");
		ask($desk, "SELECT arbees_deposit('paper', 1000, 'to begin with')");
		ask($desk, "SELECT arbees_deploy('always_trade_canary', 'paper', '$canary')");
	}
	if ($opt{live} // 1)
	{
		ask($desk, "SELECT arbees_create_portfolio('live', 'LIVE', 'sim', 'wallet')");
		ask($desk, "SELECT arbees_arm('live', 'the venue is a simulator, the money is play money')");
		ask($desk, "SELECT arbees_deploy('always_trade_canary', 'live', '$canary')");
	}
	if ($opt{dry})
	{
		ask($desk, "SELECT arbees_create_portfolio('dry', 'DRY_RUN', 'sim', 'wallet')");
		ask($desk, "SELECT arbees_deposit('dry', 1000, 'to begin with')");
		ask($desk, "SELECT arbees_deploy('always_trade_canary', 'dry', '$canary')");
	}
	# Signals of tests go to any price and size; that what ships lets the canary trade is the demo's to show.
	ask($desk, q{SELECT arbees_set_limit_none('venue', 'sim', key, 'test') FROM unnest(ARRAY[
		'price_collar_pct', 'max_spread_pct', 'max_order_usd', 'max_order_qty', 'max_position_qty', 'max_window_usd',
		'max_strategy_usd', 'max_venue_usd', 'max_gross_usd', 'max_net_usd', 'max_same_side_positions', 'max_open_positions',
		'duplicate_window_ms', 'weekly_drawdown_limit_usd', 'max_consecutive_losses', 'strategy_session_loss_usd',
		'strategy_daily_drawdown_usd', 'strategy_weekly_drawdown_usd', 'strategy_consecutive_losses']) key});
	ask($desk, q{SELECT arbees_set_deployment_limits(deployment_id, 1000, 1000, 100000, 1000, 1, 'test') FROM arbees.deployments});
	my %set = (%controls, %{ $opt{controls} // {} });
	control($desk, $_, $set{$_}) foreach sort keys %set;
	return $desk;
}

# deploy_canary DESK, JSON: changes the parameters of both deployments.
sub deploy_canary
{
	my ($desk, $params) = @_;
	ask($desk, "UPDATE arbees.deployments SET params = '$params'");
	return;
}

sub worker_arguments
{
	my ($desk, %opt) = @_;
	return ('--venue', 'sim', '--account', 'wallet', '--keys', $opt{keys} // $desk->{keys},
		'--name', $opt{name} // 'desk-worker', '--die-with-parent', @{ $opt{more} // [] });
}

# supervise DESK: the conductor starts the worker and keeps it running.
sub supervise
{
	my ($desk) = @_;
	my $node = $desk->{node};
	my $command = join ' ', program('arbees-worker'), '--db',
	  "\"host=" . $node->host . " port=" . $node->port . " user=desk_worker dbname=arbees\"",
	  worker_arguments($desk);
	ask($desk, "ALTER SYSTEM SET arbees.worker_command = \$c\$$command\$c\$");
	ask($desk, 'SELECT pg_reload_conf()');
	return;
}

sub unsupervise
{
	my ($desk) = @_;
	ask($desk, "ALTER SYSTEM SET arbees.worker_command = ''");
	ask($desk, 'SELECT pg_reload_conf()');
	return wait_for($desk, 'SELECT worker_pid IS NULL FROM arbees.conductor');
}

# worker DESK [, name => , keys => , proxy => , node =>, more => []]: a worker of the test's own.
sub worker
{
	my ($desk, %opt) = @_;
	my $node = $opt{node} // $desk->{node};
	my $where = $opt{proxy} ? "host=127.0.0.1 port=$opt{proxy}{port}" : 'host=' . $node->host . ' port=' . $node->port;
	return Arbees::spawn('worker', program('arbees-worker'), '--db', "$where user=desk_worker dbname=arbees",
		worker_arguments($desk, %opt));
}

# worker_pid DESK: the supervised one's.
sub worker_pid
{
	my ($desk) = @_;
	my $pid;
	wait_until(sub { $pid = ask($desk, 'SELECT worker_pid FROM arbees.conductor'); $pid && alive($pid) },
		'a supervised worker runs', 20);
	return $pid;
}

sub alive
{
	my ($pid) = @_;
	return 0 unless kill 0, $pid;
	my $stat = eval { slurp_file("/proc/$pid/stat") } // return 0;
	return $stat !~ /\) Z /;
}

sub process_gone
{
	my ($pid, $seconds) = @_;
	return wait_until(sub { !alive($pid) }, "process $pid ends", $seconds // 10);
}

# ended WORKER [, SECONDS]: its exit code once it has ended by itself, -1 when it did not.
sub ended
{
	my ($worker, $seconds) = @_;
	return -1 unless process_gone($worker->{pid}, $seconds // 15);
	IPC::Run::finish($worker->{handle});
	@Arbees::running = grep { $_ != $worker } @Arbees::running;
	return $? >> 8;
}

our $ready = q{
		SELECT s.entries_possible AND EXISTS (
			SELECT FROM arbees.trader_epochs e JOIN arbees.trader_leases l USING (venue_account_id, epoch)
				JOIN arbees.venue_accounts a USING (venue_account_id)
			WHERE e.reconciled_at IS NOT NULL AND l.expires_at > clock_timestamp() AND a.checks IS NOT NULL)
			AND EXISTS (
			SELECT FROM arbees.windows w JOIN arbees.instruments i USING (window_id) JOIN arbees.quotes q USING (instrument_id)
			WHERE w.state = 'OPEN' AND q.bid IS NOT NULL AND q.received_at > clock_timestamp() - interval '2 s')
		FROM arbees_status() s};

# wait_ready DESK [, SECONDS]: LIVE entries are possible, and there is a window with quotes.
sub wait_ready
{
	my ($desk, $seconds) = @_;
	return wait_for($desk, $ready, 't', $seconds // 30);
}

# submit DESK, portfolio => , kind => take|rest, amount =>, seconds =>, price =>, where =>: one
# signal for the favoured side of a window open for so many seconds more.
# Returns (verdict, reason, order_id, decision_id), an empty list when there is no such window now.
my $signals = 0;

sub submit
{
	my ($desk, %opt) = @_;
	my $portfolio = $opt{portfolio} // 'live';
	my $seconds = $opt{seconds} // 4;
	my $where = $opt{where} // 'true';
	my $key = 'test-' . $$ . '-' . ++$signals;
	my $terms =
	  ($opt{kind} // 'take') eq 'rest'
	  ? sprintf(q{'base', %s, %s, 'GTC'}, $opt{amount} // 60, $opt{price} // '0.02')
	  # The price may move any distance before the order arrives; the venue fills at its asks all the same.
	  : sprintf(q{'money', %s, 0.99, 'FAK'}, $opt{amount} // 1);
	my $answer = ask($desk, qq{
		SELECT d.verdict, coalesce(d.reason, ''), coalesce(d.order_id, 0), d.decision_id
		FROM (SELECT i.instrument_id, q.bid, q.ask, p.deployment_id
			FROM arbees.windows w JOIN arbees.instruments i USING (window_id) JOIN arbees.quotes q USING (instrument_id),
				arbees.deployments p JOIN arbees.portfolios f USING (portfolio_id, mode)
			WHERE f.name = '$portfolio' AND w.state = 'OPEN' AND w.opens_at < clock_timestamp()
				AND w.closes_at > clock_timestamp() + interval '$seconds s' AND q.bid IS NOT NULL AND q.ask IS NOT NULL
				AND ($where)
				-- The slot takes two; an earlier signal of the test may have filled it.
				AND (SELECT count(*) FROM arbees.orders o WHERE o.portfolio_id = p.portfolio_id
					AND o.instrument_id = i.instrument_id AND o.purpose = 'ENTRY') < 2
			ORDER BY q.bid DESC LIMIT 1) m,
		LATERAL arbees.submit_signal(m.deployment_id,
			ROW('$key', m.instrument_id, 'BUY', $terms, 0, 'none', 0, NULL, NULL, NULL, NULL, NULL)::arbees.signal) d});
	return split /\|/, $answer, -1;
}

# What passes by itself: no window or quote just now, somebody is coming back.
my $for_now = qr/^(quote_|no_market|window_|not_reconciled|trader_absent|venue_checks_failed|conductor_silent|worker_silent|feed_silent|clock_offset)/;

# take, rest: submits until it is accepted; the order's id. What is refused for
# a moment is tried again, nothing else.
sub until_accepted
{
	my ($desk, %opt) = @_;
	my @last;
	my $done = wait_until(
		sub {
			@last = submit($desk, %opt);
			return @last && ($last[0] eq 'accepted' || $last[1] !~ $for_now);
		},
		'a window to trade in', 30);
	return $last[2] if $done && $last[0] eq 'accepted';
	diag("signal: @last");
	return 0;
}

sub take { my ($desk, %opt) = @_; return until_accepted($desk, %opt, kind => 'take') }

# A market that collapses fills it, a busy machine lets it expire unsent: then another is placed.
sub rest
{
	my ($desk, %opt) = @_;
	my $order = 0;
	for (1 .. 3)
	{
		$order = until_accepted($desk, %opt, kind => 'rest') or last;
		wait_order($desk, $order, '(?!NEW|SENDING).*', 10);
		my $state = ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $order");
		last if $state eq 'OPEN';
		note("order $order was to rest and is $state");
	}
	return $order;
}

# wait_order DESK, ORDER, STATE-PATTERN [, SECONDS]
sub wait_order
{
	my ($desk, $order, $states, $seconds) = @_;
	return wait_for($desk, "SELECT state::text ~ '^($states)\$' FROM arbees.orders WHERE order_id = $order", 't', $seconds);
}

# faults DESK, RULE...: replaces the venue's fault plan.
sub faults
{
	my ($desk, @rules) = @_;
	my $answer = sim_post($desk->{sim}, '/sim/faults', \@rules);
	die "the fault plan was refused\n" unless $answer && $answer->{rules} == @rules;
	return;
}

sub clear_faults { my ($desk) = @_; return faults($desk) }

# venue_orders DESK: all the venue ever accepted of our wallet.
sub venue_orders
{
	my ($desk) = @_;
	return @{ sim_get($desk->{sim}, "/sim/orders?address=$desk->{address}") // [] };
}

# redeem DESK: the wallet's owner collects what the venue owes.
sub redeem
{
	my ($desk) = @_;
	return sim_post($desk->{sim}, '/sim/redeem', { address => $desk->{address} });
}

# flat DESK [, SECONDS]: waits until nothing works and nothing is held; redeems what is won.
sub flat
{
	my ($desk, $seconds) = @_;
	my $query = q{SELECT (SELECT count(*) FROM arbees.orders WHERE finished_at IS NULL)
		+ (SELECT count(*) FROM arbees.positions WHERE state <> 'CLOSED')
		+ (SELECT count(*) FROM arbees.redemptions WHERE redeemed_at IS NULL)
		+ (SELECT count(*) FROM arbees.portfolio_totals WHERE reserved <> 0 OR claimable <> 0)};
	my $looks = 0;
	my $done = wait_until(
		sub {
			redeem($desk) if $looks++ % 10 == 0;
			return ask($desk, $query) eq '0';
		},
		'nothing is left open', $seconds // 90);
	diag(ask($desk, q{SELECT 'order ' || order_id || ' ' || mode || ' ' || state FROM arbees.orders WHERE finished_at IS NULL
		UNION ALL SELECT 'position ' || position_id || ' ' || mode || ' ' || state || ' ' || qty FROM arbees.positions WHERE state <> 'CLOSED'
		UNION ALL SELECT 'unredeemed ' || instrument_id || ' ' || shares FROM arbees.redemptions WHERE redeemed_at IS NULL
		UNION ALL SELECT name || ' reserved ' || reserved || ' claimable ' || claimable FROM arbees.portfolio_totals}))
	  unless $done;
	return $done;
}

sub quiet_down
{
	my ($desk, $why) = @_;
	ask($desk, "SELECT arbees_kill('pause', '$why')");
	return flat($desk);
}

# What our LIVE book says, as the venue would say it.
our $live_money = q{SELECT cash::numeric(24,6) || ' ' || claimable::numeric(24,6) FROM arbees.portfolio_totals WHERE mode = 'LIVE'};

sub venue_money
{
	my ($desk) = @_;
	my $account = sim_get($desk->{sim}, "/sim/account?address=$desk->{address}") or return 'no answer';
	# Shares the venue has resolved are ours to claim once we have heard of it.
	return ask($desk, "SELECT '$account->{balance}'::numeric(24,6) || ' ' || '$account->{claimable}'::numeric(24,6)");
}

# The venue's account of each order against ours: id, shares matched.
sub order_differences
{
	my ($desk) = @_;
	my @theirs = venue_orders($desk);
	my %count;
	$count{ $_->{id} }++ foreach @theirs;
	my @wrong = map { "$_ is $count{$_} times at the venue" } grep { $count{$_} > 1 } sort keys %count;
	my %ours;
	foreach my $line (split /\n/, ask($desk, q{
		SELECT coalesce(venue_order_id, 'none'), filled_qty::numeric(24,6), state, order_id FROM arbees.orders
		WHERE mode = 'LIVE' AND (venue_order_id IS NOT NULL OR state NOT IN ('NEW', 'CANCELED', 'EXPIRED'))}))
	{
		my ($id, $qty, $state, $number) = split /\|/, $line;
		push @wrong, "order $number ($state) has no venue order id" if $id eq 'none';
		push @wrong, "orders share the venue order id $id" if $ours{$id};
		$ours{$id} = { qty => $qty, state => $state, number => $number };
	}
	foreach my $order (@theirs)
	{
		my $own = delete $ours{ $order->{id} };
		my $matched = sprintf('%.6f', 0 + $order->{size_matched});
		if (!$own) { push @wrong, "the venue's order $order->{id} is none of ours" }
		elsif ($own->{qty} ne $matched) { push @wrong, "order $own->{number}: $own->{qty} filled here, $matched there" }
	}
	# What the venue never saw must have ended here without a share.
	foreach my $own (values %ours)
	{
		push @wrong, "order $own->{number} ($own->{state}, $own->{qty} filled) is lost"
		  unless $own->{state} =~ /^(CANCELED|REJECTED|EXPIRED)$/ && $own->{qty} eq '0.000000';
	}
	return join '; ', @wrong;
}

# book_differences DESK [, SESSION]: where the books by scope and the tables differ. A session that stays
# (background_psql) has followed the ledger since it was asked first; without one, the books are read anew.
sub book_differences
{
	my ($desk, $session) = @_;
	my @wrong;
	foreach my $portfolio (split /\n/, ask($desk, q{SELECT portfolio_id FROM arbees.portfolios WHERE mode <> 'BACKTEST'}))
	{
		my $query = "SELECT concat_ws(' ', $portfolio, scope, key, fact, book, 'is', tables) FROM arbees.check_book($portfolio)";
		my $answer = $session ? $session->query_safe($query) : ask($desk, $query);
		push @wrong, $answer if $answer ne '';
	}
	return join '; ', @wrong;
}

# books_agree DESK, WHEN: the assertions that close every subtest.
sub books_agree
{
	my ($desk, $when) = @_;
	my ($ours, $theirs, $orders) = ('', '', '');
	# News may still be under way; agreement must come, and come to stay.
	wait_until(
		sub {
			$ours = ask($desk, $live_money);
			$theirs = venue_money($desk);
			$orders = order_differences($desk);
			return $ours eq $theirs && $orders eq '';
		},
		"$when: our books reach the venue's", 30);
	is($ours, $theirs, "$when: LIVE cash and claimable are the venue's, to the micro-dollar");
	is($orders, '', "$when: each order is at the venue once, as filled as here");
	is( ask($desk, q{
		SELECT count(*) FROM arbees.portfolio_ledger
		WHERE cash + claimable + cost_open <> deposits + realized_pnl OR reserved < 0}),
		'0', "$when: the ledger adds up in every row");
	is(book_differences($desk), '', "$when: exposures, heat and results by scope are what positions, orders and rows make them");
	is( ask($desk, q{
		SELECT string_agg(t.name || ': ' || t.cash + t.claimable + t.cost_open - t.deposits || ' <> ' || x.pnl, ', ')
		FROM arbees.portfolio_totals t CROSS JOIN LATERAL (
			SELECT coalesce((SELECT sum(CASE side WHEN 'BUY' THEN -money ELSE money END - fee) FROM arbees.fills f
					WHERE f.portfolio_id = t.portfolio_id AND f.settlement <> 'VOIDED'), 0)
				+ coalesce((SELECT sum(settled_money) + sum(cost) FROM arbees.positions p WHERE p.portfolio_id = t.portfolio_id), 0) AS pnl) x
		WHERE t.cash + t.claimable + t.cost_open - t.deposits <> x.pnl}),
		'', "$when: P&L is what fills, fees and settlements make it");
	is( ask($desk, 'SELECT count(*) FROM arbees.decisions d, LATERAL arbees_replay(d.decision_id) r WHERE NOT r.agrees'),
		'0', "$when: every decision replays to the same verdict");
	is( ask($desk, q{SELECT string_agg(finding || ' ' || id || ': ' || detail, '; ') FROM arbees.audit_findings}),
		'', "$when: no row contradicts another");
	is((sim_get($desk->{sim}, '/sim/stats') // { audit => 'no answer' })->{audit}, 'ok', "$when: the venue's own audit");
	return;
}

1;
