# The worker without its database: nothing more is sent, what rests at the venue
# is cancelled after a grace, and all of it is told when the database is back. The
# database may be away for one worker alone: what another placed is not touched.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('lost', sim => [ '--window', '60s', '--assets', 'btc,eth,sol', '--seed', '17' ],
	conf => "wal_level = replica\nmax_wal_senders = 4\n",
	controls => { lease_ms => 3000, worker_max_silence_ms => 10000 });
my $proxy = start_proxy($desk->{node});
my @patience = ('--cancel-after-ms', '1000');
my $one = worker($desk, name => 'one', proxy => $proxy, more => \@patience);
ok(wait_ready($desk), 'the worker trades through the proxy');

sub epoch { return ask($desk, 'SELECT epoch FROM arbees.trader_epochs') }
sub holder { return ask($desk, 'SELECT holder FROM arbees.trader_epochs') }
sub at_rest { return scalar grep { $_->{status} eq 'LIVE' } venue_orders($desk) }
sub state_of { my ($order) = @_; return ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $order") }
sub log_has { my ($worker, $pattern) = @_; return wait_until(sub { slurp_file($worker->{log}) =~ $pattern }, "log: $pattern", 30) }
my $told = 0;
my $alerts = q{SELECT count(*) FROM arbees.alerts WHERE kind = 'canceled_without_database'};

# The database has one report more, with what was done in numbers.
sub reported
{
	my ($when, $pattern) = @_;
	$told++;
	ok(wait_for($desk, "SELECT ($alerts) = $told"), "$when: told when the database is back");
	like(ask($desk, q{SELECT message FROM arbees.alerts WHERE kind = 'canceled_without_database' ORDER BY alert_id DESC LIMIT 1}),
		$pattern, "$when: with what was done");
	return;
}

subtest 'cut off beyond the lease, nobody else there' => sub {
	my $epoch = epoch();
	my $resting = rest($desk, seconds => 20);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	# An order under way: the venue fills it and answers when the database is gone.
	faults($desk, { match => { method => 'POST', path => '/order', times => 1 }, do => 'delay', ms => 1500, when => 'after' });
	my $late = take($desk, seconds => 10);
	ok(wait_until(sub { (sim_get($desk->{sim}, '/sim/stats')->{faults}[0]{fired} // 0) == 1 }, 'sent'), 'another is under way');
	my $sent = () = venue_orders($desk);
	kill_worker($proxy, 'KILL');
	ok(wait_until(sub { at_rest() == 0 }, 'nothing rests'), 'what rested is cancelled without the database');
	ok(wait_for($desk, q{SELECT bool_and(expires_at < clock_timestamp()) FROM arbees.trader_leases}), 'the lease ends');
	ok(alive($one->{pid}), 'the worker lives on');
	is(state_of($resting), 'OPEN', 'of which the database knows nothing');
	$proxy = start_proxy($desk->{node}, $proxy->{port});
	clear_faults($desk);
	ok(wait_order($desk, $resting, 'CANCELED', 20), 'it hears how the order ended');
	ok(wait_order($desk, $late, 'FILLED', 20), 'and that the other was filled meanwhile');
	reported('cut off', qr/one: no database for \d{4,} ms: 1 orders were canceled by name in \d+ requests, the venue confirmed 1 and still listed 0$/);
	is(epoch(), $epoch, 'nobody took over, the epoch goes on');
	is(ask($desk, q{SELECT count(*) FROM arbees.journal WHERE kind = 'trader_renewed_late'}), '1', 'renewed late, which is recorded');
	is(scalar(() = venue_orders($desk)), $sent, 'nothing was sent meanwhile');
	ok(wait_ready($desk), 'it trades again');
	books_agree($desk, 'cut off');
};

subtest 'a connection that says nothing any more' => sub {
	my $epoch = epoch();
	my $resting = rest($desk, seconds => 20);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	kill 'STOP', $proxy->{pid};
	ok(wait_until(sub { at_rest() == 0 }, 'nothing rests'), 'what rested is cancelled');
	ok(wait_for($desk, q{SELECT bool_and(expires_at < clock_timestamp()) FROM arbees.trader_leases}), 'the lease ends');
	kill 'CONT', $proxy->{pid};
	ok(wait_order($desk, $resting, 'CANCELED', 20), 'the database hears of it');
	reported('silent', qr/: 1 orders were canceled by name/);
	is(epoch(), $epoch, 'the epoch goes on');
	ok(alive($one->{pid}), 'so does the worker');
	ok(wait_ready($desk), 'it trades again');
	books_agree($desk, 'silent');
};

subtest 'a connection that never says anything again' => sub {
	my $epoch = epoch();
	my $resting = rest($desk, seconds => 20);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	kill 'USR1', $proxy->{pid};
	ok(wait_until(sub { at_rest() == 0 }, 'nothing rests'), 'what rested is cancelled');
	ok(log_has($one, qr/action connection: no answer for 20 s/), 'the connection is given up');
	ok(wait_order($desk, $resting, 'CANCELED', 20), 'over another the database hears of it');
	reported('mute', qr/: 1 orders were canceled by name/);
	is(epoch(), $epoch, 'the epoch goes on');
	ok(wait_ready($desk), 'it trades again');
	books_agree($desk, 'mute');
};

subtest 'commits that wait for a standby that is gone' => sub {
	my $epoch = epoch();
	my $resting = rest($desk, seconds => 20);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	local $ENV{PGOPTIONS} = '-c synchronous_commit=local';
	ask($desk, q{ALTER SYSTEM SET synchronous_standby_names = 'gone'});
	ask($desk, 'SELECT pg_reload_conf()');
	ok(wait_until(sub { at_rest() == 0 }, 'nothing rests'), 'who cannot commit cancels what rests');
	ask($desk, q{ALTER SYSTEM SET synchronous_standby_names = ''});
	ask($desk, 'SELECT pg_reload_conf()');
	ok(wait_order($desk, $resting, 'CANCELED', 20), 'the database hears of it');
	reported('waiting commits', qr/: 1 orders were canceled by name/);
	is(epoch(), $epoch, 'the epoch goes on');
	ok(wait_ready($desk), 'it trades again');
	books_agree($desk, 'waiting commits');
};

subtest 'backends terminated' => sub {
	my $epoch = epoch();
	my $resting = rest($desk, seconds => 20);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	for (1 .. 3)
	{
		my $gone = ask($desk, q{SELECT string_agg(pid::text, ',') FROM pg_stat_activity WHERE application_name LIKE 'arbees-worker%'});
		ask($desk, q{SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name LIKE 'arbees-worker%'});
		ok(wait_for($desk, qq{SELECT count(*) = 0 FROM pg_stat_activity WHERE pid IN ($gone)}), 'its connections are terminated');
		ok(wait_for($desk, q{SELECT count(*) >= 2 FROM pg_stat_activity WHERE application_name ~ 'arbees-worker (action|decision)'}), 'and made anew');
	}
	ok(wait_ready($desk), 'it trades on');
	is(epoch(), $epoch, 'under the same epoch');
	is(state_of($resting), 'OPEN', 'within the grace nothing is cancelled');
	is(ask($desk, $alerts), $told, 'nor told');
	ask($desk, "SELECT arbees_cancel($resting)");
	ok(wait_order($desk, $resting, 'CANCELED'), 'its orders are in its hands');
	books_agree($desk, 'terminated');
};

foreach my $how (qw(silent cut))
{
	subtest "another takes over, the connection $how" => sub {
		my $epoch = epoch();
		is(holder(), 'one', 'one trades');
		my $old = rest($desk, seconds => 25);
		ok(wait_order($desk, $old, 'OPEN'), 'its order rests');
		my $two = worker($desk, name => 'two');
		ok(log_has($two, qr/the lease is not granted/), 'two waits');
		$how eq 'cut' ? kill_worker($proxy, 'KILL') : kill 'STOP', $proxy->{pid};
		ok(wait_until(sub { holder() eq 'two' }, 'two takes over'), 'one is cut off, two takes over');
		ok(wait_order($desk, $old, 'CANCELED', 20), 'what the older epoch left is cancelled');
		ok(wait_ready($desk), 'two trades');
		my $new = rest($desk, seconds => 25);
		ok(wait_order($desk, $new, 'OPEN'), 'its order rests');
		# One is still there and looks at the venue's list, in which that order is.
		my $seen = () = slurp_file($one->{log}) =~ /the venue lists/g;
		ok(wait_until(sub { slurp_file($one->{log}) =~ /(?:the venue lists.*){$seen}the venue lists 1 orders, 0 of ours/s }, 'one looks', 30),
			'one sees it and knows that it is not its own');
		is(state_of($new), 'OPEN', 'it is left alone');
		my $sent = () = venue_orders($desk);
		$how eq 'cut' ? ($proxy = start_proxy($desk->{node}, $proxy->{port})) : kill 'CONT', $proxy->{pid};
		is(ended($one), 4, 'one finds the lease lost and ends with code 4');
		# It trades no more, so its log is where it is sure to be told; the database may hear of it too.
		ok(log_has($one, qr/canceled_without_database: no database for \d+ ms: 1 orders were canceled by name/), 'it says what it did');
		$told = ask($desk, $alerts);
		is(at_rest(), 1, 'the order of two rests still');
		is(scalar(() = venue_orders($desk)), $sent, 'one sent nothing');
		is(ask($desk, "SELECT count(*) FROM arbees.orders WHERE claimed_epoch = $epoch AND claimed_at > (SELECT taken_at FROM arbees.trader_epochs)"),
			'0', 'nor claimed');
		is(ask($desk, qq{SELECT worker || ', ' || previous_holder || ', ' || (SELECT end_reason FROM arbees.worker_sessions WHERE epoch = $epoch)
			FROM arbees.worker_sessions WHERE epoch = $epoch + 1}), 'two, one, taken over by two', 'the take-over is recorded');
		books_agree($desk, "another took over, $how");
		is(kill_worker($two, 'TERM'), 0, 'two ends when asked');
		$one = worker($desk, name => 'one', proxy => $proxy, more => \@patience);
		ok(wait_ready($desk), 'one trades again');
		ok(wait_order($desk, $new, 'CANCELED', 20), 'and cancels what two left');
		is(ask($desk, qq{SELECT count(*) FROM arbees.journal WHERE kind = 'older_epoch_canceled' AND ref_id IN ($old, $new)}), '2', 'both recorded');
	};
}

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'no fill without an order');
is(kill_worker($one, 'TERM'), 0, 'the worker ends when asked');

$desk->{node}->stop;
done_testing();
