# The kill switch from everywhere: a file, a worker's environment, a signal to
# it; and what flatten and emergency still owe after processes died.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('everywhere', sim => [ '--window', '40s', '--assets', 'btc,eth,sol', '--seed', '7' ],
	controls => { exit_retry_ms => 200 });
my $node = $desk->{node};
my $file = PostgreSQL::Test::Utils::tempdir() . '/KILL.flag';
my $worker = worker($desk);
ok(wait_ready($desk), 'the worker trades');

sub level { return ask($desk, 'SELECT level FROM arbees.kill_switch') }

sub config
{
	my ($name, $value) = @_;
	ask($desk, "ALTER SYSTEM SET $name = '$value'");
	ask($desk, 'SELECT pg_reload_conf()');
	return wait_for($desk, "SELECT current_setting('$name')", $value);
}

# A held position in each book and an order resting at the venue, in a window with time left.
sub engage
{
	my $resting = rest($desk, seconds => 20);
	my $live = take($desk, seconds => 18, amount => 2);
	my $paper = take($desk, seconds => 18, amount => 2, portfolio => 'paper');
	ok(wait_order($desk, $resting, 'OPEN') && wait_order($desk, $live, 'FILLED') && wait_order($desk, $paper, 'FILLED'),
		'an order rests, both books hold shares');
	return ($resting, $live, $paper);
}

sub position_of { my ($order) = @_; return ask($desk, "SELECT position_id FROM arbees.orders WHERE order_id = $order") }

sub at_rest { return scalar grep { $_->{status} eq 'LIVE' } venue_orders($desk) }

my $flat = q{SELECT bool_and(flat) AND bool_and(at_venue = 0) FILTER (WHERE mode = 'LIVE') FROM arbees.flatten_progress};

sub becomes_flat
{
	my ($what) = @_;
	ok(wait_for($desk, $flat, 't', 30), "$what: flat, by the books and by the venue's list")
	  or diag(ask($desk, 'SELECT f::text FROM arbees.flatten_progress f'));
	is(at_rest(), 0, "$what: nothing rests at the venue");
	books_agree($desk, $what);
	return;
}

sub resumed
{
	ask($desk, "SELECT arbees_resume('the test goes on')");
	ok(wait_ready($desk), 'after arbees_resume it trades again');
	return;
}

subtest 'a file' => sub {
	my $nowhere = PostgreSQL::Test::Utils::tempdir() . '/nowhere';
	my $impossible = q{SELECT count(*) FROM arbees.alerts WHERE kind = 'kill_file_impossible'};
	ok(config('arbees.kill_file', "$nowhere/KILL.flag"), 'a file is named where no file can be');
	ok(wait_for($desk, $impossible, '1'), 'that the valve cannot work is told');
	my $told = ask($desk, 'SELECT ticks FROM arbees.conductor');
	ok(wait_for($desk, "SELECT ticks > $told + 2 FROM arbees.conductor"), 'ticks go by');
	is(ask($desk, $impossible), '1', 'it is told once');
	my ($resting) = engage();
	ok(config('arbees.kill_file', $file), 'the file is named');
	my $ticks = ask($desk, 'SELECT ticks FROM arbees.conductor');
	ok(wait_for($desk, "SELECT ticks > $ticks + 1 FROM arbees.conductor"), 'a tick goes by');
	is(level(), 'none', 'a file that is not there stops nothing');
	append_to_file($file, '');
	$ticks = ask($desk, 'SELECT ticks FROM arbees.conductor');
	ok(wait_for($desk, q{SELECT level FROM arbees.kill_switch}, 'flatten', 10), 'once it is there, trading is stopped');
	cmp_ok(ask($desk, 'SELECT ticks FROM arbees.conductor'), '<=', $ticks + 2, 'within a tick');
	is(ask($desk, 'SELECT reason FROM arbees.kill_switch'), "file \"$file\" is there", 'and says why');
	becomes_flat('by the file');
	my ($status, undef, $error) = $node->psql('arbees', q{\set VERBOSITY verbose} . "\nSELECT arbees_resume('too early')");
	like($error, qr/RB001: trading cannot go on while the kill file is there.*HINT:  Remove it/s, 'while it is there nobody resumes');
	unlink $file or die "could not remove $file: $!";
	$ticks = ask($desk, 'SELECT ticks FROM arbees.conductor');
	ok(wait_for($desk, "SELECT ticks > $ticks + 2 FROM arbees.conductor"), 'ticks go by');
	is(level(), 'flatten', 'its removal does not let trading go on');
	resumed();
	ok(config('arbees.kill_file_level', 'pause'), 'its level is configured');
	append_to_file($file, '');
	ok(wait_for($desk, q{SELECT level FROM arbees.kill_switch}, 'pause', 10), 'and obeyed');
	ask($desk, "SELECT arbees_kill('flatten', 'stricter')");
	$ticks = ask($desk, 'SELECT ticks FROM arbees.conductor');
	ok(wait_for($desk, "SELECT ticks > $ticks + 2 FROM arbees.conductor"), 'ticks go by');
	is(level(), 'flatten', 'it never lowers a level');
	unlink $file;
	resumed();
	is(ask($desk, q{SELECT count(*) FROM arbees.tick_errors}), '0', 'no step failed');
};

