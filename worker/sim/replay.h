/*-------------------------------------------------------------------------
 *
 * worker/sim/replay.h
 *	  A recorded day: windows with their official outcomes, and oracle ticks.
 *
 * Both files are CSV with a header line, plain or gzip, columns found by name.
 * A row that cannot be read refuses the file: a replay with holes nobody knows
 * of would prove nothing.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_REPLAY_H
#define ARBEES_SIM_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "oracle.h"
#include "sign/eth.h"

#define REPLAY_LINE_MAX 1024
#define REPLAY_ROWS_MAX 5000000

typedef struct ReplayWindow
{
	char		slug[64];
	int64_t		start_s;
	int64_t		end_s;
	int			outcome;		/* 0 up, 1 down */
	PriceE18	strike;			/* 0 = not recorded */
	char		condition[ETH_HASH_TEXT_SIZE];
	char		token[2][UINT256_TEXT_SIZE];
	int			tick;
	int64_t		closed_s;		/* when the venue published the outcome */
} ReplayWindow;

typedef struct ReplayTick
{
	int64_t		second;
	int64_t		recv_ms;
	PriceE18	price;
} ReplayTick;

typedef struct Replay
{
	ReplayWindow *windows;		/* by start */
	size_t		window_count;
	size_t		window_cap;
	ReplayTick *ticks;			/* by second, then by time of receipt */
	size_t		tick_count;
	size_t		tick_cap;
} Replay;

extern bool sim_replay_load(Replay *replay, const char *windows_path, const char *ticks_path,
							char *error, size_t error_size);
extern void sim_replay_free(Replay *replay);

/* One line of each file, already split; pure, for tests.  Names the bad column on false. */
extern bool sim_replay_parse_window(char **fields, const int *columns, ReplayWindow *window, const char **bad);
extern bool sim_replay_parse_tick(char **fields, const int *columns, ReplayTick *tick, const char **bad);

#endif							/* ARBEES_SIM_REPLAY_H */
