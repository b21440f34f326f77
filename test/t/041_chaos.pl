# Sessions of random faults and kills, each from one integer: at the end of each
# all that must hold does. make chaos SEEDS=1..200 runs more, and replays one.
use strict;
use warnings;
use FindBin;
use lib $FindBin::RealBin;
use ArbeesChaos;
use Test::More;

run_seeds(1, 2, 3);
done_testing();
