/*-------------------------------------------------------------------------
 *
 * test/bench/measure.h
 *	  Times, their medians, and how a figure is told.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include <stdbool.h>

#define MAX_ROUNDS 1000000

typedef struct Samples
{
	double	   *value;
	int			count;
	int			capacity;
} Samples;

/* Which way a ratio to the floor is to move. */
typedef enum Better
{
	BETTER_LOWER,
	BETTER_HIGHER
} Better;

extern void die(const char *what, const char *why) __attribute__((noreturn));
extern double now_us(void);
extern long long now_ms(void);
extern Samples samples_new(int capacity);
extern void samples_add(Samples *samples, double value);
extern double quantile(Samples *samples, double q);
extern double median(Samples *samples);
extern bool wanted(const char *name);
extern void print_figure(const char *name, double value, const char *unit, double base, Better better);
extern int parse_count(const char *text, int most);

#endif							/* BENCH_MEASURE_H */
