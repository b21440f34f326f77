# Killed -9, broken by an error, or cut off by the server's own end at any step of the gate, the
# claim or a report: all that the call writes is there, or nothing is.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesGate;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = debug_node('atomic');
my $windows = 0;

# query SQL: its answer; waits while the server restarts itself.
sub query
{
	my ($sql) = @_;
	my ($status, $out, $err);
	wait_until(
		sub {
			($status, $out, $err) = $node->psql('arbees', $sql);
			return defined $status && $status != 2;
		},
		'the server answers', 60) or die "no connection: $err\n";
	die "query failed: $err\n$sql\n" if $status != 0;
	return $out;
}

# Every row of the trade, leaf by leaf: two equal answers mean that nothing was written in between.
my @tables = split /\n/, query(q{SELECT oid::regclass FROM pg_class WHERE relnamespace = 'arbees'::regnamespace AND relkind = 'r'
	AND relname ~ '^(decisions|orders|positions|fills|portfolio_ledger|order_payloads|journal|redemptions|alerts)_?' ORDER BY 1});
my $everything = join ' UNION ALL ',
  map { "SELECT '$_ ' || count(*) || ' ' || coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '-') FROM $_ t" } @tables;
sub rows { return query($everything) }

# How many rows each table has more than before.
sub growth
{
	my ($before, $after) = @_;
	my %count = map { my ($table, $n) = split / /; ($table => $n) } split /\n/, $before;
	my @grown;
	foreach (split /\n/, $after)
	{
		my ($table, $n) = split / /;
		push @grown, "$table " . ($n - $count{$table}) if $n != $count{$table};
	}
	return join ', ', @grown;
}

# new_signal PORTFOLIO: SQL that submits a signal nobody has submitted, in a window of its own with a quote.
sub new_signal
{
	my ($portfolio, %fields) = @_;
	my $window = 'atomic' . ++$windows;
	my $mode = uc $portfolio;
	query("SELECT desk.make_window('$window', 0, 86400), desk.quote('$mode', desk.clock() + 1, '$window.up', 0.50, 0.52)");
	my $fields = join ', ', qq{"key": "$window"}, qq{"symbol": "$window.up"}, map { qq{"$_": $fields{$_}} } sort keys %fields;
	return qq{SELECT order_id FROM arbees.submit_signal(desk.deployment('$portfolio', 'silent'), desk.signal('{$fields}'))};
}

# A transaction in which a debug point acts; the settings end with it, so that no other one is hit.
sub armed
{
	my ($point, $action) = @_;
	return "LOAD 'arbees'; BEGIN; SET LOCAL arbees.debug_action = '$action'; SET LOCAL arbees.debug_point = '$point'; ";
}

