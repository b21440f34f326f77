# test/chaos/chaos.pl SEED...: one session of blows for each seed. TAP, a line per
# seed; what it counted stands in the line.
use strict;
use warnings;
use FindBin;
use lib "$FindBin::RealBin/../t";
use ArbeesChaos;
use Test::More;

run_seeds(@ARGV);
done_testing();
