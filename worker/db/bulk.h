/*-------------------------------------------------------------------------
 *
 * worker/db/bulk.h
 *	  Tick history by COPY, in batches, losing ticks rather than time.
 *
 * Rows are collected in memory and copied when a batch is due.  What does not
 * fit while the database is slow or away is dropped and counted: history is
 * for analytics, no decision reads it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DB_BULK_H
#define ARBEES_DB_BULK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <uv.h>

/* Most text held back, and the age at which a batch leaves. */
#define DB_BULK_HELD_MAX (4u * 1024u * 1024u)
#define DB_BULK_EVERY_MS 250

typedef struct DbBulk DbBulk;

extern DbBulk *arb_bulk_new(uv_loop_t *loop, const char *conninfo);
extern void arb_bulk_start(DbBulk *bulk);

/* arb_bulk_row takes one line of COPY text format, newline included. */
extern void arb_bulk_row(DbBulk *bulk, const char *line, size_t len);

/* arb_bulk_take_dropped returns the rows lost since the last call. */
extern uint64_t arb_bulk_take_dropped(DbBulk *bulk);

#endif							/* ARBEES_DB_BULK_H */
