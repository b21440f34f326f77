/*-------------------------------------------------------------------------
 *
 * worker/sim/buf.c
 *	  Growable text.
 *
 *-------------------------------------------------------------------------
 */
#include "buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decimal.h"

static void
die_of_memory(void)
{
	fputs("arbees-sim: out of memory\n", stderr);
	abort();
}

void *
sim_alloc(size_t size)
{
	void	   *result = calloc(1, size == 0 ? 1 : size);

	if (result == NULL)
		die_of_memory();
	return result;
}

/*
 * sim_grow returns the array with room for at least needed items; new items
 * are zeroed and *cap is updated.
 */
void *
sim_grow(void *array, size_t *cap, size_t needed, size_t item_size)
{
	size_t		wanted = *cap == 0 ? 16 : *cap;
	char	   *result;

	if (needed <= *cap)
		return array;
	while (wanted < needed)
		wanted *= 2;
	result = reallocarray(array, wanted, item_size);
	if (result == NULL)
		die_of_memory();
	memset(result + *cap * item_size, 0, (wanted - *cap) * item_size);
	*cap = wanted;
	return result;
}

void
sim_buf_reset(Buf *buf)
{
	buf->len = 0;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

void
sim_buf_free(Buf *buf)
{
	free(buf->data);
	memset(buf, 0, sizeof(*buf));
}

static void
reserve(Buf *buf, size_t extra)
{
	buf->data = sim_grow(buf->data, &buf->cap, buf->len + extra + 1, 1);
}

void
sim_buf_bytes(Buf *buf, const char *bytes, size_t len)
{
	reserve(buf, len);
	if (len == 0)
	{
		buf->data[buf->len] = '\0';
		return;
	}
	memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void
sim_buf_text(Buf *buf, const char *text)
{
	sim_buf_bytes(buf, text, strlen(text));
}

void
sim_buf_printf(Buf *buf, const char *format,...)
{
	va_list		args;
	int			needed;

	va_start(args, format);
	needed = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (needed < 0)
		return;
	reserve(buf, (size_t) needed);
	va_start(args, format);
	vsnprintf(buf->data + buf->len, (size_t) needed + 1, format, args);
	va_end(args);
	buf->len += (size_t) needed;
}

void
sim_buf_json(Buf *buf, const char *text)
{
	const unsigned char *p;

	sim_buf_bytes(buf, "\"", 1);
	for (p = (const unsigned char *) text; *p != '\0'; p++)
	{
		if (*p == '"' || *p == '\\')
			sim_buf_printf(buf, "\\%c", *p);
		else if (*p < 0x20)
			sim_buf_printf(buf, "\\u%04x", *p);
		else if (*p >= 0x7f)
			sim_buf_bytes(buf, "?", 1);
		else
			sim_buf_bytes(buf, (const char *) p, 1);
	}
	sim_buf_bytes(buf, "\"", 1);
}

void
sim_buf_micro(Buf *buf, int64_t micro)
{
	char		text[DECIMAL_TEXT_SIZE];

	size_t		len = arb_decimal_format_micro(micro, text);

	sim_buf_bytes(buf, text, len);
}

void
sim_buf_price(Buf *buf, int price_e4)
{
	char		text[DECIMAL_TEXT_SIZE];

	size_t		len = arb_decimal_format(price_e4, 4, text);

	sim_buf_bytes(buf, text, len);
}
