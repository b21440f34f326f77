# What SQL tests cannot try: rows that arrive by COPY from a client, or from a publisher.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesGate;
use PostgreSQL::Test::Utils;
use Test::More;

my $publisher = gate_node('publisher', init => { allows_streaming => 'logical' });
my $desk = gate_node('subscriber', init => { allows_streaming => 'logical' });

# trade NODE, KEY: what the gate says of a signal there.
sub trade
{
	my ($node, $key) = @_;
	return $node->safe_psql('arbees', qq{SELECT desk.make_window('$key', 0, 86400);
		SELECT FROM desk.quote('PAPER', desk.clock() + 1, '$key.up', 0.50, 0.52);
		SELECT desk.try(desk.signal('{"key": "$key", "symbol": "$key.up"}'))}) =~ s/^\n+//r;
}

my @tables = qw(decisions positions orders fills portfolio_ledger);
my $counts = join ' || \' \' || ', map { "(SELECT count(*) FROM arbees.${_}_paper)" } @tables;
sub counts { my ($node) = @_; return $node->safe_psql('arbees', "SELECT $counts") }

like(trade($publisher, 'first'), qr/accepted$/, 'the publisher trades');
like(trade($desk, 'own'), qr/accepted$/, 'so does the desk');
my $before = counts($desk);

# As each role, from a client.
$desk->safe_psql('arbees', 'CREATE ROLE ordinary LOGIN; CREATE ROLE risk LOGIN IN ROLE arbees_risk; CREATE ROLE w LOGIN IN ROLE arbees_worker');
foreach my $table (@tables, 'journal', 'kill_levels')
{
	my $row = $publisher->safe_psql('arbees', "COPY (SELECT * FROM arbees.$table LIMIT 1) TO STDOUT");
	my %refusal = (postgres => qr/RB003/, map { $_ => qr/42501/ } qw(ordinary risk w));
	foreach my $role (sort keys %refusal)
	{
		my ($status, $out, $err) = $desk->psql('arbees', "\\set VERBOSITY sqlstate\nSET ROLE $role;\nCOPY arbees.$table FROM STDIN;\n$row\n\\.\n",
			on_error_stop => 0);
		like($err, $refusal{$role}, "COPY into $table by $role is refused");
	}
}
is(counts($desk), $before, 'nothing came in');

# From a publisher: the apply worker runs with session_replication_role = replica, the guards fire all the same.
$publisher->safe_psql('arbees', 'CREATE PUBLICATION p FOR TABLE ' . join ', ', map { "arbees.${_}_paper" } @tables);
my $from = $publisher->connstr('arbees');
$desk->safe_psql('arbees', "CREATE SUBSCRIPTION s CONNECTION \$c\$$from application_name=s\$c\$ PUBLICATION p WITH (copy_data = false)");
my $log = -s $desk->logfile;
like(trade($publisher, 'second'), qr/accepted$/, 'the publisher trades on');
ok($desk->wait_for_log(qr/ERROR:  (RB003: )?(rows of "\w+" cannot be|(orders|positions) are written by)/, $log), 'the apply worker meets a guard');
is(counts($desk), $before, 'nothing came in');
is($desk->safe_psql('arbees', 'SELECT arbees.installation_is_ours()'), 't', 'the desk is still bound');

# Told to be a replica, it takes the rows, and does not trade.
$desk->safe_psql('arbees', 'ALTER DATABASE arbees SET arbees.maintenance = replica');
ok(wait_for_sql($desk, q{SELECT count(*) = 1 FROM arbees.orders WHERE client_order_id ~ '-2$' AND created_at > now() - interval '1 hour'}),
	'as a replica it takes the order');
$publisher->wait_for_catchup('s');
isnt(counts($desk), $before, 'the rows are there');
is($desk->safe_psql('arbees', 'SELECT arbees.installation_is_ours()'), 'f', 'the desk is unbound');
is($desk->safe_psql('arbees', q{SELECT count(*) > 0 FROM arbees.journal WHERE kind = 'maintenance'}), 't', 'the journal says why');
# Numbers drawn do not travel with rows.
$desk->safe_psql('arbees', q{SELECT setval('arbees.decisions_seq', 1000)});
like(trade($desk, 'replica'), qr/denied foreign_copy$/, 'and no entry is made');
my ($status, $out, $err) = $desk->psql('arbees', "DELETE FROM arbees.orders");
like($err, qr/orders are never deleted/, 'sessions are no replica, whatever the setting says');

$desk->safe_psql('arbees', 'DROP SUBSCRIPTION s');
$desk->stop;
$publisher->stop;
done_testing();