# at POINT, ACTION, SQL [, BEFORE]: runs it with the debug point armed; psql's status and messages.
sub at
{
	my ($point, $action, $sql, $before) = @_;
	my ($status, $out, $err);
	my $run = sub { ($status, $out, $err) = $node->psql('arbees', ($before // '') . armed($point, $action) . "$sql; COMMIT") };
	$action eq 'kill' ? restarted($node, $run) : $run->();
	return ($status, $err);
}

sub books_add_up
{
	my ($what) = @_;
	is(query(q{SELECT string_agg(name, ', ') FROM arbees.portfolios p, LATERAL desk.books(p.name) b WHERE NOT b.add_up}), '',
		"$what: the books add up");
	is(query(q{SELECT string_agg(finding || ' ' || id, ', ') FROM arbees.audit_findings}), '', "$what: no row contradicts another");
	return;
}

# The steps of a call, and what makes the call anew. Reports and claims follow an order through its life.
my $order;
my $epoch = '(SELECT desk.epoch())';

sub live_order
{
	my ($state) = @_;
	$order = query(new_signal('live'));
	return if $state eq 'NEW';
	query(claim());
	return if $state eq 'SENDING';
	query(report('accepted'));
	return;
}

# A position is held; the quote at which it is sold again.
sub stopped_out
{
	query(new_signal('paper', stop_loss_pct => 10));
	return "SELECT count(*) FROM desk.quote('PAPER', desk.clock() + 1, 'atomic$windows.up', 0.30, 0.32)";
}

sub claim { return "SELECT claimed FROM arbees.claim_order(desk.account(), $epoch, $order, 'venue-$order', sha256('body'), E'POST /order\\n\\nbody')" }
sub report { my ($event) = @_; return "SELECT arbees.report_order(desk.account(), $epoch, $order, '$event', NULL, NULL, 'test')" }

sub fill
{
	return "SELECT arbees.report_fill(desk.account(), $epoch, 'venue-$order', 'trade-$order', 'MATCHED', "
	  . "(SELECT symbol FROM arbees.instruments i JOIN arbees.orders o USING (instrument_id) WHERE order_id = $order), "
	  . "'BUY', 1, 0.52, 0.52, 0.01, 'TAKER', 1767225600000)";
}

my @gate = qw(locked gathered decision position order ledger journal);
my @calls = (
	{ name => 'accepted in PAPER', sql => sub { new_signal('paper') }, points => [ @gate, qw(fill fill_position fill_order) ],
		grows => [ qw(decisions_paper orders_paper positions_paper fills_paper portfolio_ledger_paper journal_desk) ] },
	{ name => 'accepted in LIVE', sql => sub { new_signal('live') }, points => \@gate,
		grows => [ qw(decisions_live orders_live positions_live portfolio_ledger_live journal_desk) ] },
	{ name => 'denied', sql => sub { new_signal('live', amount => 1000) }, points => [ qw(locked gathered decision journal) ],
		grows => [ qw(decisions_live journal_desk) ] },
	{ name => 'exit by a quote', sql => sub { stopped_out() }, points => [ @gate[0 .. 2], @gate[4 .. 6], qw(fill fill_position fill_order) ],
		grows => [ qw(decisions_paper orders_paper fills_paper portfolio_ledger_paper journal_desk) ] },
	{ name => 'claim', sql => sub { live_order('NEW'); claim() }, points => [ qw(call_begun claimed) ], grows => [ 'order_payloads_live' ] },
	{ name => 'acknowledgement', sql => sub { live_order('SENDING'); report('accepted') }, points => [ qw(call_begun) ], grows => [] },
	{ name => 'fill', sql => sub { live_order('OPEN'); fill() }, points => [ qw(call_begun fill fill_position fill_order) ],
		grows => [ qw(fills_live portfolio_ledger_live journal_desk) ] },
	{ name => 'end', sql => sub { live_order('OPEN'); report('closed') }, points => [ qw(call_begun order_ended) ],
		grows => [ qw(portfolio_ledger_live journal_desk) ] });

query('SELECT desk.go_live(500)');
query(q{UPDATE arbees.venue_accounts SET capital_cap_usd = 1000});
# A restart takes its time, and what is claimed must still be in time.
query(q{SELECT arbees_set('confirm_timeout_ms', '600000', 'slow machines')});

foreach my $call (@calls)
{
	# Undisturbed, it writes what it writes: what "all" means.
	my $sql = $call->{sql}->();
	my $before = rows();
	query($sql);
	$call->{all} = growth($before, rows());
	foreach my $table (@{ $call->{grows} })
	{
		like($call->{all}, qr/\barbees\.$table [1-9]/, "$call->{name} writes $table");
	}
	isnt(rows(), $before, "$call->{name} writes something");

	subtest "$call->{name}: an error at each step" => sub {
		foreach my $point (@{ $call->{points} }, 'before_commit')
		{
			$sql = $call->{sql}->();
			$before = rows();
			my ($status, $err) = at($point, 'error', $sql);
			like($err, qr/debug point "$point"/, "$point is reached");
			is(rows(), $before, "$point: nothing is left");
		}
		books_add_up('errors');
	};
	subtest "$call->{name}: kill -9 at each step" => sub {
		foreach my $point (@{ $call->{points} }, 'before_commit')
		{
			$sql = $call->{sql}->();
			$before = rows();
			my ($status, $err) = at($point, 'kill', $sql);
			is($status, 2, "$point is reached: the connection is lost") or diag($err);
			is(rows(), $before, "$point: nothing is left");
		}
		$sql = $call->{sql}->();
		$before = rows();
		my ($status, $err) = at('after_commit', 'kill', $sql);
		is($status, 2, 'after_commit is reached: the connection is lost') or diag($err);
		is(growth($before, rows()), $call->{all}, 'after_commit: all of it is there');
		isnt(rows(), $before, 'after_commit: something is there');
		books_add_up('kills');
	};
}

subtest 'a signal that broke leaves the next one of its transaction whole' => sub {
	foreach my $point (qw(decision position order ledger))
	{
		my ($broken, $whole) = (new_signal('live'), new_signal('live'));
		my $before = rows();
		my ($status, $out, $err) = $node->psql('arbees', qq{
			LOAD 'arbees';
			SET arbees.debug_action = 'error';
			BEGIN;
			SAVEPOINT s;
			SET LOCAL arbees.debug_point = '$point';
			$broken;
			ROLLBACK TO s;
			$whole;
			COMMIT}, on_error_stop => 0);
		like($err, qr/debug point "$point"/, "$point is reached");
		is(growth($before, rows()), $calls[1]{all}, "$point: the second is whole, the first is gone");
	}
	books_add_up('savepoints');
};

subtest 'a decision whose commit need not wait for the disk' => sub {
	my $sql = new_signal('paper');
	my $before = rows();
	my ($status) = at('after_commit', 'kill', $sql, 'SET synchronous_commit = off; ');
	is($status, 2, 'the connection is lost');
	my $grown = growth($before, rows());
	ok($grown eq '' || $grown eq $calls[0]{all}, "all or nothing: '$grown'");
	books_add_up('asynchronous');
};

subtest 'the server is stopped at once in the middle' => sub {
	foreach my $point (qw(decision order ledger before_commit))
	{
		my $sql = new_signal('paper');
		my $before = rows();
		my $holder = $node->background_psql('arbees');
		$holder->query_safe('SELECT pg_advisory_lock(4711)');
		my $session = $node->background_psql('arbees', on_error_stop => 0);
		$session->query_until(qr/begun/, armed($point, 'wait') . "\\echo begun\n$sql;\nCOMMIT;\n");
		ok(wait_for_sql($node, q{SELECT count(*) = 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted}), "$point is reached");
		$node->stop('immediate');
		$node->start;
		is(rows(), $before, "$point: nothing is left");
		eval { $_->quit } foreach $session, $holder;
	}
	books_add_up('stopped');
};

$node->stop;
done_testing();
