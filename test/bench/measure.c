/*-------------------------------------------------------------------------
 *
 * test/bench/measure.c
 *	  Times, their medians, and how a figure is told.
 *
 *-------------------------------------------------------------------------
 */
#include "measure.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

void
die(const char *what, const char *why)
{
	fprintf(stderr, "bench: %s: %s\n", what, why);
	exit(1);
}

double
now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double) t.tv_sec * 1e6 + (double) t.tv_nsec / 1e3;
}

long long
now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return (long long) t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

Samples
samples_new(int capacity)
{
	Samples		samples = {calloc((size_t) capacity, sizeof(double)), 0, capacity};

	if (samples.value == NULL)
		die("out of memory", strerror(errno));
	return samples;
}

void
samples_add(Samples *samples, double value)
{
	if (samples->count == samples->capacity)
		die("too many samples", "more were taken than were planned");
	samples->value[samples->count++] = value;
}

static int
compare_doubles(const void *a, const void *b)
{
	double		x = *(const double *) a;
	double		y = *(const double *) b;

	return (x > y) - (x < y);
}

/* quantile sorts; nearest rank. */
double
quantile(Samples *samples, double q)
{
	int			rank;

	if (samples->count == 0)
		die("no samples", "nothing was measured");
	qsort(samples->value, (size_t) samples->count, sizeof(double), compare_doubles);
	rank = (int) (q * samples->count);
	if (rank >= samples->count)
		rank = samples->count - 1;
	return samples->value[rank];
}

double
median(Samples *samples)
{
	return quantile(samples, 0.5);
}

bool
wanted(const char *name)
{
	const char *only = getenv("ONLY");

	return only == NULL || strncmp(name, only, strlen(only)) == 0;
}

/* print_figure tells a figure; base is what the same run took for the floor. */
void
print_figure(const char *name, double value, const char *unit, double base, Better better)
{
	const char *path = getenv("BENCH_JSON");
	double		ratio = value / base;
	FILE	   *file;

	if (!wanted(name))
		return;
	printf("%-22s %10.1f %-3s floor %10.1f %-3s ratio %6.3f%s\n", name, value, unit, base, unit,
		   ratio, better == BETTER_HIGHER ? "  (higher is better)" : "");
	fflush(stdout);
	if (path == NULL || path[0] == '\0')
		return;
	file = fopen(path, "a");
	if (file == NULL)
		die(path, strerror(errno));
	fprintf(file,
			"{\"name\":\"%s\",\"value\":%.1f,\"unit\":\"%s\",\"floor\":%.1f,\"ratio\":%.4f,\"better\":\"%s\"}\n",
			name, value, unit, base, ratio, better == BETTER_HIGHER ? "higher" : "lower");
	if (fclose(file) != 0)
		die(path, strerror(errno));
}

int
parse_count(const char *text, int most)
{
	char	   *end;
	long		value = strtol(text, &end, 10);

	if (*text == '\0' || *end != '\0' || value < 1 || value > most)
		die("not a number in range", text);
	return (int) value;
}
