# A kill is on disk when its call returns, though the session commits
# asynchronously and nobody else flushes.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use Arbees;
use PostgreSQL::Test::Utils;
use Test::More;

# No conductor and a sleeping WAL writer: what is flushed, this session flushed.
my $node = arbees_node('flushed', preload => 0,
	conf => "fsync = on\nautovacuum = off\nwal_writer_delay = 10s\nwal_writer_flush_after = 1GB\ncheckpoint_timeout = 1h");
$node->safe_psql('arbees', 'CREATE TABLE lost (n integer)');
$node->safe_psql('postgres', 'CHECKPOINT');

# Asynchronous work after the kill may be lost; that it is shows that nothing else flushed.
my $unflushed = $node->safe_psql('arbees', q{
	SET synchronous_commit = off;
	INSERT INTO lost VALUES (1);
	SELECT pg_current_wal_flush_lsn() < pg_current_wal_insert_lsn()});
is($unflushed, 't', 'an asynchronous commit is not flushed');
my $level = $node->safe_psql('arbees', q{
	SET synchronous_commit = off;
	SELECT level FROM arbees_kill('flatten', 'asynchronous')});
is($level, 'flatten', 'the kill is taken as it comes');
$node->stop('immediate');
$node->start;
is($node->safe_psql('arbees', 'SELECT level || reason FROM arbees.kill_switch'), 'flattenasynchronous', 'it survives the crash');
is($node->safe_psql('arbees', 'SELECT count(*) FROM lost'), '1', 'and with it all that came before');

$node->safe_psql('arbees', q{SET synchronous_commit = off; SELECT arbees_resume('asynchronous'); INSERT INTO lost VALUES (2)});
$node->stop('immediate');
$node->start;
is($node->safe_psql('arbees', 'SELECT level FROM arbees.kill_switch'), 'none', 'so does a resume');
is($node->safe_psql('arbees', 'SELECT count(*) FROM lost'), '1', 'the asynchronous commit after it was lost: nothing else had flushed');

$node->stop;
done_testing();
