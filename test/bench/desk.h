/*-------------------------------------------------------------------------
 *
 * test/bench/desk.h
 *	  A desk as a worker sees it: its books, a pool of instruments nothing was
 *	  ordered in yet, and the calls that are measured.
 *
 *-------------------------------------------------------------------------
 */
#ifndef BENCH_DESK_H
#define BENCH_DESK_H

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

#define ID_SIZE 24

/* Rounds between two rests of a desk: then quotes are renewed and orders ended. */
#define BLOCK 50

/* What an order costs at most, dollars; and what no limit allows. */
#define ACCEPTED_USD "1"
#define DENIED_USD "900000"

/* Book: what trades one portfolio; test/bench/run made its account and deployment. */
typedef struct Book
{
	char		name[ID_SIZE];	/* of portfolio, account and worker */
	char		venue[ID_SIZE];
	char		account[ID_SIZE];
	char		epoch[ID_SIZE];
	char		deployment[ID_SIZE];
} Book;

typedef struct Instrument
{
	char		id[ID_SIZE];
} Instrument;

/* Pool: instruments of open windows, each to be ordered in once. */
typedef struct Pool
{
	Instrument *instrument;
	int			count;
	int			used;
} Pool;

extern PGconn *connect_database(const char *conninfo, bool durable);
extern PGresult *checked(PGconn *conn, PGresult *result, const char *what);
extern void run(PGconn *conn, const char *query);
extern void prepare(PGconn *conn, const char *name, const char *query);
extern PGresult *execute(PGconn *conn, const char *name, int count, const char *const *values);
extern long long ask_number(PGconn *conn, const char *query);
extern void wait_until_zero(PGconn *conn, const char *query);
extern void wait_for_ticks(PGconn *conn, int ticks);

extern void prepare_floor(PGconn *conn);
extern double time_floor(PGconn *conn);

extern void open_book(PGconn *conn, const char *name, Book *book);
extern void prepare_protocol(PGconn *conn);

extern void pool_make(PGconn *conn, const Book *book, int instruments, Pool *pool);
extern const Instrument *pool_take(PGconn *conn, const Book *book, Pool *pool, int count);
extern void pool_free(Pool *pool);

extern double decide(PGconn *conn, const Book *book, const char *instrument, char *order_id, size_t size);
extern double decide_denied(PGconn *conn, const Book *book, const char *instrument);
extern double decide_batch(PGconn *conn, const Book *book, const Instrument *instruments, int count);
extern void decide_resting(PGconn *conn, const Book *book, const char *instrument, char *order_id, size_t size);
extern double claim(PGconn *conn, const Book *book, const char *order_id);
extern void venue_order_id_of(const char *order_id, char *id, size_t size);
extern void end_orders(PGconn *conn, const Book *book);

#endif							/* BENCH_DESK_H */
