# A session that hangs while it holds the kill lock cannot hold up a kill: it is
# terminated after half a second and named. What it had not committed is gone.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(time);

my $node = arbees_node('main', preload => 0);
paper_trade($node, 1);

sub holder_sql
{
	my ($key) = @_;
	return qq{BEGIN; SELECT verdict FROM arbees.deployments d, LATERAL arbees.submit_signal(d.deployment_id,
		jsonb_populate_record(NULL::arbees.signal, jsonb_build_object('key', '$key', 'instrument_id',
			(SELECT min(instrument_id) FROM arbees.instruments), 'side', 'BUY', 'amount_kind', 'money', 'amount', 1,
			'limit_price', 0.6, 'time_in_force', 'FAK')));};
}

# It judged a signal, kept its transaction open, and hangs.
my $hung = $node->background_psql('arbees', on_error_stop => 0);
my $pid = $hung->query_safe('SELECT pg_backend_pid()');
like($hung->query_safe(holder_sql('hung')), qr/accepted|denied|monitored/, 'a session holds the lock');

my $start = time();
my $answer = $node->safe_psql('arbees', "SELECT level, holders_terminated FROM arbees_kill('flatten', 'now')");
my $took = time() - $start;
like($answer, qr/^flatten\|.*pid $pid \(/, 'the holder is named');
cmp_ok($took, '>=', 0.5, 'it was given half a second');
cmp_ok($took, '<', 10, 'and no more than that');
is($node->safe_psql('arbees', 'SELECT level FROM arbees.kill_switch'), 'flatten', 'the level holds');
is($node->safe_psql('arbees', "SELECT count(*) FROM arbees.decisions WHERE signal_key = 'hung'"),
	'0', 'what the holder had not committed is gone');
is($node->safe_psql('arbees', "SELECT count(*) FROM pg_stat_activity WHERE pid = $pid"), '0', 'the holder is gone');
eval { $hung->quit };

# Later holders wait in the queue behind a kill, they do not overtake it.
my $kill = $node->background_psql('arbees', on_error_stop => 0);
$kill->query_safe("BEGIN; SET client_min_messages = error; SELECT level FROM arbees_kill('emergency', 'in a block')");
my $waiting = $node->background_psql('arbees', on_error_stop => 0);
$waiting->query_until(qr/asked/, "\\echo asked\n" . holder_sql('behind') . "\n");
ok(wait_for_sql($node, "SELECT count(*) = 1 FROM pg_locks WHERE NOT granted AND locktype = 'object'"),
	'a decision waits behind the kill');
$kill->query_safe('COMMIT');
like($waiting->query('COMMIT'), qr/denied/, 'and then reads its level');
is( $node->safe_psql('arbees', "SELECT verdict FROM arbees.decisions WHERE signal_key = 'behind'"),
	'denied', 'the refusal is a row');
$kill->quit;
$waiting->quit;

done_testing();
