/*-------------------------------------------------------------------------
 *
 * worker/log.c
 *	  One line of JSON per event on standard error.
 *
 * A line is built whole and written with one write(2), so that lines of
 * several processes never mix.  Nothing here may fail the caller: a line that
 * cannot be written is lost.
 *
 *-------------------------------------------------------------------------
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "net/ratelimit.h"

/* Events per call site: this many at once, then this many per second. */
#define SITE_BURST 40
#define SITE_PER_SECOND 4
#define SITE_SLOTS 256			/* power of two */

/* Room for a secret cut in two at the end of the formatted text. */
#define CUT_MARGIN 256
#define FORMAT_MAX (2 * LOG_MESSAGE_MAX + CUT_MARGIN)

#define REDACTED "[redacted]"

typedef struct LogSite
{
	const char *format;
	RateLimit	limit;
	uint64_t	suppressed;
} LogSite;

static LogLevel Threshold = LOG_LEVEL_INFO;
static const char *Secrets[LOG_SECRETS_MAX];
static int	SecretCount;
static LogSite Sites[SITE_SLOTS];

static const char *const LevelNames[] = {
	[LOG_LEVEL_DEBUG] = "debug",
	[LOG_LEVEL_INFO] = "info",
	[LOG_LEVEL_WARNING] = "warning",
	[LOG_LEVEL_ERROR] = "error",
};

bool
arb_log_level_parse(const char *name, LogLevel *level)
{
	int			i;

	for (i = LOG_LEVEL_DEBUG; i <= LOG_LEVEL_ERROR; i++)
	{
		if (strcmp(name, LevelNames[i]) == 0)
		{
			*level = (LogLevel) i;
			return true;
		}
	}
	return false;
}

void
arb_log_set_level(LogLevel level)
{
	Threshold = level;
}

bool
arb_log_secret(const char *text)
{
	if (text == NULL || strlen(text) < LOG_SECRET_MIN_LENGTH)
		return true;
	if (SecretCount >= LOG_SECRETS_MAX)
		return false;
	Secrets[SecretCount++] = text;
	return true;
}

void
arb_log_forget_secrets(void)
{
	SecretCount = 0;
}

/* The length of the longest secret that text starts with, 0 for none. */
static size_t
secret_at(const char *text, size_t len)
{
	size_t		longest = 0;
	int			i;

	for (i = 0; i < SecretCount; i++)
	{
		size_t		secret_len = strlen(Secrets[i]);

		if (secret_len > longest && secret_len <= len && memcmp(text, Secrets[i], secret_len) == 0)
			longest = secret_len;
	}
	return longest;
}

size_t
arb_log_redact(const char *text, size_t len, char *out, size_t size)
{
	size_t		from = 0;
	size_t		to = 0;

	while (from < len)
	{
		size_t		secret_len = secret_at(text + from, len - from);

		if (secret_len > 0)
		{
			if (to + sizeof(REDACTED) > size)
				break;
			memcpy(out + to, REDACTED, sizeof(REDACTED) - 1);
			to += sizeof(REDACTED) - 1;
			from += secret_len;
			continue;
		}
		if (to + 1 >= size)
			break;
		out[to++] = text[from++];
	}
	out[to] = '\0';
	return to;
}

size_t
arb_log_escape(const char *text, size_t len, char *out, size_t size)
{
	size_t		to = 0;
	size_t		from;

	for (from = 0; from < len; from++)
	{
		unsigned char c = (unsigned char) text[from];
		char		piece[8];
		size_t		piece_len;

		if (c == '"' || c == '\\')
			piece_len = (size_t) snprintf(piece, sizeof(piece), "\\%c", c);
		else if (c == '\n')
			piece_len = (size_t) snprintf(piece, sizeof(piece), "\\n");
		else if (c < 0x20 || c >= 0x7f)
			piece_len = (size_t) snprintf(piece, sizeof(piece), "\\u%04x", (unsigned) c);
		else
		{
			piece[0] = (char) c;
			piece_len = 1;
		}
		if (to + piece_len >= size)
			break;
		memcpy(out + to, piece, piece_len);
		to += piece_len;
	}
	out[to] = '\0';
	return to;
}

/* One site may be forgotten for another that falls on its slot; it then only gets a new budget. */
static LogSite *
site_of(const char *format)
{
	size_t		slot = ((uintptr_t) format >> 3) & (SITE_SLOTS - 1);
	LogSite    *site = &Sites[slot];

	if (site->format != format)
	{
		site->format = format;
		site->suppressed = 0;
		arb_ratelimit_init(&site->limit, SITE_BURST, SITE_PER_SECOND);
	}
	return site;
}

static size_t
format_time(char *out, size_t size)
{
	int64_t		now_ms = arb_wall_ms();
	time_t		seconds = (time_t) (now_ms / 1000);
	struct tm	parts;
	size_t		len;

	if (gmtime_r(&seconds, &parts) == NULL)
		return 0;
	len = strftime(out, size, "%Y-%m-%dT%H:%M:%S", &parts);
	len += (size_t) snprintf(out + len, size - len, ".%03dZ", (int) (now_ms % 1000));
	return len;
}

void
arb_log(LogLevel level, const char *topic, const char *format,...)
{
	static char raw[FORMAT_MAX];
	static char clean[FORMAT_MAX];
	static char escaped[6 * LOG_MESSAGE_MAX + 1];
	static char line[6 * LOG_MESSAGE_MAX + 256];
	char		stamp[40] = "";
	char		extra[48] = "";
	LogSite    *site;
	va_list		args;
	int			needed;
	size_t		len;
	int			line_len;

	if (level < Threshold)
		return;
	site = site_of(format);
	if (!arb_ratelimit_take(&site->limit, arb_mono_ns()))
	{
		site->suppressed++;
		return;
	}
	if (site->suppressed > 0)
	{
		(void) snprintf(extra, sizeof(extra), ",\"suppressed\":%llu", (unsigned long long) site->suppressed);
		site->suppressed = 0;
	}

	va_start(args, format);
	needed = vsnprintf(raw, sizeof(raw), format, args);
	va_end(args);
	if (needed < 0)
		return;
	len = (size_t) needed;
	/* A secret cut by the end of the buffer would no longer be recognised. */
	if (len >= sizeof(raw))
		len = sizeof(raw) - 1 - CUT_MARGIN;

	len = arb_log_redact(raw, len, clean, sizeof(clean));
	if (len > LOG_MESSAGE_MAX)
		len = LOG_MESSAGE_MAX;
	(void) arb_log_escape(clean, len, escaped, sizeof(escaped));
	(void) format_time(stamp, sizeof(stamp));
	line_len = snprintf(line, sizeof(line), "{\"ts\":\"%s\",\"level\":\"%s\",\"topic\":\"%s\",\"msg\":\"%s\"%s}\n",
						stamp, LevelNames[level], topic, escaped, extra);
	if (line_len > 0)
	{
		ssize_t		written = write(STDERR_FILENO, line, (size_t) line_len);

		(void) written;
	}
}
