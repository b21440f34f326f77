# A standby can be read but not traded; promoted, it stays paused until somebody
# says that it is the one that trades now.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $primary = arbees_node('primary', init => { allows_streaming => 1 });
ok(wait_for_sql($primary, 'SELECT ticks > 0 FROM arbees.conductor'), 'the primary lives');
$primary->backup('base');
my $standby = PostgreSQL::Test::Cluster->new('standby');
$standby->init_from_backup($primary, 'base', has_streaming => 1);
$standby->start;
$primary->safe_psql('arbees', "SELECT arbees_set('max_position_usd', '4', 'to be replicated')");
$primary->wait_for_catchup($standby);

# What reads works, what writes says why it cannot.
is($standby->safe_psql('arbees', 'SELECT kill_level FROM arbees_status()'), 'none', 'status works on a standby');
is($standby->safe_psql('arbees', 'SELECT entries_possible FROM arbees_status()'), 'f', 'and says that it cannot trade');
is($standby->safe_psql('arbees', "SELECT jsonb_typeof(arbees_health())"), 'object', 'health works on a standby');
is($standby->safe_psql('arbees', "SELECT value FROM arbees.runtime_controls WHERE key = 'max_position_usd'"),
	'4', 'controls are replicated');
my ($status, $out, $err) = $standby->psql('arbees', "SELECT arbees_kill('pause')");
like($err, qr/arbees_kill cannot run on a standby/, 'a kill belongs to the primary');
($status, $out, $err) = $standby->psql('arbees', 'SELECT arbees_start()');
like($err, qr/cannot run on a standby/, 'so does the conductor');
is($standby->safe_psql('arbees', "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'arbees conductor'"),
	'0', 'no conductor runs on a standby');

# A session that was open before the promotion must see it, too.
my $session = $standby->background_psql('arbees');
is($session->query_safe('SELECT arbees.installation_is_ours()'), 'f', 'a standby is not ours');
$primary->stop('immediate');
$standby->promote;
ok(wait_for_sql($standby, 'SELECT pid = arbees.conductor_pid() FROM arbees.conductor'), 'its conductor starts');
is($session->query_safe('SELECT arbees.installation_is_ours()'), 'f', 'promoted, it is a copy');
like($standby->safe_psql('arbees', 'SELECT advice FROM arbees_status()'), qr/copy of another/, 'and says so');
is($standby->safe_psql('arbees', "SELECT level FROM arbees_resume('the primary is gone')"), 'none', 'resumed');
is($session->query_safe('SELECT arbees.installation_is_ours()'), 't', 'from then on it trades');
$session->quit;
is($standby->safe_psql('arbees', 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal is whole');
$standby->stop;

done_testing();
