# test/t/Arbees.pm
#	Servers with the extension, simulators and workers for the TAP tests.
#
# Everything started here is stopped when the test ends: servers by
# PostgreSQL::Test::Cluster, the rest by END below and, should the test be
# killed, by --die-with-parent.

package Arbees;

use strict;
use warnings;

use Exporter 'import';
use File::Basename qw(basename);
use IPC::Run ();
use JSON::PP ();
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;
use Time::HiRes qw(sleep time);

our @EXPORT = qw(arbees_node start_sim stop_sim sim_get sim_post start_worker kill_worker
  program start_proxy wait_for_sql wait_until restarted have_shared write_keys paper_desk paper_trade);

our @running;
my $counter = 0;

# program NAME: where the installed program is; skips the whole file without it.
sub program
{
	my ($name) = @_;
	my $path = ($ENV{ARBEES_BIN} // '') . "/$name";
	plan skip_all => "$name is not built" unless -x $path;
	return $path;
}

# have_shared PATH: the file or folder below the shared data, undef when absent.
sub have_shared
{
	my ($path) = @_;
	my $shared = $ENV{ARBEES_SHARED};
	return undef unless defined $shared && length $shared && -r "$shared/$path";
	return "$shared/$path";
}

# arbees_node NAME [, preload => 1] [, conf => text] [, start => 0] [, install_path => folder]:
# a running server with the extension in database arbees.
sub arbees_node
{
	my ($name, %opt) = @_;
	my $node = PostgreSQL::Test::Cluster->new($name, install_path => $opt{install_path});
	$node->init(%{ $opt{init} // {} });
	$node->append_conf('postgresql.conf', "max_connections = 40\ntimezone = 'UTC'\nlog_statement = 'none'");
	if ($opt{preload} // 1)
	{
		$node->append_conf('postgresql.conf',
			"shared_preload_libraries = 'arbees'\narbees.database = 'arbees'");
	}
	$node->append_conf('postgresql.conf', $opt{conf}) if defined $opt{conf};
	return $node if defined $opt{start} && !$opt{start};
	$node->start;
	$node->safe_psql('postgres', 'CREATE DATABASE arbees');
	$node->safe_psql('arbees', 'CREATE EXTENSION arbees');
	return $node;
}

# spawn NAME, COMMAND...: runs it with its output in a file; returns a handle.
sub spawn
{
	my ($name, @command) = @_;
	my $number = ++$counter;
	# Files run at the same time and share the folder.
	my $log = "$PostgreSQL::Test::Utils::log_path/" . basename($0, '.pl') . "-$name-$number.log";
	my $handle = IPC::Run::start(\@command, '<', \undef, '>', $log, '2>&1');
	my $self = { name => $name, handle => $handle, log => $log, pid => $handle->{KIDS}[0]{PID} };
	push @running, $self;
	return $self;
}

# start_sim ARGUMENTS...: starts arbees-sim; adds port and endpoints (decoded JSON).
sub start_sim
{
	my (@arguments) = @_;
	my $ready = PostgreSQL::Test::Utils::tempdir() . "/sim-ready";
	my $sim = spawn('sim', program('arbees-sim'), '--listen', '127.0.0.1:0', '--ready-file', $ready,
		'--die-with-parent', @arguments);
	wait_until(sub { -s $ready && slurp_file($ready) =~ /\n\z/ }, 'simulator listens', 20)
	  or BAIL_OUT('simulator did not start: ' . slurp_file($sim->{log}));
	my $facts = JSON::PP->new->decode(slurp_file($ready));
	$sim->{port} = $facts->{port};
	$sim->{endpoints} = $facts->{endpoints};
	$sim->{endpoints_json} = JSON::PP->new->canonical->encode($facts->{endpoints});
	return $sim;
}

sub stop_sim
{
	my ($sim) = @_;
	kill 'TERM', $sim->{pid};
	IPC::Run::finish($sim->{handle});
	@running = grep { $_ != $sim } @running;
	return;
}

# sim_get SIM, PATH: decoded answer of an admin endpoint, undef on failure.
sub sim_get
{
	my ($sim, $path) = @_;
	return sim_request($sim, 'GET', $path, undef);
}

sub sim_post
{
	my ($sim, $path, $body) = @_;
	return sim_request($sim, 'POST', $path, JSON::PP->new->encode($body));
}

# HTTP::Tiny is core Perl; the simulator speaks plain HTTP on loopback.
sub sim_request
{
	my ($sim, $method, $path, $body) = @_;
	require HTTP::Tiny;
	my $http = HTTP::Tiny->new(timeout => 10, proxy => undef, http_proxy => undef);
	my %options;
	if (defined $body)
	{
		$options{content} = $body;
		$options{headers} = { 'content-type' => 'application/json' };
	}
	my $answer = $http->request($method, "http://127.0.0.1:$sim->{port}$path", \%options);
	return undef unless $answer->{success};
	return JSON::PP->new->allow_bignum->decode($answer->{content});
}

# paper_desk NODE: venue test and portfolio paper with the canary, once per database.
sub paper_desk
{
	my ($node) = @_;
	my $made = $node->safe_psql('arbees', "SELECT count(*) FROM arbees.venues WHERE name = 'test'");
	return if $made;
	$node->safe_psql('arbees', q{
		SELECT arbees_create_venue('test', true, false, '{}', 137);
		SELECT arbees_create_portfolio('paper', 'PAPER', 'test', NULL);
		SELECT arbees_deposit('paper', 1000, 'to begin with');
		SELECT arbees_deploy('always_trade_canary', 'paper', '{"seconds_before_close": 3600}')});
	return;
}

# paper_trade NODE, NUMBER: says what a worker would say of a new window; the
# state of the entry order that results, '' for none.
sub paper_trade
{
	my ($node, $number) = @_;
	paper_desk($node);
	return $node->safe_psql('arbees', qq{
		DO \$\$ BEGIN
			PERFORM arbees.worker_hello('perl', 'test', NULL, 'feed,trade', 1, true);
			PERFORM arbees.worker_heartbeat('perl', '{}');
		END \$\$;
		CREATE TEMP TABLE seen AS
		SELECT w.*, n.now FROM (SELECT floor(extract(epoch FROM clock_timestamp()))::bigint AS now) n,
			LATERAL arbees.report_window((SELECT venue_id FROM arbees.venues WHERE name = 'test'), 'btc-test-$number', 'BTC',
				'0x0$number', (n.now - 60) * 1000, (n.now + 600) * 1000, 'last_tick', '1$number', '2$number',
				0.01, 5, 1, 0.07, 1, false) w;
		CREATE TEMP TABLE tickets AS
		SELECT t.* FROM seen, LATERAL arbees.on_quotes((SELECT venue_id FROM arbees.venues WHERE name = 'test'),
			'PAPER', NULL, ARRAY[up_instrument, down_instrument], '{0.55,0.43}', '{500,500}', '{0.57,0.45}',
			'{500,500}', ARRAY[now * 1000, now * 1000], '{BTC}', '{100000}', ARRAY[now * 1000]) t;
		SELECT o.state FROM arbees.orders o JOIN seen ON o.instrument_id IN (up_instrument, down_instrument)
			WHERE o.purpose = 'ENTRY'});
}

# write_keys [KEY]: a key file as the worker demands it, mode 0600; its path.
sub write_keys
{
	my ($key) = @_;
	my $path = PostgreSQL::Test::Utils::tempdir() . "/keys.json";
	$key //= '0x' . join('', map { sprintf '%02x', int(rand(256)) } 1 .. 32);
	umask 0077;
	open(my $file, '>', $path) or die "could not write $path: $!";
	print $file JSON::PP->new->encode({ private_key => $key }), "\n";
	close($file) or die "could not write $path: $!";
	return $path;
}

# start_worker NODE, ARGUMENTS...: starts arbees-worker against database arbees.
sub start_worker
{
	my ($node, @arguments) = @_;
	return spawn('worker', program('arbees-worker'), '--db', $node->connstr('arbees'),
		'--die-with-parent', @arguments);
}

# start_proxy NODE [, PORT]: a proxy to the server, see ArbeesProxy.pm; adds port. The same port for one that was killed.
sub start_proxy
{
	my ($node, $port) = @_;
	require ArbeesProxy;
	require IO::Socket::INET;
	if (!defined $port)
	{
		my $probe = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1) or die "no port: $@";
		$port = $probe->sockport;
		close $probe;
	}
	my ($folder) = $INC{'ArbeesProxy.pm'} =~ m{^(.*)/};
	my $proxy = spawn('proxy', $^X, '-I', $folder, '-MArbeesProxy', '-e', 'ArbeesProxy::serve(@ARGV)', $port,
		$node->host . '/.s.PGSQL.' . $node->port);
	wait_until(sub { slurp_file($proxy->{log}) =~ /listening/ }, 'the proxy listens', 20)
	  or BAIL_OUT('the proxy did not start: ' . slurp_file($proxy->{log}));
	$proxy->{port} = $port;
	return $proxy;
}

sub kill_worker
{
	my ($worker, $signal) = @_;
	kill $signal // 'KILL', $worker->{pid};
	IPC::Run::finish($worker->{handle});
	@running = grep { $_ != $worker } @running;
	return $? >> 8;
}

# wait_until CODE, WHAT [, SECONDS]: polls until it is true; false on time-out.
sub wait_until
{
	my ($code, $what, $seconds) = @_;
	my $end = time() + ($seconds // 30);
	while (time() < $end)
	{
		return 1 if $code->();
		sleep 0.05;
	}
	diag("waited in vain: $what");
	return 0;
}

# wait_for_sql NODE, QUERY [, EXPECTED [, SECONDS]]: polls a query in arbees.
sub wait_for_sql
{
	my ($node, $query, $expected, $seconds) = @_;
	my $last = '';
	$expected //= 't';
	my $done = wait_until(
		sub {
			# A server that is going may end psql before it has read the query.
			my ($status, $out) = eval { $node->psql('arbees', $query) };
			$last = $out // '';
			return defined $status && $status == 0 && $last eq $expected;
		},
		$query,
		$seconds);
	diag("last answer: $last") unless $done;
	return $done;
}

# restarted NODE, CODE: runs CODE, which kills a backend, and waits until the server has restarted its
# processes: until it notices, it takes statements that the restart then cuts off. True if it did.
sub restarted
{
	my ($node, $code) = @_;
	my $checkpointer = q{SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'};
	my $before = $node->safe_psql('arbees', $checkpointer);
	$code->();
	return wait_for_sql($node, "SELECT ($checkpointer) <> $before", 't', 60);
}

END
{
	my $status = $?;
	foreach my $process (@running)
	{
		kill 'TERM', $process->{pid};
		eval { $process->{handle}->kill_kill(grace => 5) };
	}
	$? = $status;
}

1;
