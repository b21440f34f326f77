# A commit whose wait for the standby was cancelled may be lost with this server:
# a claim of that kind is not acted upon, a lease of that kind is none.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

# A lease so long that none of its renewals comes in the way of the first part.
my $desk = new_desk('doubt', sim => [ '--window', '60s', '--assets', 'btc,eth,sol', '--seed', '23' ],
	conf => "wal_level = replica\nmax_wal_senders = 4\n",
	controls => { lease_ms => 60000, worker_max_silence_ms => 30000, send_deadline_ms => 60000 });
my $worker = worker($desk);
ok(wait_ready($desk), 'the worker trades');
# The test's own statements wait for nobody.
$ENV{PGOPTIONS} = '-c synchronous_commit=local';

sub standby
{
	my ($name) = @_;
	ask($desk, "ALTER SYSTEM SET synchronous_standby_names = '$name'");
	ask($desk, 'SELECT pg_reload_conf()');
	return;
}

# A desk whose questions are all asked in one session.
{
	package InSession;
	sub psql { my ($self, $database, $query) = @_; return (0, $self->{session}->query_safe($query), '') }
}

# Every wait for the standby is cancelled until it has said so.
sub cancel_waits_until
{
	my ($log, $pattern) = @_;
	return wait_until(
		sub {
			# Many calls are in the queue, each waits in its turn; the conductor waits with locks that they want.
			ask($desk, q{DO $$ BEGIN
				FOR i IN 1 .. 25 LOOP
					PERFORM pg_stat_clear_snapshot();
					PERFORM pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event = 'SyncRep';
					PERFORM pg_sleep(0.02);
				END LOOP;
			END $$});
			return slurp_file($log) =~ $pattern;
		},
		"log: $pattern", 60);
}

subtest 'a claim' => sub {
	my $sent = () = venue_orders($desk);
	# Who waits for a standby holds his locks: the decision is made before, and seen after.
	my $session = $desk->{node}->background_psql('arbees');
	$session->query_safe('BEGIN');
	my $order = take({ %$desk, node => bless({ session => $session }, 'InSession') }, seconds => 20);
	ok($order, 'an order is decided');
	standby('gone');
	# A commit of nobody's shows that the setting has arrived.
	my $probe = $desk->{node}->background_psql('arbees');
	$probe->query_until(qr/asked/, "\\echo asked\nSET synchronous_commit = on; SELECT pg_logical_emit_message(true, 'test', 'waits');\n");
	ok(wait_for($desk, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE wait_event = 'SyncRep'}), 'commits wait for a standby that is not there');
	$session->query_safe('COMMIT');
	$session->quit;
	ok(cancel_waits_until($worker->{log}, qr/order $order was not sent: the claim may not have reached the standby/), 'the claim is in doubt: nothing is sent');
	is(ask($desk, "SELECT claimed_at IS NOT NULL FROM arbees.orders WHERE order_id = $order"), 't', 'committed here and visible all the same');
	is(scalar(() = venue_orders($desk)), $sent, 'the venue never saw it');
	standby('');
	$probe->quit;
	ok(wait_order($desk, $order, 'CANCELED', 30), 'it ends unsent');
	is(ask($desk, "SELECT last_reason FROM arbees.orders WHERE order_id = $order"), 'the claim may not have reached the standby', 'and says why');
	is(scalar(() = venue_orders($desk)), $sent, 'the venue never saw it');
	ok(wait_ready($desk), 'then it trades');
	$order = take($desk, seconds => 10);
	ok($order && wait_order($desk, $order, 'FILLED|CANCELED|REJECTED', 20), 'an order comes to its end');
	books_agree($desk, 'a claim in doubt');
};

subtest 'a lease' => sub {
	is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');
	standby('gone');
	$worker = worker($desk);
	ok(cancel_waits_until($worker->{log}, qr/the lease may not have reached the standby, it is asked for again/), 'a lease in doubt is asked for again');
	unlike(slurp_file($worker->{log}), qr/the lease is granted/, 'and not taken for granted');
	standby('');
	ok(wait_until(sub { slurp_file($worker->{log}) =~ /the lease is granted, epoch \d+/ }, 'granted'), 'it is granted when the commit is certain');
	ok(wait_ready($desk), 'then it trades');
	is(ask($desk, q{SELECT count(*) FROM arbees.worker_sessions WHERE ended_at IS NULL}), '1', 'one session is open');
	books_agree($desk, 'a lease in doubt');
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');
$desk->{node}->stop;
done_testing();