subtest 'a variable' => sub {
	my ($resting) = engage();
	kill_worker($worker, 'KILL');
	is(at_rest(), 1, 'an order rests that nobody watches');
	{
		# Neither a level nor nothing: that is flatten.
		local $ENV{ARBEES_KILL} = 'yes';
		$worker = worker($desk, name => 'second');
	}
	ok(wait_for($desk, q{SELECT level FROM arbees.kill_switch}, 'flatten', 15), 'the new worker stops trading');
	ok(wait_for($desk, q{SELECT count(*) > 0 FROM arbees.journal WHERE kind = 'worker_started' AND message LIKE 'second,%'}),
		'it goes on to serve');
	is( ask($desk, q{SELECT (SELECT max(journal_id) FROM arbees.journal WHERE kind = 'killed')
		< (SELECT max(journal_id) FROM arbees.journal WHERE kind = 'worker_started')}), 't', 'and stopped trading before it said hello');
	is(ask($desk, 'SELECT reason FROM arbees.kill_switch'), 'worker second: ARBEES_KILL in the environment', 'it says why');
	ok(wait_order($desk, $resting, 'CANCELED', 20), 'it cancels');
	becomes_flat('by the variable');
	resumed();
	# The variable speaks at the start: a lost connection does not make it speak again.
	ask($desk, q{SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE 'arbees-worker%'});
	ok(wait_ready($desk), 'the worker is back');
	is(level(), 'none', 'and trades');
};

subtest 'a variable of a worker that cannot start' => sub {
	local $ENV{ARBEES_KILL} = 'Pause';
	my $keyless = worker($desk, name => 'keyless', keys => "$desk->{keys}.none");
	is(ended($keyless), 3, 'its key file is refused');
	is(level(), 'pause', 'it stopped trading before');
	is(ask($desk, 'SELECT reason FROM arbees.kill_switch'), 'worker keyless: ARBEES_KILL in the environment', 'and said why');
	resumed();
};

subtest 'a signal' => sub {
	my ($resting) = engage();
	kill 'USR1', $worker->{pid};
	ok(wait_for($desk, q{SELECT level FROM arbees.kill_switch}, 'flatten', 10), 'SIGUSR1 stops trading');
	is(ask($desk, 'SELECT reason FROM arbees.kill_switch'), 'worker second: signal SIGUSR1', 'and says why');
	ok(alive($worker->{pid}), 'the worker lives');
	becomes_flat('by the signal');
	resumed();
};

