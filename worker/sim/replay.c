/*-------------------------------------------------------------------------
 *
 * worker/sim/replay.c
 *	  Reads a recorded day.
 *
 *-------------------------------------------------------------------------
 */
#include "replay.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "buf.h"
#include "decimal.h"

#define FIELDS_MAX 40
#define RESOLVE_DEFAULT_S 30	/* after the end, when the file does not say */

static const char *const WindowColumns[] = {
	"slug", "start_sec", "end_sec", "outcome", "strike", "condition_id",
	"token_up", "token_down", "tick_size", "closed_time", NULL
};
enum
{
	W_SLUG, W_START, W_END, W_OUTCOME, W_STRIKE, W_CONDITION, W_UP, W_DOWN, W_TICK, W_CLOSED
};

static const char *const TickColumns[] = {"feed_ts_ms", "full_accuracy_value", "recv_ms", NULL};
enum
{
	T_FEED, T_VALUE, T_RECV
};

#define COLUMNS_MAX 10

typedef bool (*RowReader) (Replay *replay, char **fields, const int *columns, const char **bad);

static bool
read_int(const char *text, int64_t min, int64_t max, int64_t *value)
{
	return arb_decimal_parse(text, strlen(text), 0, value) && *value >= min && *value <= max;
}

/* "2026-07-24 00:00:16+00", as the venue's metadata writes it. */
static bool
read_time(const char *text, int64_t *seconds)
{
	struct tm	parts;
	const char *rest;

	memset(&parts, 0, sizeof(parts));
	rest = strptime(text, "%Y-%m-%d %H:%M:%S", &parts);
	if (rest == NULL || (strcmp(rest, "+00") != 0 && strcmp(rest, "Z") != 0 && strcmp(rest, "+00:00") != 0))
		return false;
	*seconds = (int64_t) timegm(&parts);
	return true;
}

static bool
read_identities(char **fields, const int *columns, ReplayWindow *window, const char **bad)
{
	Uint256		number;
	uint8_t		hash[ETH_HASH_SIZE];
	int			i;

	*bad = "slug";
	if (strlen(fields[columns[W_SLUG]]) >= sizeof(window->slug) || fields[columns[W_SLUG]][0] == '\0' ||
		strspn(fields[columns[W_SLUG]], "abcdefghijklmnopqrstuvwxyz0123456789-") != strlen(fields[columns[W_SLUG]]))
		return false;
	strcpy(window->slug, fields[columns[W_SLUG]]);
	*bad = "condition_id";
	if (!arb_hex_decode(fields[columns[W_CONDITION]], strlen(fields[columns[W_CONDITION]]), hash, sizeof(hash)))
		return false;
	arb_hex_encode(hash, sizeof(hash), window->condition);
	for (i = 0; i < 2; i++)
	{
		const char *text = fields[columns[i == 0 ? W_UP : W_DOWN]];

		*bad = "token";
		if (!arb_uint256_from_decimal(text, strlen(text), &number))
			return false;
		arb_uint256_to_decimal(&number, window->token[i]);
	}
	return true;
}

bool
sim_replay_parse_window(char **fields, const int *columns, ReplayWindow *window, const char **bad)
{
	const char *outcome = fields[columns[W_OUTCOME]];
	int64_t		tick;

	memset(window, 0, sizeof(*window));
	if (!read_identities(fields, columns, window, bad))
		return false;
	*bad = "start_sec";
	if (!read_int(fields[columns[W_START]], 1, INT32_MAX, &window->start_s))
		return false;
	*bad = "end_sec";
	if (!read_int(fields[columns[W_END]], window->start_s + 5, window->start_s + 7 * 86400, &window->end_s))
		return false;
	*bad = "outcome";
	if (strcmp(outcome, "UP") != 0 && strcmp(outcome, "DOWN") != 0)
		return false;
	window->outcome = outcome[0] == 'U' ? 0 : 1;
	*bad = "strike";
	if (fields[columns[W_STRIKE]][0] != '\0' && !sim_price_parse_decimal(fields[columns[W_STRIKE]], &window->strike))
		return false;
	*bad = "tick_size";
	if (!arb_decimal_parse(fields[columns[W_TICK]], strlen(fields[columns[W_TICK]]), 4, &tick) || tick < 1 || tick > 1000)
		return false;
	window->tick = (int) tick;
	*bad = "closed_time";
	if (fields[columns[W_CLOSED]][0] == '\0')
		window->closed_s = window->end_s + RESOLVE_DEFAULT_S;
	else if (!read_time(fields[columns[W_CLOSED]], &window->closed_s))
		return false;
	if (window->closed_s <= window->end_s)
		window->closed_s = window->end_s + 1;
	return true;
}

