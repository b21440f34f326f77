# The extension comes and goes whole, refuses unsafe places, and needs no preloading.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = arbees_node('install', preload => 0);

is($node->safe_psql('arbees', "SELECT count(*) FROM pg_extension WHERE extname = 'arbees'"), '1', 'created without preloading');
is( $node->safe_psql('arbees', q{
	SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
	WHERE n.nspname = 'public' AND p.proname LIKE 'arbees\_%' AND p.pronargdefaults > 0}),
	'0', 'no operator verb has a default argument');
is( $node->safe_psql('arbees', q{
	SELECT count(*) FROM pg_proc p JOIN pg_depend d ON d.objid = p.oid AND d.deptype = 'e' AND d.classid = 'pg_proc'::regclass
	JOIN pg_extension e ON e.oid = d.refobjid AND e.extname = 'arbees'
	WHERE p.prosecdef AND NOT coalesce(p.proconfig @> ARRAY['search_path=pg_catalog, pg_temp'], false)
	AND p.proname NOT IN ('submit_signal', 'claim_order')}),
	'0', 'every SECURITY DEFINER function fixes its search_path, but for the two doors that do it themselves');
is( $node->safe_psql('arbees', q{
	SELECT count(*) FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname = 'arbees' AND NOT t.tgisinternal AND t.tgname LIKE '%\_guard' AND t.tgenabled <> 'A'}),
	'0', 'every guard fires always');

# SELECT arbees_start() alone brings the conductor up, without a restart.
$node->safe_psql('arbees', 'SELECT arbees_start()');
is($node->safe_psql('arbees', 'SELECT arbees.conductor_pid() IS NOT NULL'), 't', 'arbees_start brings the conductor up');

# A conductor must let go of a database that is dropped.
$node->safe_psql('arbees', 'DROP EXTENSION arbees CASCADE');
is($node->safe_psql('arbees', "SELECT count(*) FROM pg_proc p WHERE p.proname LIKE 'arbees%'"), '0', 'dropped whole');
$node->safe_psql('arbees', 'CREATE EXTENSION arbees');
pass('created again');
$node->safe_psql('postgres', 'DROP DATABASE arbees WITH (FORCE)');
pass('its database can be dropped');

$node->safe_psql('postgres', 'CREATE DATABASE open');
$node->safe_psql('open', 'GRANT CREATE ON SCHEMA public TO PUBLIC');
my ($status, $out, $err) = $node->psql('open', 'CREATE EXTENSION arbees');
isnt($status, 0, 'refused where PUBLIC may create');
like($err, qr/PUBLIC|public/, 'and says why');

$node->stop;
done_testing();
