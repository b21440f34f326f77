# What the venue says wrongly changes nothing it should not; keys stay where
# they are; without a database nothing is sent.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('bad', sim => [ '--window', '20s', '--assets', 'btc,eth,sol', '--seed', '15' ]);
my $sim = $desk->{sim};
my ($secret) = slurp_file($desk->{keys}) =~ /"private_key":"(?:0x)?([0-9a-f]{64})"/ or die 'no private key in the key file';
my @logs;

# The most talkative log is the one to be searched for secrets.
my $worker = worker($desk, more => [ '--log-level', 'debug' ]);
push @logs, $worker->{log};
ok(wait_ready($desk), 'the worker trades');

sub fired { return map { $_->{fired} } @{ sim_get($sim, '/sim/stats')->{faults} } }

sub input_errors
{
	my ($channel) = @_;
	return ask($desk, "SELECT coalesce(sum(count), 0) FROM arbees.input_errors WHERE kind LIKE '$channel.%'");
}

sub trades
{
	my ($what) = @_;
	my $order = take($desk, seconds => 5);
	ok($order && wait_order($desk, $order, 'FILLED|REJECTED|CANCELED', 20), "$what: an order comes to its end");
	return $order;
}

subtest 'frames that are no frames' => sub {
	faults($desk,
		{ match => { stream => 'market', event => 'price_change', every => 7 }, do => 'garbage_frame' },
		{ match => { stream => 'market', every => 11 }, do => 'truncated_frame', fraction => 0.6 },
		{ match => { stream => 'prices', every => 3 }, do => 'truncated_frame', fraction => 0.5 },
		{ match => { stream => 'user', event => 'trade', nth => 1 }, do => 'garbage_frame' },
		{ match => { stream => 'user', event => 'trade', nth => 2 }, do => 'truncated_frame', fraction => 0.3 });
	trades('frames');
	trades('frames again');
	ok(wait_until(sub { my @n = fired(); !grep { $_ == 0 } @n[0 .. 3] }, 'the faults fire', 20), 'frames were spoilt');
	foreach my $channel (qw(market price user))
	{
		ok(wait_for($desk, "SELECT count(*) > 0 FROM arbees.input_errors WHERE kind LIKE '$channel%'", 't', 10),
			"errors of the $channel channel are counted");
	}
	clear_faults($desk);
	my @said = slurp_file($worker->{log}) =~ /"topic":"input","msg":"([^:"]+):/g;
	my %times;
	$times{$_}++ foreach @said;
	cmp_ok(scalar @said, '>', 0, 'they are logged');
	is((grep { $_ > 1 } values %times), 0, 'each kind once');
	is(kill(0, $worker->{pid}), 1, 'the worker lives');
	ok(wait_ready($desk), 'and trades');
	books_agree($desk, 'bad frames');
};

subtest 'answers that are no answers' => sub {
	faults($desk,
		{ match => { method => 'GET', path => '/balance-allowance' , times => 2 }, do => 'answer', body => '{"balance":12.5,"allowances":{}}' },
		{ match => { method => 'GET', path => '/balance-allowance' , times => 2 }, do => 'answer', body => '{"balance":"1e300"}' },
		{ match => { method => 'GET', path => '/balance-allowance' , times => 1 }, do => 'answer', body => '{"error":"all is well"}' },
		{ match => { method => 'GET', path => '/data/trades', times => 1 }, do => 'answer', body => '{"data":[{"id":"x","size":NaN}]}' },
		{ match => { method => 'GET', path => '/events*', times => 2 }, do => 'answer', body => '[{"slug":"btc-updown-20s-1","markets":[{}]}]' });
	my $cash = ask($desk, q{SELECT cash::text FROM arbees.venue_balances});
	trades('answers');
	ok(wait_until(sub { my @n = fired(); $n[0] + $n[1] + $n[2] > 0 }, 'the faults fire', 15), 'answers were spoilt');
	ok(wait_until(sub { my @n = fired(); $n[0] == 2 && $n[1] == 2 && $n[2] == 1 }, 'all of them', 20), 'all of them');
	is(ask($desk, q{SELECT count(*) FROM arbees.venue_balances WHERE cash = 12.5 OR cash > 2000}), '0', 'no balance was believed');
	clear_faults($desk);
	books_agree($desk, 'bad answers');
};