bool
sim_replay_parse_tick(char **fields, const int *columns, ReplayTick *tick, const char **bad)
{
	int64_t		feed_ms;

	*bad = "feed_ts_ms";
	if (!read_int(fields[columns[T_FEED]], 1, INT64_C(4000000000000), &feed_ms))
		return false;
	tick->second = feed_ms / 1000;
	*bad = "recv_ms";
	if (!read_int(fields[columns[T_RECV]], 1, INT64_C(4000000000000), &tick->recv_ms))
		return false;
	*bad = "full_accuracy_value";
	return sim_price_parse_integer(fields[columns[T_VALUE]], &tick->price) && tick->price > 0;
}

static bool
add_window(Replay *replay, char **fields, const int *columns, const char **bad)
{
	replay->windows = sim_grow(replay->windows, &replay->window_cap, replay->window_count + 1, sizeof(ReplayWindow));
	return sim_replay_parse_window(fields, columns, &replay->windows[replay->window_count++], bad);
}

static bool
add_tick(Replay *replay, char **fields, const int *columns, const char **bad)
{
	replay->ticks = sim_grow(replay->ticks, &replay->tick_cap, replay->tick_count + 1, sizeof(ReplayTick));
	return sim_replay_parse_tick(fields, columns, &replay->ticks[replay->tick_count++], bad);
}

static int
split(char *line, char **fields)
{
	int			count = 0;

	line[strcspn(line, "\r\n")] = '\0';
	while (line != NULL && count < FIELDS_MAX)
		fields[count++] = strsep(&line, ",");
	return line == NULL ? count : -1;
}

static bool
find_columns(char **fields, int count, const char *const *names, int *columns, const char **bad)
{
	int			i;
	int			k;

	for (i = 0; names[i] != NULL; i++)
	{
		*bad = names[i];
		for (k = 0; k < count; k++)
			if (strcmp(fields[k], names[i]) == 0)
				break;
		if (k == count)
			return false;
		columns[i] = k;
	}
	return true;
}

static bool
read_rows(Replay *replay, gzFile file, const char *const *names, RowReader reader, int *line_number, const char **bad)
{
	char		line[REPLAY_LINE_MAX];
	char	   *fields[FIELDS_MAX];
	int			columns[COLUMNS_MAX];
	int			width = 0;

	while (gzgets(file, line, sizeof(line)) != NULL)
	{
		int			count;

		++*line_number;
		*bad = "line too long or cut off";
		if (strchr(line, '\n') == NULL && !gzeof(file))
			return false;
		count = split(line, fields);
		if (*line_number == 1)
		{
			if (!find_columns(fields, count, names, columns, bad))
				return false;
			width = count;
			continue;
		}
		*bad = "wrong number of columns";
		if (count != width)
			return false;
		*bad = "too many rows";
		if (*line_number > REPLAY_ROWS_MAX || !reader(replay, fields, columns, bad))
			return false;
	}
	*bad = "no rows";
	return *line_number > 1;
}

static bool
read_file(Replay *replay, const char *path, const char *const *names, RowReader reader,
		  char *error, size_t error_size)
{
	gzFile		file = gzopen(path, "rb");
	const char *bad = "";
	int			line_number = 0;
	int			status = Z_OK;
	bool		ok;

	if (file == NULL)
	{
		snprintf(error, error_size, "cannot open %s", path);
		return false;
	}
	ok = read_rows(replay, file, names, reader, &line_number, &bad);
	gzerror(file, &status);
	if (status != Z_OK && status != Z_STREAM_END)
	{
		bad = "damaged or cut off archive";
		ok = false;
	}
	gzclose(file);
	if (!ok)
		snprintf(error, error_size, "%s line %d: %s", path, line_number, bad);
	return ok;
}

static int
compare_windows(const void *a, const void *b)
{
	int64_t		x = ((const ReplayWindow *) a)->start_s;
	int64_t		y = ((const ReplayWindow *) b)->start_s;

	return (x > y) - (x < y);
}

/* Two rows of one second: the one received later comes later, and so wins. */
static int
compare_ticks(const void *a, const void *b)
{
	const ReplayTick *x = a;
	const ReplayTick *y = b;

	if (x->second != y->second)
		return x->second < y->second ? -1 : 1;
	return (x->recv_ms > y->recv_ms) - (x->recv_ms < y->recv_ms);
}

bool
sim_replay_load(Replay *replay, const char *windows_path, const char *ticks_path, char *error, size_t error_size)
{
	memset(replay, 0, sizeof(*replay));
	if (!read_file(replay, windows_path, WindowColumns, add_window, error, error_size) ||
		!read_file(replay, ticks_path, TickColumns, add_tick, error, error_size))
	{
		sim_replay_free(replay);
		return false;
	}
	qsort(replay->windows, replay->window_count, sizeof(*replay->windows), compare_windows);
	qsort(replay->ticks, replay->tick_count, sizeof(*replay->ticks), compare_ticks);
	return true;
}

void
sim_replay_free(Replay *replay)
{
	free(replay->windows);
	free(replay->ticks);
	memset(replay, 0, sizeof(*replay));
}
