# A copy of the files started beside the original, and a promoted standby: the
# rows say that it trades, the place or the timeline that it does not. A worker at
# it sends and cancels nothing until arbees_resume and a clean reconciliation.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use ArbeesDesk;
use PostgreSQL::Test::Cluster;
use PostgreSQL::Test::Utils;
use Test::More;

my $desk = new_desk('copies', sim => [ '--window', '300s', '--assets', 'btc,eth,sol', '--seed', '19' ],
	conf => "wal_level = replica\nmax_wal_senders = 4\n");
my $original = $desk->{node};
my $worker = worker($desk);
ok(wait_ready($desk), 'the worker trades');

sub at_rest { return scalar grep { $_->{status} eq 'LIVE' } venue_orders($desk) }
# Near the end of a window there is none to rest in.
sub resting { return rest($desk, seconds => 60) || rest($desk, seconds => 60) || rest($desk, seconds => 60) }

my $identity = q{SELECT (SELECT system_identifier FROM pg_control_system()) || ' ' || (SELECT timeline_id FROM pg_control_checkpoint())
	|| ' ' || (SELECT oid FROM pg_database WHERE datname = current_database()) || ' ' || 'arbees.installation'::regclass::oid};

# Whoever asks a copy gets no lease, and so has nothing to cancel; LIVE entries are denied there.
sub paused
{
	my ($copy, $stranger) = @_;
	ok(wait_until(sub { slurp_file($stranger->{log}) =~ /the lease is not granted: paused: this database is a copy/ }, 'refused'),
		'a worker at it is not granted the lease');
	is($copy->{node}->safe_psql('arbees', 'SELECT arbees.installation_is_ours()'), 'f', 'it knows that it is a copy');
	like($copy->{node}->safe_psql('arbees', 'SELECT advice FROM arbees_status()'), qr/copy of another/, 'and says so');
	ok(wait_until(sub { my @answer = submit($copy, seconds => 10); return @answer && $answer[1] eq 'foreign_copy' }, 'denied'),
		'its gate denies entries');
	return;
}

subtest 'a copy started beside the original' => sub {
	my $resting = resting();
	ok(wait_order($desk, $resting, 'OPEN'), 'an order of the original rests');
	$original->backup('clone');
	my $node = PostgreSQL::Test::Cluster->new('clone');
	$node->init_from_backup($original, 'clone');
	$node->start;
	my $copy = { %$desk, node => $node };
	is($node->safe_psql('arbees', $identity), $original->safe_psql('arbees', $identity), 'every number of it is the original\'s');
	isnt($node->safe_psql('arbees', 'SELECT count(*) FROM arbees.trader_epochs'), '0', 'so are its rows');
	my $stranger = worker($desk, node => $node, name => 'stranger');
	paused($copy, $stranger);
	is($original->safe_psql('arbees', 'SELECT arbees.installation_is_ours()'), 't', 'the original is the original');
	is(at_rest(), 1, 'its order rests still');
	is(ask($desk, "SELECT state FROM arbees.orders WHERE order_id = $resting"), 'OPEN', 'and is open');
	is($node->safe_psql('arbees', 'SELECT count(*) FROM arbees.orders WHERE cancel_sent_at IS NOT NULL'), '0', 'the copy had nothing cancelled');
	is(kill_worker($stranger, 'TERM'), 0, 'the stranger ends when asked');
	# A restart in place is no copy.
	$original->restart;
	is(ask($desk, 'SELECT arbees.installation_is_ours()'), 't', 'the original is itself after a restart, too');
	ok(wait_ready($desk), 'and trades');
	books_agree($desk, 'a copy beside it');
	$node->stop;
};

subtest 'a promoted standby' => sub {
	$original->backup('standby');
	my $standby = PostgreSQL::Test::Cluster->new('standby');
	$standby->init_from_backup($original, 'standby', has_streaming => 1);
	$standby->start;
	my $resting = resting();
	ok(wait_order($desk, $resting, 'OPEN'), 'an order rests');
	$original->wait_for_catchup($standby);
	kill_worker($worker, 'KILL');
	$original->stop('immediate');
	$standby->promote;
	my $copy = { %$desk, node => $standby };
	$worker = worker($copy);
	paused($copy, $worker);
	is(ask($copy, "SELECT cancel_sent_at IS NULL FROM arbees.orders WHERE order_id = $resting"), 't', 'nothing is cancelled');
	# The venue does not answer for the account: the copy is bound, and not yet compared.
	faults($desk, { match => { method => 'GET', path => '/data/trades*' }, do => 'status', status => 503 });
	is(ask($copy, "SELECT level FROM arbees_resume('the primary is gone')"), 'none', 'resumed');
	ok(wait_until(sub { slurp_file($worker->{log}) =~ /the lease is granted/ }, 'granted'), 'the lease is granted');
	ok(wait_until(sub { my @answer = submit($copy, seconds => 10); return @answer && $answer[1] eq 'not_reconciled' }, 'denied'),
		'entries wait for a clean reconciliation');
	clear_faults($desk);
	ok(wait_ready($copy, 60), 'which comes when the venue answers: it trades');
	ok(wait_order($copy, $resting, 'CANCELED', 30), 'what the primary left is cancelled');
	my $order = take($copy, seconds => 5);
	ok($order && wait_order($copy, $order, 'FILLED|CANCELED|REJECTED', 20), 'an order comes to its end');
	books_agree($copy, 'promoted');
	ask($copy, q{SELECT arbees_kill('flatten', 'the test is over')});
	ok(flat($copy), 'everything is closed');
	books_agree($copy, 'at the end');
	is(kill_worker($worker, 'TERM'), 0, 'the worker ends when asked');
	$standby->stop;
};

done_testing();
