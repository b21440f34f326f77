#include "postgres.h"
#include "conductor/conductor.h"
char	   *arb_conductor_database = NULL;
char	   *arb_worker_command = NULL;
int			arb_tick_interval = 250;
void
arb_conductor_register(void)
{
}
