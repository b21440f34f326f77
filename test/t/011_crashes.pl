# Whatever is killed comes back by itself, nothing is sent twice, the books agree.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('crashes', sim => [ '--window', '12s', '--seed', '5' ]);
my $sim = $desk->{sim};
supervise($desk);
ok(wait_ready($desk), 'the supervised worker trades');

# back DESK, WHAT: everything lives again and takes an order.
sub back
{
	my ($what) = @_;
	ok(wait_ready($desk, 40), "$what: entries are possible again");
	my $order = take($desk);
	ok($order, "$what: an order is accepted");
	ok(wait_order($desk, $order, 'FILLED|CANCELED|REJECTED', 15), "$what: and comes to its end");
	is(ask($desk, q{SELECT count(*) FROM arbees.orders WHERE mode = 'LIVE' AND state IN ('SENDING', 'UNKNOWN')}), '0',
		"$what: no order's fate is open");
	return;
}

subtest 'the worker, with orders at rest and held shares' => sub {
	my $resting = rest($desk, seconds => 8);
	my $held = take($desk, seconds => 6);
	ok(wait_order($desk, $resting, 'OPEN') && wait_order($desk, $held, 'FILLED'), 'one rests, one is filled');
	my $pid = worker_pid($desk);
	kill 'KILL', $pid;
	ok(process_gone($pid), 'killed -9');
	ok(wait_for($desk, "SELECT worker_pid <> $pid FROM arbees.conductor", 't', 20), 'another is started');
	back('worker');
	books_agree($desk, 'worker killed');
};

subtest 'the worker, between claim and answer' => sub {
	# The venue acts at once and answers long after; the user channel keeps silent too.
	faults($desk,
		{ match => { method => 'POST', path => '/order', times => 1 }, do => 'delay', ms => 20000, when => 'after' },
		{ do => 'drop_fill' }, { match => { stream => 'user', event => 'order' }, do => 'drop_fill' });
	my $order = take($desk, seconds => 5);
	ok(wait_order($desk, $order, 'SENDING|UNKNOWN'), 'claimed');
	ok(wait_until(sub { (sim_get($sim, '/sim/stats')->{faults}[0]{fired} // 0) == 1 }, 'the venue has it'), 'and sent');
	my $pid = worker_pid($desk);
	kill 'KILL', $pid;
	ok(process_gone($pid), 'killed -9');
	ok(wait_order($desk, $order, 'FILLED', 30), 'the next worker finds out that it was filled');
	clear_faults($desk);
	back('mid-flight');
	books_agree($desk, 'killed between claim and answer');
};

subtest 'the worker, between claim and send' => sub {
	# The venue is slow to read: it has not acted when the worker dies, and hears a hang-up.
	faults($desk, { match => { method => 'POST', path => '/order', times => 1 }, do => 'delay', ms => 1500 });
	my $order = take($desk, seconds => 5);
	ok(wait_order($desk, $order, 'SENDING|UNKNOWN'), 'claimed');
	my $pid = worker_pid($desk);
	kill 'KILL', $pid;
	ok(process_gone($pid), 'killed -9');
	ok(wait_order($desk, $order, 'FILLED|CANCELED', 30), 'the next worker finds out what became of it');
	clear_faults($desk);
	back('unsent');
	books_agree($desk, 'killed between claim and send');
};

subtest 'the conductor' => sub {
	my $worker = worker_pid($desk);
	my $conductor = ask($desk, 'SELECT arbees.conductor_pid()');
	my $held = take($desk, seconds => 5);
	ok($held, 'an order is under way');
	kill 'KILL', $conductor;
	ok(process_gone($worker, 15), 'its worker goes with it');
	ok(wait_for($desk, "SELECT arbees.conductor_pid() <> $conductor", 't', 30), 'another conductor starts');
	back('conductor');
	books_agree($desk, 'conductor killed');
};

subtest 'the backend that serves the worker' => sub {
	my $backend = ask($desk, q{SELECT pid FROM pg_stat_activity WHERE usename = 'desk_worker' ORDER BY backend_start LIMIT 1});
	ok($backend, 'the worker has a backend');
	ok(restarted($desk->{node}, sub { kill 'KILL', $backend }), 'killed -9: the server restarts itself');
	back('backend');
	books_agree($desk, 'backend killed');
};

subtest 'one connection of the worker, cut' => sub {
	my $worker = worker_pid($desk);
	ask($desk, q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE usename = 'desk_worker'});
	back('connection');
	is(worker_pid($desk), $worker, 'the worker lived on');
	books_agree($desk, 'connections cut');
};

subtest 'the whole server' => sub {
	my $resting = rest($desk, seconds => 8);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	my $worker = worker_pid($desk);
	$desk->{node}->stop('immediate');
	ok(process_gone($worker, 15), 'the supervised worker does not outlive the server');
	$desk->{node}->start;
	back('server');
	books_agree($desk, 'server stopped at once');
};

subtest 'the venue hangs up' => sub {
	my $worker = worker_pid($desk);
	my $resting = rest($desk, seconds => 8);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	faults($desk,
		{ match => { stream => 'market', times => 1 }, do => 'disconnect' },
		{ match => { stream => 'user', times => 1 }, do => 'disconnect' },
		{ match => { stream => 'prices', times => 1 }, do => 'disconnect' });
	my $held = take($desk, seconds => 5);
	ok(wait_until(sub { 2 <= grep { $_->{fired} } @{ sim_get($sim, '/sim/stats')->{faults} } }, 'streams are cut'), 'streams are cut');
	ok(wait_order($desk, $held, 'FILLED|CANCELED|REJECTED', 20), 'an order sent meanwhile comes to its end');
	clear_faults($desk);
	back('streams');
	is(worker_pid($desk), $worker, 'the worker lived on');
	books_agree($desk, 'streams cut');
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'no fill without an order');
is(ask($desk, 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal\'s chain holds');

$desk->{node}->stop;
done_testing();