# start_under WHAT, RULES: a worker that meets these faults from its first moment.
sub refused_under
{
	my ($what, $reason, $field, @rules) = @_;
	subtest $what => sub {
		kill_worker($worker, 'TERM');
		faults($desk, @rules);
		my $before = ask($desk, 'SELECT checks_at FROM arbees.venue_accounts');
		$worker = worker($desk, more => [ '--log-level', 'debug' ]);
		push @logs, $worker->{log};
		ok(wait_for($desk, "SELECT checks_at > '$before' FROM arbees.venue_accounts", 't', 20), 'the worker checks the venue');
		ok(wait_for($desk, "SELECT $field FROM arbees.venue_accounts", 't', 10), 'and reports it');
		my $sent = () = venue_orders($desk);
		my @answer;
		wait_until(sub { @answer = submit($desk, seconds => 3); @answer && $answer[1] !~ /^(quote|no_market|window|trader|not_rec|worker_silent|feed_silent)/ }, 'a window');
		is("$answer[0] $answer[1]", "denied $reason", 'a LIVE entry is refused');
		wait_until(sub { @answer = submit($desk, seconds => 3, portfolio => 'paper'); @answer && $answer[1] !~ /^(quote|no_market|window|feed_silent)/ }, 'a window');
		is($answer[0], 'accepted', 'a PAPER entry is not');
		is(scalar(() = venue_orders($desk)), $sent, 'nothing was sent');
		clear_faults($desk);
		ok(wait_ready($desk), 'once the venue says otherwise');
		trades('afterwards');
		books_agree($desk, $what);
	};
	return;
}

refused_under('the geoblock says no', 'venue_checks_failed', q{checks -> 'geoblock_ok' = 'false'},
	{ match => { path => '/api/geoblock' }, do => 'answer', body => '{"blocked":true,"ip":"127.0.0.1","country":"US","region":"NY"}' });
refused_under('the venue\'s clock is wrong', 'clock_offset', q{abs((checks ->> 'clock_offset_ms')::numeric) > 60000},
	{ match => { path => '/time' }, do => 'wrong_clock', seconds => 3600 });

subtest 'key files' => sub {
	# run WORKER with a key file of its own; its exit code.
	my $run = sub {
		my ($keys, @more) = @_;
		my $other = worker($desk, keys => $keys, name => 'other', more => [@more]);
		push @logs, $other->{log};
		return (ended($other), slurp_file($other->{log}));
	};
	my $dir = PostgreSQL::Test::Utils::tempdir();
	my $write = sub {
		my ($name, $mode, $text) = @_;
		open(my $file, '>', "$dir/$name") or die "could not write: $!";
		print $file $text;
		close $file;
		chmod $mode, "$dir/$name";
		return "$dir/$name";
	};
	my $good = slurp_file($desk->{keys});
	my ($code, $log) = $run->($write->('open.json', 0644, $good));
	is($code, 3, 'a key file others may read is refused');
	like($log, qr/0600|mode|permission/i, 'and says why');
	($code) = $run->($write->('group.json', 0640, $good));
	is($code, 3, 'one the group may read too');
	symlink $desk->{keys}, "$dir/link.json";
	($code) = $run->("$dir/link.json");
	is($code, 3, 'a symbolic link too');
	($code) = $run->($write->('none.json', 0600, '{"private_key":"0x12"}'));
	is($code, 3, 'a key that is none');
	($code) = $run->($write->('other.json', 0600, '{"private_key":"0x' . ('0' x 63) . '7"}'));
	is($code, 3, 'the key of another wallet');
	($code) = $run->("$dir/absent.json");
	is($code, 3, 'a file that is not there');
	my $password = worker($desk, name => 'other', more => [ '--db', 'password=hunter2 dbname=arbees' ]);
	is(ended($password), 2, 'a password on the command line is wrong usage');
	is(kill(0, $worker->{pid}), 1, 'the trading worker is not disturbed');
};

