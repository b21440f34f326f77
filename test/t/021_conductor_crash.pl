# kill -9 of the conductor: the server restarts its processes, the worker dies
# with its conductor, and both come back by themselves.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Utils;
use Test::More;

my $node = arbees_node('main', conf => "arbees.worker_command = 'sleep 1000'\nrestart_after_crash = on");
sub running
{
	my ($more) = @_;
	return "SELECT pid = arbees.conductor_pid() AND worker_pid IS NOT NULL AND $more FROM arbees.conductor";
}
ok(wait_for_sql($node, running('true')), 'conductor and worker live');

sub pids
{
	return split /\|/, $node->safe_psql('arbees', 'SELECT pid, worker_pid FROM arbees.conductor');
}

my ($conductor, $worker) = pids();
ok(kill(0, $worker), 'the worker is a process');
kill 'KILL', $conductor;
ok(wait_until(sub { !kill(0, $worker) }, 'the worker dies with its conductor'), 'the worker is gone');
ok(wait_for_sql($node, running("pid <> $conductor AND worker_pid <> $worker")), 'another conductor lives, with another worker');
my ($conductor2, $worker2) = pids();
isnt($worker2, $worker, 'the worker is another');

# kill -9 of the worker: started again, and the conductor is the same.
kill 'KILL', $worker2;
ok(wait_for_sql($node, running("worker_pid <> $worker2")), 'a killed worker is started again');
my ($conductor3, $worker3) = pids();
is($conductor3, $conductor2, 'by the same conductor');

# pg_cancel_backend and pg_terminate_backend: neither reaches the worker by the group.
$node->safe_psql('arbees', 'SELECT pg_cancel_backend(arbees.conductor_pid())');
sleep 1;
is(join(' ', pids()), "$conductor3 $worker3", 'a cancel disturbs nothing');

# The journal survived, and so did its chain.
is($node->safe_psql('arbees', 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal is whole');

# A shutdown leaves nobody behind.
$node->stop('fast');
ok(wait_until(sub { !kill(0, $worker3) }, 'the worker ends with the server'), 'no worker is left');

# A server that starts before its database exists waits for it.
my $early = arbees_node('early', start => 0);
$early->start;
$early->safe_psql('postgres', 'SELECT pg_sleep(1)');
$early->safe_psql('postgres', 'CREATE DATABASE arbees');
$early->safe_psql('postgres', 'SELECT pg_sleep(1)');
$early->safe_psql('arbees', 'CREATE EXTENSION arbees');
ok(wait_for_sql($early, 'SELECT ticks > 0 FROM arbees.conductor'), 'the conductor finds database and extension');
unlike(slurp_file($early->logfile), qr/FATAL/, 'and did not fill the log while it waited');
# DROP EXTENSION: it rests, and goes on when the extension is back.
$early->safe_psql('arbees', 'DROP EXTENSION arbees; CREATE EXTENSION arbees');
ok(wait_for_sql($early, 'SELECT ticks > 0 FROM arbees.conductor'), 'it goes on with a new installation');
$early->stop;

done_testing();
