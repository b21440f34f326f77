# Two workers for one account: one trades, the other waits; a holder that was
# stopped beyond its lease finds itself replaced and sends nothing more.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('two', sim => [ '--window', '20s', '--assets', 'btc,eth,sol', '--seed', '21' ],
	controls => { lease_ms => 1500, worker_max_silence_ms => 10000 });
my %worker = (one => worker($desk, name => 'one'));
ok(wait_ready($desk), 'the first worker trades');
$worker{two} = worker($desk, name => 'two');
ok(wait_for($desk, q{SELECT count(*) = 2 FROM arbees.liveness WHERE what = 'worker' AND alive}), 'the second lives too');

sub holder { return ask($desk, 'SELECT holder FROM arbees.trader_epochs') }
sub epoch { return ask($desk, 'SELECT epoch FROM arbees.trader_epochs') }

subtest 'one trades, the other waits' => sub {
	ok(wait_until(sub { slurp_file($worker{two}{log}) =~ /the lease is not granted/ }, 'the second is refused'), 'the second is refused the lease');
	my $epoch = epoch();
	for (1 .. 3)
	{
		my $order = take($desk, seconds => 5);
		ok(wait_order($desk, $order, 'FILLED|REJECTED|CANCELED'), 'an order comes to its end');
	}
	is(holder(), 'one', 'the first still holds the account');
	is(epoch(), $epoch, 'under the same epoch');
	unlike(slurp_file($worker{two}{log}), qr/"topic":"trade","msg":"order \d/, 'the second had no order in its hands');
	books_agree($desk, 'two workers');
};

subtest 'a holder that was given up' => sub {
	# A request is in flight when it ends: it is not waited for, and the order is the next holder's to find out.
	faults($desk, { match => { method => 'POST', path => '/order', times => 1 }, do => 'delay', ms => 20000, when => 'after' },
		{ do => 'drop_fill' }, { match => { stream => 'user', event => 'order' }, do => 'drop_fill' });
	my $flying = take($desk, seconds => 8);
	ok(wait_until(sub { (sim_get($desk->{sim}, '/sim/stats')->{faults}[0]{fired} // 0) == 1 }, 'sent'), 'an order is at the venue, its answer under way');
	is(kill_worker($worker{one}, 'TERM'), 0, 'the first ends when asked');
	unlike(slurp_file($worker{one}{log}), qr/"order $flying 0x\w+: /, 'without an answer');
	clear_faults($desk);
	ok(wait_order($desk, $flying, 'FILLED|CANCELED', 30), 'whoever is next finds out what became of it');
	ok(wait_until(sub { holder() eq 'two' }, 'the second holds it'), 'the second takes over at once');
	ok(wait_ready($desk), 'and trades');
	$worker{one} = worker($desk, name => 'one');
	my $order = take($desk, seconds => 5);
	ok(wait_order($desk, $order, 'FILLED|REJECTED|CANCELED'), 'an order comes to its end');
	books_agree($desk, 'handed over');
};

foreach my $round (1 .. 3)
{
	subtest "stopped beyond its lease, round $round" => sub {
		my $name = holder();
		my $other = $name eq 'one' ? 'two' : 'one';
		ok(wait_ready($desk), "$name trades");
		my $epoch = epoch();
		my $resting = rest($desk, seconds => 8);
		ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
		# A venue slow to answer, so that the holder is likely stopped in the middle of it.
		faults($desk, { match => { method => 'POST', path => '/order', times => 1 }, do => 'delay', ms => 300, when => 'after' });
		my @late = submit($desk, seconds => 6);
		select undef, undef, undef, 0.1 * ($round - 1);
		kill 'STOP', $worker{$name}{pid};
		ok(wait_until(sub { holder() eq $other }, "$other takes over", 15), "$name is stopped, $other takes over");
		clear_faults($desk);
		is(epoch(), $epoch + 1, 'under the next epoch');
		ok(wait_ready($desk), "$other trades");
		ok(wait_order($desk, $late[2], 'FILLED|REJECTED|CANCELED|EXPIRED', 20), 'the order under way comes to its end')
		  if @late && $late[0] eq 'accepted';
		my $order = take($desk, seconds => 5);
		ok(wait_order($desk, $order, 'FILLED|REJECTED|CANCELED'), 'another does too');
		my $sent = () = venue_orders($desk);
		kill 'CONT', $worker{$name}{pid};
		is(ended($worker{$name}), 4, "$name continues, finds the lease lost and ends with code 4");
		is(scalar(() = venue_orders($desk)), $sent, 'without sending anything');
		is(ask($desk, "SELECT count(*) FROM arbees.orders WHERE claimed_epoch = $epoch AND claimed_at >
			(SELECT taken_at FROM arbees.trader_epochs)"), '0', 'or claiming');
		is(holder(), $other, "$other still holds the account");
		books_agree($desk, "round $round");
		$worker{$name} = worker($desk, name => $name);
		ok(wait_until(sub { slurp_file($worker{$name}{log}) =~ /the lease is not granted/ }, 'the lease is refused', 15),
			"$name comes back and waits its turn");
	};
}

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(ask($desk, q{SELECT count(*) FROM arbees.worker_sessions WHERE ended_at IS NULL}), '1', 'one session is open');
is(ask($desk, q{SELECT count(*) || ' ' || count(*) FILTER (WHERE epoch <> coalesce(before, 0) + 1 OR previous_holder IS DISTINCT FROM former)
	FROM (SELECT *, lag(worker) OVER w AS former, lag(epoch) OVER w AS before FROM arbees.worker_sessions WINDOW w AS (ORDER BY epoch)) s}),
	epoch() . ' 0', 'every take-over is recorded, with who was there before');
is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'no fill without an order');
is(kill_worker($worker{$_}, 'TERM'), 0, "worker $_ ends when asked") foreach qw(one two);

$desk->{node}->stop;
done_testing();