# Stops the server under the worker, looks at the venue for two seconds, starts it again.
sub outage
{
	my $before = () = slurp_file($worker->{log}) =~ /the database is lost, nothing is sent/g;
	$desk->{node}->stop('immediate');
	ok(wait_until(sub { $before < (() = slurp_file($worker->{log}) =~ /the database is lost, nothing is sent/g) }, 'the worker notices', 10),
		'the worker notices');
	my $sent = () = venue_orders($desk);
	my $end = time() + 2;
	wait_until(sub { $sent != (() = venue_orders($desk)) || time() > $end }, 'two seconds', 5);
	is(scalar(() = venue_orders($desk)), $sent, 'nothing is sent meanwhile');
	is(kill(0, $worker->{pid}), 1, 'the worker waits');
	return;
}

subtest 'a lost database, back within the lease' => sub {
	control($desk, 'lease_ms', 20000);
	ok(wait_for($desk, q{SELECT expires_at > clock_timestamp() + interval '15 s' FROM arbees.trader_leases}), 'a long lease');
	my $resting = rest($desk, seconds => 8);
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	# Accepted and, with luck, not yet sent when the server goes.
	submit($desk, seconds => 6);
	outage();
	$desk->{node}->start;
	ok(wait_ready($desk, 40), 'the worker comes back by itself and trades');
	trades('afterwards');
	books_agree($desk, 'database lost');
};

subtest 'a lost database, back after the lease' => sub {
	control($desk, 'lease_ms', 1000);
	ok(wait_for($desk, q{SELECT expires_at < clock_timestamp() + interval '1 s' FROM arbees.trader_leases}, 't', 20), 'a short lease');
	my $epoch = ask($desk, 'SELECT epoch FROM arbees.trader_epochs');
	outage();
	$desk->{node}->start;
	ok(wait_for($desk, q{SELECT count(*) > 0 FROM arbees.journal WHERE kind = 'trader_renewed_late'}), 'the worker renews the lease that nobody took');
	control($desk, 'lease_ms', 3000);
	ok(wait_ready($desk, 40), 'it goes on to trade');
	is(ask($desk, 'SELECT epoch FROM arbees.trader_epochs'), $epoch, 'under the same epoch');
	trades('afterwards');
	books_agree($desk, 'lease ended');
};

subtest 'secrets' => sub {
	my $seen = '';
	my $order = submit($desk, seconds => 2);
	for (1 .. 20)
	{
		$seen .= ask($desk, q{SELECT string_agg(query || ' ' || application_name, ' ') FROM pg_stat_activity});
		$seen .= eval { slurp_file($_) } // '' foreach glob '/proc/[0-9]*/cmdline';
		# Of processes that are not ours, and of hardened ones, it cannot be read.
		$seen .= eval { slurp_file($_) } // '' foreach "/proc/$worker->{pid}/environ", "/proc/$sim->{pid}/environ";
	}
	like($seen, qr/arbees-worker/, 'the command lines could be read');
	unlike($seen, qr/$secret/i, 'not in activity, command lines or environments');
	my $dump = PostgreSQL::Test::Utils::tempdir() . '/dump.sql';
	command_ok([ 'pg_dump', '-d', $desk->{node}->connstr('arbees'), '-f', $dump ], 'pg_dump');
	unlike(slurp_file($dump), qr/$secret/i, 'not in any table');
	unlike(slurp_file($_), qr/$secret/i, 'not in ' . ($_ =~ s{.*/}{}r)) foreach @logs, $desk->{node}->logfile, $sim->{log};
	ok(!-r "/proc/$worker->{pid}/mem" || !open(my $mem, '<', "/proc/$worker->{pid}/mem"), 'not to be read from the worker\'s memory');
	foreach my $log (@logs)
	{
		unlike(slurp_file($log), qr/POLY_(SIGNATURE|PASSPHRASE)|"(secret|passphrase)":"[^"*<\[]/i, 'no header or credential in ' . ($log =~ s{.*/}{}r));
	}
};

ok(quiet_down($desk, 'the test is over'), 'everything settles and is paid');
books_agree($desk, 'at the end');
is(ask($desk, 'SELECT count(*) FROM arbees.orphan_fills'), '0', 'no fill without an order');
is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');

$desk->{node}->stop;
done_testing();
