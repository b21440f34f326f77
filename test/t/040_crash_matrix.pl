# Who dies, where in an order's life, and what the venue does meanwhile: for each
# cell of the matrix, what must have come of the order once all is well again.
# After each cell the venue's orders, trades, cash and shares are ours.
#
# A fixed choice of the cells, in which each two of point, victim and fault meet,
# runs with every test; MATRIX=all (make crash-matrix) runs all of them, MATRIX='after_send worker' those
# whose name (point victim fault) matches.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesChaos;
use ArbeesDesk;
use POSIX ();
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

# The points of an order's life, by the worker's debug points:
#	before_claim		the bytes are built and signed, the claim is not asked for
#	after_claim			the claim is committed and known, no byte has left
#	after_send			all bytes are with the venue, no answer is read
#	after_answer		the answer, or its loss, is known; nothing is reported
#	during_report		the worker: has sent the report and knows no answer. Others: die while the report
#						waits for the order's row in the database
#	between_fills		one fill of the order is booked or on its way, the next is not
#	during_cancel		the cancel is with the venue, no answer is read
#	during_settlement	the outcome of the order's window is on its way to the database
#
# The victims, in the table's columns:
my @victims = qw(worker backend conductor server sim);

# The faults, in the order of the letters of a cell. A cancel meets them instead of the order it ends.
my @faults = qw(lost late error500 duplicate fill_first missed);
my %fault_text = (
	lost => 'answer lost',
	late => 'answer late',
	error500 => '500 after accept',
	duplicate => 'duplicate acknowledgement',
	fill_first => 'fill before acknowledgement',
	missed => 'disconnect with fills missed');

# What must have come of the order:
#	O	the venue has it once, filled, and so have we
#	N	it was never sent, ended without a share
#	E	as O or as N: it depends on whether it can still be sent before its deadline
#	C	the venue has it once, cancelled, and so have we
#	S	as O, and its window is settled, its position closed
#	-	the cell cannot be, see below
my $table = q{
before_claim		EEEEEE	EEEEEE	EEEEEE	EEEEEE	EEEEEE
after_claim			NNNNNN	EEEEEE	EEEEEE	EEEEEE	EEEEEE
after_send			OOOOOO	OOOOOO	OOOOOO	OOOOOO	OOOOOO
after_answer		OOOOOO	OOOOOO	OOOOOO	OOOOOO	OOOOOO
during_report		OOOOOO	OOOOOO	OOOOOO	OOOOOO	OOOOOO
between_fills		OOOOOO	OOOOOO	OOOOOO	OOOOOO	OOOOOO
during_cancel		CCCC-C	CCCC-C	CCCC-C	CCCC-C	CCCC-C
during_settlement	SSSSSS	SSSSSS	SSSSSS	SSSSSS	SSSSSS
};
my %cannot_be = ('during_cancel fill_first' => 'an order that is cancelled at rest has no fill to come before an acknowledgement');

# The rules of a fault; the first tells by its count that the fault was met, where it can be counted on.
my @twice = ({ do => 'duplicate_fill' }, { match => { stream => 'user', event => 'order' }, do => 'duplicate_fill' });
my @missed = map { { match => { stream => 'user', event => $_, times => 2 }, do => 'disconnect' } } qw(order trade);

sub rules
{
	my ($fault, $method) = @_;
	my %match = (match => { method => $method, path => '/order', times => 1 });
	return ({ %match, do => 'disconnect', when => 'after' }) if $fault eq 'lost';
	return ({ %match, do => 'delay', ms => 1500, when => 'after' }) if $fault eq 'late';
	return ({ %match, do => 'status', status => 500, when => 'after' }) if $fault eq 'error500';
	return ({ %match, do => 'fill_before_ack', ms => 600 }) if $fault eq 'fill_first';
	return @twice if $fault eq 'duplicate';
	return (@missed, { do => 'drop_fill', match => { times => 2 } });
}

# What is sent before the point meets its fault; whether the stream says anything meanwhile is chance.
my %counted = map { $_ => 1 } qw(lost late error500 fill_first);