subtest 'forgotten transactions' => sub {
	my ($resting, $live, $paper) = engage();
	my (@forgotten, @pids);
	foreach my $name ('live', 'paper')
	{
		my $session = $node->background_psql('arbees', on_error_stop => 0);
		push @pids, $session->query_safe('SELECT pg_backend_pid()');
		$session->query_safe(qq{BEGIN; SELECT count(*) FROM arbees.portfolios p, LATERAL arbees.check_book(p.portfolio_id) WHERE p.name = '$name'});
		push @forgotten, $session;
	}
	# Whoever decides and waits for a portfolio may be ended by the kill switch itself; the two are not in its way.
	unlike(ask($desk, q{SELECT coalesce(holders_terminated, '') FROM arbees_kill('flatten', 'now')}), qr/pid ($pids[0]|$pids[1]) /,
		'the kill switch does not wait for them');
	becomes_flat('although the telephone rang');
	is(ask($desk, "SELECT count(*) FROM pg_stat_activity WHERE pid IN ($pids[0], $pids[1])"), '0', 'who held the portfolios was ended');
	foreach my $n (0, 1)
	{
		is(ask($desk, "SELECT count(*) FROM arbees.alerts a JOIN arbees.portfolios p USING (portfolio_id) WHERE a.kind = 'lock_holder_ended'
			AND p.name = '" . ('live', 'paper')[$n] . "' AND a.message LIKE 'pid $pids[$n] (%the kill level is flatten'"), '1', 'and is named');
		eval { $forgotten[$n]->quit };
	}
	resumed();
};

subtest 'flatten goes by the venue\'s own list' => sub {
	my ($resting) = engage();
	# The single cancels and the one for everything fail: what the list shows is left, by name.
	faults($desk,
		{ match => { method => 'DELETE', path => '/order' }, do => 'status', status => 503 },
		{ match => { method => 'DELETE', path => '/cancel-all', times => 2 }, do => 'status', status => 503 },
		{ match => { method => 'POST', path => '/order', times => 1 }, do => 'partial_fill', fraction => 0.4 });
	ask($desk, q{SELECT arbees_kill('flatten', 'the venue is in trouble')});
	becomes_flat('in spite of failing cancels');
	like(slurp_file($worker->{log}), qr/cancelling everything at the venue: refused/, 'it was tried at once');
	is(ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $resting"), 'CANCELED', 'the resting order is cancelled');
	clear_faults($desk);
	resumed();
};

subtest 'flatten ends after everything died' => sub {
	my ($resting, $live, $paper) = engage();
	# Its exit is on the way, and stays there, when the lights go out.
	faults($desk, { match => { method => 'POST', path => '/order' }, do => 'delay', ms => 3000 });
	ask($desk, q{SELECT arbees_kill('flatten', 'and then the lights go out')});
	ok(wait_for($desk, q{SELECT count(*) FROM arbees.orders WHERE mode = 'LIVE' AND purpose = 'EXIT' AND state = 'SENDING'}, 1),
		'an exit is in flight');
	kill_worker($worker, 'KILL');
	$node->stop('immediate');
	$node->start;
	is(level(), 'flatten', 'the level survives');
	isnt(ask($desk, $flat), 't', 'it is not flat without a worker');
	clear_faults($desk);
	$worker = worker($desk, name => 'third');
	becomes_flat('after the restart');
	is( ask($desk, q{SELECT count(*) FROM arbees.positions WHERE qty < 0}), '0', 'no exit crossed zero');
	resumed();
};

subtest 'emergency' => sub {
	my ($resting, $live, $paper) = engage();
	my $position = position_of($live);
	# Each rung of its exit gets a part: it is on the ladder when everything stops.
	faults($desk, { match => { method => 'POST', path => '/order' }, do => 'partial_fill', fraction => 0.3 });
	ask($desk, "SELECT arbees_close($position)");
	ok(wait_for($desk, "SELECT exit_qty > 0 FROM arbees.positions WHERE position_id = $position"), 'an exit sold a part');
	is(ask($desk, q{SELECT level FROM arbees_kill('emergency', 'everything stops')}), 'emergency', 'engaged');
	ok(wait_order($desk, $resting, 'CANCELED'), 'the resting order is cancelled');
	ok(wait_for($desk, q{SELECT working = 0 AND unknown = 0 AND at_venue = 0 FROM arbees.flatten_progress WHERE mode = 'LIVE'}),
		'nothing works, and the venue\'s list is empty');
	like(slurp_file($worker->{log}), qr/cancelling everything at the venue: done/, 'by one request');
	my $orders = ask($desk, 'SELECT count(*) FROM arbees.orders');
	my $ticks = ask($desk, 'SELECT ticks FROM arbees.conductor');
	ok(wait_for($desk, "SELECT ticks > $ticks + 4 FROM arbees.conductor"), 'the conductor goes round');
	is(ask($desk, 'SELECT count(*) FROM arbees.orders'), $orders, 'no order of any kind is made');
	is( ask($desk, "SELECT state || ' ' || why FROM arbees.unprotected_positions WHERE position_id = $position"),
		'EXIT_PENDING emergency: no order of any kind until arbees_resume', 'the position is shown as unprotected');
	is( ask($desk, q{SELECT count(*) FROM arbees.unprotected_positions u JOIN arbees.positions p USING (position_id)
		WHERE u.mode = 'PAPER'}), '1', 'so is one whose stop could not sell now');
	my ($status, undef, $error) = $node->psql('arbees', q{SET ROLE arbees_operator; SELECT arbees_resume('not mine')});
	like($error, qr/permission denied/, 'an operator does not lift it');
	clear_faults($desk);
	ask($desk, q{SET ROLE arbees_risk; SELECT arbees_resume('looked at')});
	ok(wait_for($desk, "SELECT state = 'CLOSED' FROM arbees.positions WHERE position_id = $position", 't', 15),
		'after arbees_resume its ladder goes on');
	is( ask($desk, "SELECT settled_qty = 0 AND qty < 0.01 FROM arbees.positions WHERE position_id = $position"), 't', 'by the rungs that were left');
	books_agree($desk, 'after the emergency');
	ok(wait_ready($desk), 'it trades');
};

subtest 'a drill' => sub {
	my ($resting, $live, $paper) = engage();
	my ($held, $kept) = (position_of($paper), position_of($live));
	my $paper_rests = rest($desk, seconds => 14, portfolio => 'paper');
	my $drill = ask($desk, q{SELECT arbees_kill_drill('paper')});
	ok(wait_for($desk, "SELECT count(*) FROM arbees.kill_drills WHERE drill_id = $drill AND ok", 3, 20), 'all three levels work')
	  or diag(ask($desk, "SELECT d::text FROM arbees.kill_drills d WHERE drill_id = $drill"));
	is( ask($desk, qq{SELECT bool_and(ms_to_flat BETWEEN 0 AND 19999) AND count(ms_to_flat) = 2 AND bool_and(called_by = session_user)
		FROM arbees.kill_drills WHERE drill_id = $drill}), 't', 'who and how long is stored');
	note(ask($desk, "SELECT string_agg(level || ' ' || coalesce(ms_to_flat::text, '-') || ' ms', ', ' ORDER BY level) FROM arbees.kill_drills WHERE drill_id = $drill"));
	is(ask($desk, "SELECT state || ' ' || exit_reason FROM arbees.positions WHERE position_id = $held"), 'CLOSED kill', 'the position was sold');
	is(ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $paper_rests"), 'CANCELED', 'the resting order was cancelled');
	is(ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $resting"), 'OPEN', 'the LIVE order rests');
	is(ask($desk, "SELECT state FROM arbees.positions WHERE position_id = $kept"), 'MONITORING', 'the LIVE position is held');
	is(level(), 'none', 'the kill switch never moved');
	is(ask($desk, q{SELECT kill_level || ' ' || drill_level FROM arbees.portfolios WHERE name = 'paper'}), 'none none', 'the portfolio trades again');
	books_agree($desk, 'after the drill');
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(ask($desk, 'SELECT ok FROM arbees.verify_journal()'), 't', 'the journal\'s chain holds');
is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');

$node->stop;
done_testing();
