/*-------------------------------------------------------------------------
 *
 * test/bench/figures.h
 *	  The groups of figures; each ends the program when a call of its fails.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_FIGURES_H
#define BENCH_FIGURES_H

extern void bench_gate(int rounds, int batches);
extern void bench_sessions(int rounds);
extern void bench_kill(int rounds);
extern void bench_history(int rounds, const char *empty, const char *full);
extern void bench_snapshot(int rounds, int decisions, const char *free, const char *held);
extern void bench_orders(int orders, int per_second, int rounds);
extern void bench_trading_again(double patience_s);
extern void bench_tick(const char *trace, int port, int rounds);

#endif							/* BENCH_FIGURES_H */
