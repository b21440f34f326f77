/*-------------------------------------------------------------------------
 *
 * worker/strbuf.c
 *	  A growing text buffer that remembers its own failure.
 *
 *-------------------------------------------------------------------------
 */
#include "strbuf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_SIZE 256

void
arb_strbuf_init(StrBuf *buf, size_t max)
{
	memset(buf, 0, sizeof(*buf));
	buf->max = max;
}

void
arb_strbuf_free(StrBuf *buf)
{
	size_t		max = buf->max;

	free(buf->data);
	arb_strbuf_init(buf, max);
}

void
arb_strbuf_reset(StrBuf *buf)
{
	buf->len = 0;
	buf->failed = false;
	if (buf->data != NULL)
		buf->data[0] = '\0';
}

/* Makes room for len more bytes and the terminator. */
static bool
reserve(StrBuf *buf, size_t len)
{
	size_t		size = buf->size == 0 ? FIRST_SIZE : buf->size;
	char	   *grown;

	if (buf->failed)
		return false;
	if (len > SIZE_MAX / 4 || (buf->max > 0 && buf->len + len > buf->max))
	{
		buf->failed = true;
		return false;
	}
	while (size < buf->len + len + 1)
		size *= 2;
	if (size == buf->size)
		return true;
	grown = realloc(buf->data, size);
	if (grown == NULL)
	{
		buf->failed = true;
		return false;
	}
	buf->data = grown;
	buf->size = size;
	return true;
}

bool
arb_strbuf_append(StrBuf *buf, const void *bytes, size_t len)
{
	if (!reserve(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->data + buf->len, bytes, len);
	buf->len += len;
	buf->data[buf->len] = '\0';
	return true;
}

bool
arb_strbuf_text(StrBuf *buf, const char *text)
{
	return arb_strbuf_append(buf, text, strlen(text));
}

bool
arb_strbuf_char(StrBuf *buf, char c)
{
	return arb_strbuf_append(buf, &c, 1);
}

bool
arb_strbuf_printf(StrBuf *buf, const char *format,...)
{
	va_list		args;
	int			needed;

	va_start(args, format);
	needed = vsnprintf(NULL, 0, format, args);
	va_end(args);
	if (needed < 0)
	{
		buf->failed = true;
		return false;
	}
	if (!reserve(buf, (size_t) needed))
		return false;
	va_start(args, format);
	(void) vsnprintf(buf->data + buf->len, (size_t) needed + 1, format, args);
	va_end(args);
	buf->len += (size_t) needed;
	return true;
}

void
arb_strbuf_consume(StrBuf *buf, size_t len)
{
	if (len >= buf->len)
	{
		arb_strbuf_reset(buf);
		return;
	}
	memmove(buf->data, buf->data + len, buf->len - len + 1);
	buf->len -= len;
}

bool
arb_strbuf_json(StrBuf *buf, const char *text)
{
	const unsigned char *p;

	(void) arb_strbuf_char(buf, '"');
	for (p = (const unsigned char *) text; *p != '\0'; p++)
	{
		if (*p == '"' || *p == '\\')
			(void) arb_strbuf_printf(buf, "\\%c", *p);
		else if (*p < 0x20 || *p >= 0x7f)
			(void) arb_strbuf_char(buf, '?');
		else
			(void) arb_strbuf_char(buf, (char) *p);
	}
	return arb_strbuf_char(buf, '"');
}
