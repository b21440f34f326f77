/*-------------------------------------------------------------------------
 *
 * worker/debug_point.c
 *	  Named places where a test may kill or stop the worker.
 *
 * ARBEES_DEBUG_POINT is "place:action:n": at its n-th passing of the place the
 * worker does
 *		kill	end, as by kill -9
 *		stop	stop, as by kill -STOP, until a test lets it continue
 *		wait	stand still for WAIT_S, shorter than any lease
 * It may also be "@file"; the file holds the same and is read at every place,
 * so that one worker can be told of many.  Before it is obeyed the file is
 * renamed to "file.hit": the next worker is not killed by it as well, and the
 * test knows that the place was reached.
 *
 *-------------------------------------------------------------------------
 */
#include "debug_point.h"

#ifdef ARBEES_DEBUG

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define WAIT_S 1
#define ORDER_SIZE 128

/* What was ordered last, and how often its place was passed since. */
static char current[ORDER_SIZE];
static long passed = 0;

static bool
read_order(const char *path, char *order)
{
	FILE	   *file = fopen(path, "re");
	bool		ok;

	if (file == NULL)
		return false;
	ok = fgets(order, ORDER_SIZE, file) != NULL;
	(void) fclose(file);
	return ok;
}

static void
obey(const char *action)
{
	if (strcmp(action, "kill") == 0)
		(void) kill(getpid(), SIGKILL);
	else if (strcmp(action, "stop") == 0)
		(void) kill(getpid(), SIGSTOP);
	else if (strcmp(action, "wait") == 0)
		(void) sleep(WAIT_S);
}

static void
mark_hit(const char *path)
{
	char		hit[512];

	(void) snprintf(hit, sizeof(hit), "%s.hit", path);
	(void) rename(path, hit);
}

/* arb_debug_point does what the environment says when it names this place. */
void
arb_debug_point(const char *name)
{
	const char *setting = getenv("ARBEES_DEBUG_POINT");
	const char *path = NULL;
	char		order[ORDER_SIZE] = "";
	char		place[64];
	char		action[16];
	long		nth;

	if (setting == NULL)
		return;
	if (setting[0] == '@')
		path = setting + 1;
	else
		(void) snprintf(order, sizeof(order), "%s", setting);
	if (path != NULL && !read_order(path, order))
		order[0] = '\0';
	if (strcmp(order, current) != 0)
	{
		memcpy(current, order, sizeof(current));
		passed = 0;
	}
	if (sscanf(order, "%63[^:]:%15[^:]:%ld", place, action, &nth) != 3 || strcmp(place, name) != 0 ||
		++passed != nth)
		return;
	if (path != NULL)
	{
		mark_hit(path);
		current[0] = '\0';
	}
	obey(action);
}

#endif							/* ARBEES_DEBUG */
