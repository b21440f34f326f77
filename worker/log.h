/*-------------------------------------------------------------------------
 *
 * worker/log.h
 *	  One line of JSON per event on standard error.
 *
 * Registered secrets are replaced wherever they occur, control characters are
 * escaped, and each call site has a budget: what exceeds it is counted and the
 * count is printed with the next line of that site.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_LOG_H
#define ARBEES_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum LogLevel
{
	LOG_LEVEL_DEBUG = 1,
	LOG_LEVEL_INFO,
	LOG_LEVEL_WARNING,
	LOG_LEVEL_ERROR
} LogLevel;

/* Longest message printed, bytes before escaping. */
#define LOG_MESSAGE_MAX 2000
#define LOG_SECRETS_MAX 16
/* Shorter secrets would blot out ordinary words. */
#define LOG_SECRET_MIN_LENGTH 6

extern bool arb_log_level_parse(const char *name, LogLevel *level);
extern void arb_log_set_level(LogLevel level);

/* arb_log_secret registers text the caller keeps alive and locked in memory. */
extern bool arb_log_secret(const char *text);
extern void arb_log_forget_secrets(void);

/* arb_log prints one event; topic is a constant word, format identifies the call site. */
extern void arb_log(LogLevel level, const char *topic, const char *format,...)
	__attribute__((format(printf, 3, 4)));

/* The pure parts, for tests.  Both terminate out and return its length. */
extern size_t arb_log_redact(const char *text, size_t len, char *out, size_t size);
extern size_t arb_log_escape(const char *text, size_t len, char *out, size_t size);

#define log_debug(...) arb_log(LOG_LEVEL_DEBUG, __VA_ARGS__)
#define log_info(...) arb_log(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_warning(...) arb_log(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_error(...) arb_log(LOG_LEVEL_ERROR, __VA_ARGS__)

#endif							/* ARBEES_LOG_H */
