/*-------------------------------------------------------------------------
 *
 * worker/strbuf.h
 *	  A growing text buffer that remembers its own failure.
 *
 * After a failed allocation or when the cap is hit, appends do nothing and
 * failed stays true, so a caller checks once at the end.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_STRBUF_H
#define ARBEES_STRBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct StrBuf
{
	char	   *data;			/* terminated; never NULL after an append */
	size_t		len;
	size_t		size;
	size_t		max;			/* cap in bytes, 0 for none */
	bool		failed;
} StrBuf;

extern void arb_strbuf_init(StrBuf *buf, size_t max);
extern void arb_strbuf_free(StrBuf *buf);
extern void arb_strbuf_reset(StrBuf *buf);
extern bool arb_strbuf_append(StrBuf *buf, const void *bytes, size_t len);
extern bool arb_strbuf_text(StrBuf *buf, const char *text);
extern bool arb_strbuf_char(StrBuf *buf, char c);
extern bool arb_strbuf_printf(StrBuf *buf, const char *format,...)
	__attribute__((format(printf, 2, 3)));

/* arb_strbuf_consume drops the first len bytes. */
extern void arb_strbuf_consume(StrBuf *buf, size_t len);

/* arb_strbuf_json appends text as a JSON string, quotes included; invalid bytes become '?'. */
extern bool arb_strbuf_json(StrBuf *buf, const char *text);

#endif							/* ARBEES_STRBUF_H */
