# test/chaos/chaos.pl SEED...: one session of blows for each seed, on a fresh desk
# after so many of them. TAP, a line per seed; what it counted stands in the line.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../t";
use Arbees;
use ArbeesChaos;
use Test::More;
use Time::HiRes qw(time);

# The venue's list of all orders grows; a look at it should stay short.
my $seeds_per_desk = 12;

my $desk;
my $left = 0;
my %total;
foreach my $seed (@ARGV)
{
	if ($left-- == 0)
	{
		$desk->{node}->stop('immediate') if $desk;
		$desk = hurt_desk("chaos_$seed", sim => [ '--window', '6s', '--assets', 'btc,eth,sol,xrp', '--seed', $seed ]);
		$left = $seeds_per_desk - 1;
	}
	my $begin = time();
	my ($wrong, $done, $count) = run_seed($desk, $seed);
	my $took = sprintf '%.0f s', time() - $begin;
	is($wrong, '', "seed $seed: $done, $took");
	$total{$_} += $count->{$_} foreach qw(orders refused faults kills);
	# What went wrong once would be found again by every seed that follows.
	$left = 0 if $wrong ne '';
	foreach my $reason (sort keys %{ $count->{why} // {} }) { note("refused $reason: $count->{why}{$reason}") }
}
note(join ', ', map { "$total{$_} $_" } sort keys %total);
done_testing();