my (@points, %expected);
foreach my $line (grep { /\S/ } split /\n/, $table)
{
	my ($point, @cells) = split ' ', $line;
	push @points, $point;
	foreach my $v (0 .. $#victims)
	{
		$expected{$point}{ $victims[$v] }{ $faults[$_] } = substr $cells[$v], $_, 1 foreach 0 .. $#faults;
	}
}

# ---- one cell ----

sub order_facts
{
	my ($desk, $order) = @_;
	my ($id, $state, $filled, $ended) = split /\|/, ask($desk, qq{
		SELECT coalesce(venue_order_id, 'none'), state, filled_qty > 0, finished_at IS NOT NULL
		FROM arbees.orders WHERE order_id = $order});
	return ($id, $state, $filled eq 't', $ended eq 't');
}

# outcome DESK, ORDER, FAULT: the letter it came to, or what is wrong with it.
sub outcome
{
	my ($desk, $order, $wanted, $fault, $fired) = @_;
	my ($id, $state, $filled, $ended) = order_facts($desk, $order);
	my @there = grep { $_->{id} eq $id } venue_orders($desk);
	return "order $order has not ended, it is $state" unless $ended;
	return 'it is at the venue ' . @there . ' times' if @there > 1;
	if (!@there)
	{
		return "$state without the venue having it" if $filled || $state !~ /^(CANCELED|EXPIRED|REJECTED)$/;
		return 'N';
	}
	return 'it did not meet its fault' if $counted{$fault} && !$fired;
	return $state eq 'CANCELED' || $there[0]{size_matched} == $there[0]{original_size} ? 'C' : "$state after the cancel"
	  if $wanted eq 'C';
	return "$state, nothing filled" unless $filled && $state =~ /^(FILLED|CANCELED)$/;
	return 'O' if $wanted ne 'S';
	return ask($desk, qq{SELECT w.state >= 'RESOLVED' AND p.state = 'CLOSED' FROM arbees.orders o
		JOIN arbees.positions p USING (position_id) JOIN arbees.instruments i ON i.instrument_id = o.instrument_id
		JOIN arbees.windows w ON w.window_id = i.window_id WHERE o.order_id = $order}) eq 't' ? 'S' : 'its window is not settled';
}

sub as_expected
{
	my ($wanted, $came) = @_;
	return $wanted eq 'E' ? $came =~ /^[NO]$/ : $came eq $wanted;
}

sub arm
{
	my ($desk, $order) = @_;
	unlink "$desk->{debug}.hit";
	open(my $file, '>', "$desk->{debug}.new") or die "could not write: $!";
	print $file $order;
	close($file) or die "could not write: $!";
	rename "$desk->{debug}.new", $desk->{debug} or die "could not rename: $!";
	return;
}

sub reached { my ($desk, $seconds) = @_; return wait_until(sub { -e "$desk->{debug}.hit" }, 'the point is reached', $seconds) }

sub pid { my ($desk) = @_; return $desk->{workers}{one}{pid} }

# The victim dies while the worker stands at the point; the worker goes on as soon as it is dead.
sub blow
{
	my ($desk, $victim) = @_;
	return process_gone(pid($desk), 10) if $victim eq 'worker';
	return strike($desk, $victim, sub { kill 'CONT', pid($desk) });
}

# The report waits for a row that we hold; then the victim dies.
sub blow_during_report
{
	my ($desk, $victim, $order) = @_;
	my $holder = $desk->{node}->background_psql('arbees', on_error_stop => 0);
	$holder->query_safe("BEGIN; SELECT FROM arbees.orders WHERE order_id = $order AND mode = 'LIVE' FOR UPDATE");
	kill 'CONT', pid($desk);
	my $waits = wait_for($desk, q{SELECT count(*) > 0 FROM pg_stat_activity WHERE usename = 'desk_worker' AND wait_event_type = 'Lock'}, 't', 10);
	my $struck = strike($desk, $victim);
	# With the server it went as well.
	eval { $holder->quit; 1 } or note('who held the row is gone');
	return $waits && $struck;
}

# place DESK, POINT, FAULT: the order of a cell, on its way to the point; its id, 0 when there is no market.
sub place
{
	my ($desk, $point, $victim, $fault) = @_;
	# A report is held up by a row that is taken before anything can be known.
	my $spot = $point eq 'during_report' && $victim ne 'worker' ? 'after_send' : $point;
	my $action = $victim eq 'worker' ? 'kill' : 'stop';
	my $resting = 0;
	if ($point eq 'during_cancel')
	{
		$resting = rest($desk, seconds => 6) or return 0;
	}
	faults($desk, rules($fault, $resting ? 'DELETE' : 'POST'));
	arm($desk, "$spot:$action:1");
	if ($resting)
	{
		ask($desk, "SELECT arbees_cancel($resting)");
		return $resting;
	}
	# Enough to take more than the best price has, so that there are several fills.
	return take($desk, seconds => 4, amount => $point eq 'between_fills' ? 400 : 3);
}

sub come_to_rest
{
	my ($desk, $order) = @_;
	return wait_until(
		sub {
			tend($desk, 'one');
			sleep 0.1;
			return (order_facts($desk, $order))[3];
		},
		"order $order ends", 40);
}

sub fired { my ($desk) = @_; return sim_get($desk->{sim}, '/sim/stats')->{faults}[0]{fired} // 0 }

# verdict DESK, WANTED, ORDER, FAULT, FIRED: '' when the cell is as it must be.
sub verdict
{
	my ($desk, $wanted, $order, $fault, $fired) = @_;
	my $came = '';
	my $as_it_must = wait_until(
		sub {
			tend($desk, 'one');
			$came = outcome($desk, $order, $wanted, $fault, $fired);
			return as_expected($wanted, $came);
		},
		"order $order is $wanted", 20);
	$desk->{came}{$fault} = $came;
	return $as_it_must ? '' : "expected $wanted: $came";
}

sub with_the_venue
{
	my ($desk) = @_;
	my @wrong;
	wait_until(sub { tend($desk, 'one'); @wrong = ArbeesChaos::venue_differences($desk); return !@wrong }, 'the books agree', 20);
	return join '; ', @wrong;
}

# run_cell DESK, POINT, VICTIM, FAULT: '' or what is wrong.
sub run_cell
{
	my ($desk, $point, $victim, $fault) = @_;
	my $wanted = $expected{$point}{$victim}{$fault};
	my ($order, $there);
	# An order may find one price where two were needed, or its window may close on it: then another is sent.
	for (1 .. 4)
	{
		return 'the desk was not ready' unless ready($desk, 60, 'one');
		$order = place($desk, $point, $victim, $fault);
		next unless $order;
		$there = reached($desk, 8);
		last if $there;
		unlink $desk->{debug};
		clear_faults($desk);
		come_to_rest($desk, $order);
	}
	return 'the point was not reached' unless $there;
	my $hit = $point eq 'during_report' && $victim ne 'worker' ? blow_during_report($desk, $victim, $order) : blow($desk, $victim);
	return 'the blow did not strike' unless $hit;
	come_to_rest($desk, $order);
	my $fired = fired($desk);
	clear_faults($desk);
	return join '; ', grep { $_ ne '' } verdict($desk, $wanted, $order, $fault, $fired), with_the_venue($desk), ArbeesChaos::guesses($desk, $order);
}

# run_settlement DESK, VICTIM, FAULT...: orders that met the faults wait for their window's end, when the victim dies.
sub run_settlement
{
	my ($desk, $victim, @of) = @_;
	my (%order, %fired, %wrong);
	return map { $_ => 'the desk was not ready' } @of unless ready($desk, 60, 'one');
	my $where = 'true';
	foreach my $fault (@of)
	{
		faults($desk, rules($fault, 'POST'));
		$order{$fault} = take($desk, seconds => $where eq 'true' ? 12 : 2, where => $where, amount => 3);
		come_to_rest($desk, $order{$fault}) if $order{$fault};
		$fired{$fault} = fired($desk);
		$where = 'w.window_epoch = ' . ask($desk, qq{SELECT w.window_epoch FROM arbees.orders o
			JOIN arbees.instruments i USING (instrument_id) JOIN arbees.windows w ON w.window_id = i.window_id WHERE order_id = $order{$fault}})
		  if $where eq 'true' && $order{$fault};
	}
	clear_faults($desk);
	arm($desk, 'during_settlement:' . ($victim eq 'worker' ? 'kill' : 'stop') . ':1');
	return map { $_ => 'the point was not reached' } @of unless reached($desk, 40);
	blow($desk, $victim);
	foreach my $fault (@of)
	{
		$wrong{$fault} = $order{$fault} ? verdict($desk, $expected{during_settlement}{$victim}{$fault}, $order{$fault}, $fault, $fired{$fault})
		  : 'no order was accepted';
	}
	my $all = with_the_venue($desk);
	$wrong{$_} = join '; ', grep { $_ ne '' } $wrong{$_}, $all foreach @of;
	return %wrong;
}

# ---- which cells, and who runs them ----

my $only = $ENV{MATRIX} // '';

# In the choice each two of point, victim and fault meet at least once.
sub chosen
{
	my ($p, $v, $f) = @_;
	return "$points[$p] $victims[$v] $faults[$f]" =~ /$only/ if $only ne '' && $only ne 'all';
	return $only eq 'all' || ($p + $f) % @victims == $v;
}

my (@jobs, @never);
my %count = (cells => 0, possible => 0);
foreach my $p (0 .. $#points)
{
	foreach my $v (0 .. $#victims)
	{
		my @of;
		foreach my $f (0 .. $#faults)
		{
			my ($point, $victim, $fault) = ($points[$p], $victims[$v], $faults[$f]);
			$count{cells}++;
			if ($expected{$point}{$victim}{$fault} eq '-')
			{
				push @never, [ $point, $victim, $fault ];
				next;
			}
			$count{possible}++;
			push @of, $fault if chosen($p, $v, $f);
		}
		next unless @of;
		# One window's end serves all faults; elsewhere each cell has an order of its own.
		push @jobs, $points[$p] eq 'during_settlement' ? [ $points[$p], $victims[$v], @of ] : map { [ $points[$p], $victims[$v], $_ ] } @of;
	}
}

sub run_jobs
{
	my ($desk, $results, $queue) = @_;
	open(my $out, '>', $results) or die "could not write $results: $!";
	$out->autoflush(1);
	my $number;
	while (sysread($queue, $number, 4))
	{
		my ($point, $victim, @of) = @{ $jobs[$number] };
		my $begin = time();
		my %wrong = eval {
			$point eq 'during_settlement' ? run_settlement($desk, $victim, @of) : ($of[0] => run_cell($desk, $point, $victim, $of[0]));
		};
		my $died = $@;
		foreach my $fault (@of)
		{
			my $wrong = $wrong{$fault} // "broke off: $died";
			$wrong =~ s/\s+/ /g;
			my $came = $wrong eq '' ? $desk->{came}{$fault} : '';
			print $out join("\t", $point, $victim, $fault, $came, sprintf('%.1f', (time() - $begin) / @of), $wrong), "\n";
		}
		unlink $desk->{debug};
	}
	clear_faults($desk);
	my $rest = settled($desk, 90, 'one') ? '' : 'did not come to rest; ';
	$rest .= wrongs($desk, rest => 1);
	$rest =~ s/\s+/ /g;
	print $out join("\t", 'end', $desk->{name}, '', '', 0, $rest), "\n";
	dismiss($desk, 'one');
	close($out) or die "could not write $results: $!";
	return;
}

# matrix_desk NUMBER: the worker has debug points, told of them in a file.
sub matrix_desk
{
	my ($number) = @_;
	my $desk = hurt_desk("matrix_$number",
		sim => [ '--window', '18s', '--assets', 'btc,eth,sol,xrp', '--seed', 40 + $number ],
		controls => { confirm_timeout_ms => 800 });
	$desk->{debug} = PostgreSQL::Test::Utils::tempdir() . '/debug-point';
	return $desk;
}

plan skip_all => 'the worker with debug points is made by test/run' unless defined $ENV{ARBEES_DEBUG_SERVER};
unlike(slurp_file(program('arbees-worker')), qr/ARBEES_DEBUG_POINT/, 'the worker that is installed has no debug points');
my $desks = $ENV{MATRIX_DESKS} // 2;
# The desks take jobs from one queue, a pipe with a number of four digits for each.
pipe(my $queue, my $fill) or die "no pipe: $!";
syswrite $fill, sprintf '%04d', $_ foreach 0 .. $#jobs;
close($fill);
my @results;
my @children;
my @kept;
foreach my $number (1 .. $desks)
{
	my $desk = matrix_desk($number);
	my $results = PostgreSQL::Test::Utils::tempdir() . '/results';
	push @kept, $desk;
	push @results, $results;
	my $child = fork() // die "no process: $!";
	if ($child == 0)
	{
		# What the parent started is the parent's to stop.
		@Arbees::running = ();
		$ENV{ARBEES_BIN} = "$ENV{ARBEES_DEBUG_SERVER}/bin";
		$ENV{ARBEES_DEBUG_POINT} = "\@$desk->{debug}";
		eval { run_jobs($desk, $results, $queue); 1 } or print STDERR "desk $number: $@";
		kill 'KILL', $_->{pid} foreach values %{ $desk->{workers} };
		POSIX::_exit(0);
	}
	push @children, $child;
}
waitpid $_, 0 foreach @children;

my %ran;
foreach my $line (map { split /\n/, -e $_ ? slurp_file($_) : '' } @results)
{
	my ($point, $victim, $fault, $came, $took, $wrong) = split /\t/, $line, -1;
	$ran{"$point $victim $fault"}++;
	if ($point eq 'end') { is($wrong, '', "$victim: at the end all holds, and nothing is left open"); next }
	my $wanted = $expected{$point}{$victim}{$fault};
	is($wrong, '', "$point, $victim dies, $fault_text{$fault}: $wanted" . ($wanted eq 'E' ? ", came to $came" : '') . " ($took s)");
}
foreach my $job (@jobs)
{
	my ($point, $victim, @of) = @$job;
	ok($ran{"$point $victim $_"}, "$point, $victim dies, $fault_text{$_}: was run") foreach grep { !$ran{"$point $victim $_"} } @of;
}
is(scalar(grep { /^end / } keys %ran), $desks, 'every desk came to its end');
ok($cannot_be{"$_->[0] $_->[2]"}, "$_->[0], $_->[1] dies, $_->[2]: cannot be, and why is written") foreach @never;
note(sprintf '%d cells, %d of them can be, %d were run', $count{cells}, $count{possible}, scalar(grep { !/^end / } keys %ran));

$_->{node}->stop('immediate') foreach @kept;
done_testing();
