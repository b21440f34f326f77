# test/t/ArbeesGate.pm
#	A desk without a worker, for tests of the gate itself: the same one that the
#	SQL tests have (test/sql/desk.inc), on a server of its own.

package ArbeesGate;

use strict;
use warnings;

use Exporter 'import';
use FindBin;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

use Arbees;

our @EXPORT = qw(gate_node debug_node);

# gate_node NAME [, conf => text] [, install_path => folder]: desk.inc is in database arbees.
sub gate_node
{
	my ($name, %opt) = @_;
	my $node = arbees_node($name, %opt, preload => 0);
	$node->command_ok(
		[ 'psql', '-X', '-q', '-v', 'ON_ERROR_STOP=1', '-d', $node->connstr('arbees'),
			'-c', 'SET client_min_messages = warning', '-f', "$FindBin::RealBin/../sql/desk.inc" ],
		'the desk is set up');
	# What the script said for itself must hold for every session.
	$node->safe_psql('arbees', q{ALTER DATABASE arbees SET timezone = 'UTC'});
	return $node;
}

# debug_node NAME: as gate_node, with a library that has debug points, and a
# server that restarts itself when a backend is killed.
sub debug_node
{
	my ($name) = @_;
	my $path = $ENV{ARBEES_DEBUG_SERVER};
	plan skip_all => 'the server with debug points is made by test/run' unless defined $path;
	return gate_node($name, install_path => $path, conf => 'restart_after_crash = on');
}

1;
