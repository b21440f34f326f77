# A dump restored into a fresh server gives equal tables and a paused system.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Utils;
use Test::More;

my $from = arbees_node('from');
$from->safe_psql('arbees', 'SELECT arbees_start()');
ok(paper_trade($from, 1) eq 'FILLED', 'a PAPER order was filled before the dump');
$from->safe_psql('arbees', "SELECT arbees_set('max_position_usd', '7', 'a value to find again')");

# Quiet, so that both sides show one moment; the conductor seals and computes otherwise.
$from->adjust_conf('postgresql.conf', 'shared_preload_libraries', "''");
$from->restart;
my $dump = PostgreSQL::Test::Utils::tempdir() . '/arbees.dump';
command_ok([ 'pg_dump', '-Fc', '-d', $from->connstr('arbees'), '-f', $dump ], 'pg_dump');

my $to = arbees_node('to', start => 0, preload => 0);
$to->start;
$to->safe_psql('postgres', 'CREATE DATABASE arbees');
{
	local $ENV{PGOPTIONS} = '-c arbees.maintenance=restore';
	# The setting exists once the library is loaded; before, it is a placeholder.
	command_ok([ 'pg_restore', '--exit-on-error', '-d', $to->connstr('arbees'), $dump ], 'pg_restore');
}

# What belongs to a machine and a moment, not to the books.
my %differs = map { $_ => 1 } qw(installation worker_sessions);
my @tables = split /\n/, $from->safe_psql('arbees', q{
	SELECT c.relname FROM pg_class c WHERE c.relnamespace = 'arbees'::regnamespace
	AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1});
cmp_ok(scalar @tables, '>', 10, 'there are tables to compare');
my $filled = 0;
foreach my $table (@tables)
{
	next if $differs{$table};
	my $query = qq{SELECT count(*) || ' ' || coalesce(md5(string_agg(t::text, E'\\n' ORDER BY t::text)), '') FROM arbees.$table t};
	my $before = $from->safe_psql('arbees', $query);
	my $after = $to->safe_psql('arbees', $query);
	# The level rows differ by what the restore itself says: paused.
	if ($table eq 'kill_levels' || $table eq 'journal')
	{
		my ($n) = $before =~ /^(\d+)/;
		my ($m) = $after =~ /^(\d+)/;
		cmp_ok($m, '>=', $n, "$table: nothing was lost");
		next;
	}
	is($after, $before, "$table is equal");
	$filled++ if $before !~ /^0 /;
}
cmp_ok($filled, '>', 8, 'the tables compared were not empty');

# Sequences go on where they were: the next id is not one that exists.
is( $to->safe_psql('arbees', q{SELECT nextval('arbees.orders_seq') > (SELECT max(order_id) FROM arbees.orders)}),
	't', 'sequences were restored');

# Paused: nothing trades before an operator says so.
$to->safe_psql('arbees', 'SELECT arbees_start()');
my $state = paper_trade($to, 2);
is($state, '', 'a restored system accepts no entry');
my $reason = $to->safe_psql('arbees', 'SELECT verdict || coalesce(reason, \'\') FROM arbees.decisions ORDER BY decision_id DESC LIMIT 1');
like($reason, qr/^denied/, "the refusal is stored: $reason");
$to->safe_psql('arbees', "SELECT arbees_resume('this copy is the desk now')");
is(paper_trade($to, 3), 'FILLED', 'and trades after arbees_resume');

$from->stop;
$to->stop;
done_testing();
