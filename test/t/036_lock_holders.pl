# Who forgets a transaction that holds a portfolio keeps no other waiting, and is
# ended after its time; who works in one is told of, and ended when its positions
# are to be closed.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = arbees_node('main');
paper_desk($node);
$node->safe_psql('arbees', q{
	SELECT arbees_create_portfolio('busy', 'PAPER', 'test', NULL);
	SELECT arbees_deposit('busy', 1000, 'to begin with')});
ok(wait_for_sql($node, 'SELECT count(*) > 0 FROM arbees.conductor WHERE ticks > 0'), 'the conductor ticks');

sub hold
{
	my ($name) = @_;
	my $session = $node->background_psql('arbees', on_error_stop => 0);
	my $pid = $session->query_safe('SELECT pg_backend_pid()');
	$session->query_safe("BEGIN; SELECT count(*) FROM arbees.portfolios p, LATERAL arbees.check_book(p.portfolio_id) WHERE p.name = '$name'");
	return ($session, $pid);
}

sub ticks { return $node->safe_psql('arbees', 'SELECT ticks FROM arbees.conductor') }

# An alert of a kind that names a session and the portfolio it held; how many there are.
sub alerts
{
	my ($kind, $pid) = @_;
	return "SELECT count(*) FROM arbees.alerts a JOIN arbees.portfolios p USING (portfolio_id)
		WHERE a.kind = '$kind' AND a.message LIKE 'pid $pid (%' AND p.name = 'busy'";
}

my $gone = sub { return "SELECT count(*) = 0 FROM pg_stat_activity WHERE pid = $_[0]" };

# Idle in a transaction: its time is short here.
$node->safe_psql('arbees', q{SELECT arbees_set('lock_max_idle_ms', '1000', 'test')});
my ($idle, $idle_pid) = hold('busy');
my $before = ticks();
ok(wait_for_sql($node, "SELECT ticks > $before + 1 FROM arbees.conductor"), 'the conductor goes on while a portfolio is held');
ok(wait_for_sql($node, $gone->($idle_pid)), 'who idles in a transaction that holds a portfolio is ended');
ok(wait_for_sql($node, alerts('lock_holder_ended', $idle_pid), '1'), 'an alert names it and the portfolio');
eval { $idle->quit };

# At work: it is told of, once, and goes on.
my ($works, $works_pid) = hold('busy');
$works->query_until(qr/at work/, "\\echo at work\nSELECT pg_sleep(3600);\n");
ok(wait_for_sql($node, alerts('lock_held', $works_pid), '1'), 'who works is told of');
$before = ticks();
ok(wait_for_sql($node, "SELECT ticks > $before + 4 FROM arbees.conductor"), 'ticks go by');
is($node->safe_psql('arbees', $gone->($works_pid)), 'f', 'it is not ended');
is($node->safe_psql('arbees', alerts('lock_held', $works_pid)), '1', 'and is told of once');

# Its positions are to be closed.
$node->safe_psql('arbees', q{SELECT arbees_kill('flatten', 'test')});
ok(wait_for_sql($node, $gone->($works_pid)), 'it is ended');
ok(wait_for_sql($node, alerts('lock_holder_ended', $works_pid), '1'), 'and named');
eval { $works->quit };
is($node->safe_psql('arbees', q{SELECT count(*) FROM arbees.tick_errors}), '0', 'no step failed');

done_testing();
