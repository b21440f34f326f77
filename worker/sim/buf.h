/*-------------------------------------------------------------------------
 *
 * worker/sim/buf.h
 *	  Growable text: what the simulator answers is written through this.
 *
 * Money and prices are appended as decimal text from integers, never through
 * a double.  Running out of memory ends the process: the simulator keeps no
 * state worth saving.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_BUF_H
#define ARBEES_SIM_BUF_H

#include <stddef.h>
#include <stdint.h>

typedef struct Buf
{
	char	   *data;			/* always terminated once anything was appended */
	size_t		len;
	size_t		cap;
} Buf;

extern void *sim_alloc(size_t size);	/* zeroed, never NULL */
extern void *sim_grow(void *array, size_t *cap, size_t needed, size_t item_size);

extern void sim_buf_reset(Buf *buf);
extern void sim_buf_free(Buf *buf);
extern void sim_buf_bytes(Buf *buf, const char *bytes, size_t len);
extern void sim_buf_text(Buf *buf, const char *text);
extern void sim_buf_printf(Buf *buf, const char *format,...) __attribute__((format(printf, 2, 3)));

/* A JSON string literal, quotes included; bytes that are not ASCII become '?'. */
extern void sim_buf_json(Buf *buf, const char *text);

/* Decimal text without quotes: micro units, and prices in ten-thousandths. */
extern void sim_buf_micro(Buf *buf, int64_t micro);
extern void sim_buf_price(Buf *buf, int price_e4);

#endif							/* ARBEES_SIM_BUF_H */
