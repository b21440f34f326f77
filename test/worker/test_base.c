/*-------------------------------------------------------------------------
 *
 * test/worker/test_base.c
 *	  Redaction, escaping, back-off, budgets, buffers, the key file, options.
 *
 *-------------------------------------------------------------------------
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "clock.h"
#include "input_errors.h"
#include "keyfile.h"
#include "log.h"
#include "net/backoff.h"
#include "net/ratelimit.h"
#include "options.h"
#include "strbuf.h"

#define SECRET "0xdeadbeefdeadbeefdeadbeef"

/* What the logger wrote to standard error while body ran. */
static void
capture(void (*body) (void), char *out, size_t size)
{
	FILE	   *file = tmpfile();
	int			saved = dup(STDERR_FILENO);
	size_t		len;

	assert_non_null(file);
	assert_true(dup2(fileno(file), STDERR_FILENO) >= 0);
	body();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void) close(saved);
	rewind(file);
	len = fread(out, 1, size - 1, file);
	out[len] = '\0';
	(void) fclose(file);
}

static void
log_a_secret(void)
{
	log_info("test", "key %s, again %s%s and a line\nbreak \"quoted\" \x1b[31m", SECRET, "x" SECRET, SECRET "y");
}

static void
log_many(void)
{
	int			i;

	for (i = 0; i < 500; i++)
		log_info("test", "the same site %d", i);
}

/* The secret straddles the end of the logger's buffer. */
static void
log_long(void)
{
	char		text[6000];

	memset(text, 'a', sizeof(text));
	memcpy(text + 4240, SECRET, strlen(SECRET));
	text[sizeof(text) - 1] = '\0';
	log_info("test", "%s", text);
}

static void
secrets_never_reach_the_log(void **state)
{
	static char out[65536];

	assert_true(arb_log_secret(SECRET));
	capture(log_a_secret, out, sizeof(out));
	assert_null(strstr(out, "deadbeef"));
	assert_non_null(strstr(out, "[redacted]"));
	assert_non_null(strstr(out, "line\\nbreak"));
	assert_non_null(strstr(out, "\\\"quoted\\\""));
	assert_non_null(strstr(out, "\\u001b"));
	/* One event is one line. */
	assert_ptr_equal(strchr(out, '\n'), out + strlen(out) - 1);
	capture(log_long, out, sizeof(out));
	assert_null(strstr(out, "0xdead"));
	arb_log_forget_secrets();
}

static void
a_noisy_site_is_limited(void **state)
{
	static char out[262144];
	const char *p;
	int			lines = 0;

	capture(log_many, out, sizeof(out));
	for (p = out; (p = strchr(p, '\n')) != NULL; p++)
		lines++;
	assert_true(lines >= 10 && lines < 100);
}

static void
redaction_takes_the_longest(void **state)
{
	char		out[64];

	assert_true(arb_log_secret("secret"));
	assert_true(arb_log_secret("secretlonger"));
	(void) arb_log_redact("a secretlonger b secret", 23, out, sizeof(out));
	assert_string_equal(out, "a [redacted] b [redacted]");
	/* Words too short to be secrets are refused quietly. */
	assert_true(arb_log_secret("abc"));
	(void) arb_log_redact("abc", 3, out, sizeof(out));
	assert_string_equal(out, "abc");
	arb_log_forget_secrets();
}

static void
backoff_doubles_within_its_cap(void **state)
{
	Backoff		backoff;

	arb_backoff_init(&backoff, 100, 1000);
	assert_int_equal(arb_backoff_next(&backoff, 0), 50);
	assert_int_equal(arb_backoff_next(&backoff, UINT32_MAX), 200);
	assert_int_equal(arb_backoff_next(&backoff, UINT32_MAX), 400);
	assert_int_equal(arb_backoff_next(&backoff, UINT32_MAX), 800);
	assert_int_equal(arb_backoff_next(&backoff, UINT32_MAX), 1000);
	assert_int_equal(arb_backoff_next(&backoff, 0), 500);
	arb_backoff_reset(&backoff);
	assert_int_equal(arb_backoff_next(&backoff, UINT32_MAX), 100);
}

static void
ratelimit_refills_with_time(void **state)
{
	RateLimit	limit;
	int64_t		now = 5 * NS_PER_S;

	arb_ratelimit_init(&limit, 2, 10);
	assert_true(arb_ratelimit_take(&limit, now));
	assert_true(arb_ratelimit_take(&limit, now));
	assert_false(arb_ratelimit_take(&limit, now));
	assert_false(arb_ratelimit_take(&limit, now + 99 * NS_PER_MS));
	assert_true(arb_ratelimit_take(&limit, now + 100 * NS_PER_MS));
	/* A long pause fills the bucket and nothing beyond. */
	now += INT64_C(1000000) * NS_PER_S;
	assert_true(arb_ratelimit_take(&limit, now));
	assert_true(arb_ratelimit_take(&limit, now));
	assert_false(arb_ratelimit_take(&limit, now));
}

static void
strbuf_remembers_its_cap(void **state)
{
	StrBuf		buf;

	arb_strbuf_init(&buf, 8);
	assert_true(arb_strbuf_text(&buf, "12345"));
	assert_false(arb_strbuf_text(&buf, "6789"));
	assert_true(buf.failed);
	assert_string_equal(buf.data, "12345");
	arb_strbuf_reset(&buf);
	assert_true(arb_strbuf_printf(&buf, "%d", 42));
	arb_strbuf_consume(&buf, 1);
	assert_string_equal(buf.data, "2");
	arb_strbuf_free(&buf);
}

static void
input_errors_count_by_kind(void **state)
{
	static InputErrors errors;
	StrBuf		json;

	memset(&errors, 0, sizeof(errors));
	arb_log_set_level(LOG_LEVEL_ERROR);
	arb_input_error(&errors, "market", "bad_json", "at byte 3 \"x\"");
	arb_input_error(&errors, "market", "bad_json", "again");
	arb_input_error(&errors, "user", "too_large", NULL);
	arb_log_set_level(LOG_LEVEL_INFO);
	arb_strbuf_init(&json, 0);
	arb_input_errors_json(&errors, &json);
	assert_string_equal(json.data, "[{\"kind\":\"market.bad_json\",\"count\":2,\"context\":\"again\"},"
						"{\"kind\":\"user.too_large\",\"count\":1,\"context\":\"\"}]");
	arb_strbuf_reset(&json);
	arb_input_errors_json(&errors, &json);
	assert_string_equal(json.data, "[]");
	arb_strbuf_free(&json);
}

static void
clock_offset_is_the_least_that_explains(void **state)
{
	assert_int_equal(arb_clock_offset_ms(100, 100100, 100200), 0);
	assert_int_equal(arb_clock_offset_ms(100, 99990, 100010), 0);
	assert_int_equal(arb_clock_offset_ms(105, 100100, 100200), 4800);
	assert_int_equal(arb_clock_offset_ms(90, 100100, 100200), -9101);
}

static char KeyPath[] = "/tmp/arbees_test_keyXXXXXX";

static void
write_key(const char *text, mode_t mode)
{
	FILE	   *file = fopen(KeyPath, "w");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(KeyPath, mode), 0);
}

#define GOOD_KEY "{\"private_key\":\"" SECRET "\",\"signature_type\":1}"

static void
key_file_must_be_guarded(void **state)
{
	char		error[KEYFILE_ERROR_SIZE];
	char		link_path[64];
	KeyFile    *keys;

	write_key(GOOD_KEY, 0600);
	keys = arb_keyfile_load(KeyPath, false, error);
	assert_non_null(keys);
	assert_string_equal(keys->private_key, SECRET);
	assert_int_equal(keys->signature_type, 1);
	assert_string_equal(keys->api_key, "");
	arb_keyfile_free(keys);

	write_key(GOOD_KEY, 0640);
	assert_null(arb_keyfile_load(KeyPath, false, error));
	assert_non_null(strstr(error, "0640"));
	write_key(GOOD_KEY, 0604);
	assert_null(arb_keyfile_load(KeyPath, false, error));
	write_key(GOOD_KEY, 0600);
	/* A link could be turned elsewhere between the look and the reading. */
	(void) snprintf(link_path, sizeof(link_path), "%s.link", KeyPath);
	assert_int_equal(symlink(KeyPath, link_path), 0);
	assert_null(arb_keyfile_load(link_path, false, error));
	assert_int_equal(unlink(link_path), 0);
	assert_null(arb_keyfile_load("/tmp", false, error));
	assert_null(arb_keyfile_load("/nonexistent", false, error));
}

static void
key_file_errors_quote_no_secret(void **state)
{
	static const char *const broken[] = {
		"{\"private_key\":\"" SECRET "\"",
		"{\"private_key\":\"" SECRET "\",\"private_key\":\"" SECRET "\"}",
		"{\"private_key\":\"" SECRET "\",\"api_key\":\"k\"}",
		"{\"private_key\":\"" SECRET "\",\"signature_type\":9}",
		"[\"" SECRET "\"]",
		"{}",
	};
	char		error[KEYFILE_ERROR_SIZE];
	size_t		i;

	for (i = 0; i < sizeof(broken) / sizeof(broken[0]); i++)
	{
		write_key(broken[i], 0600);
		assert_null(arb_keyfile_load(KeyPath, false, error));
		assert_null(strstr(error, "deadbeef"));
	}
}

static OptionsResult
parse(Options *options, const char *a, const char *b, const char *c, const char *d)
{
	char	   *argv[] = {(char *) "arbees-worker", (char *) a, (char *) b, (char *) c, (char *) d, NULL};
	int			argc = 1;
	int			saved;
	OptionsResult result;

	while (argv[argc] != NULL)
		argc++;
	optind = 0;
	saved = dup(STDERR_FILENO);
	assert_non_null(freopen("/dev/null", "w", stderr));
	result = arb_options_parse(argc, argv, options);
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	(void) close(saved);
	return result;
}

static void
options_are_checked(void **state)
{
	Options		options;

	assert_int_equal(parse(&options, "--db=dbname=x", "--roles=feed", NULL, NULL), OPTIONS_RUN);
	assert_true(options.feed);
	assert_false(options.trade);
	assert_string_equal(options.roles, "feed");
	assert_string_equal(options.name, "arbees-worker-polymarket");
	assert_int_equal(parse(&options, NULL, NULL, NULL, NULL), OPTIONS_WRONG);
	assert_int_equal(parse(&options, "--db=x", "--roles=feed,steal", NULL, NULL), OPTIONS_WRONG);
	assert_int_equal(parse(&options, "--db=x", "--log-level=loud", NULL, NULL), OPTIONS_WRONG);
	assert_int_equal(parse(&options, "--db=x", "stray", NULL, NULL), OPTIONS_WRONG);
	/* Arguments are public. */
	assert_int_equal(parse(&options, "--db=host=h password=p", NULL, NULL, NULL), OPTIONS_WRONG);
	assert_int_equal(parse(&options, "--db=postgresql://u:p@h/db", NULL, NULL, NULL), OPTIONS_WRONG);
	assert_int_equal(parse(&options, "--db=postgresql://u@h:5433/db", NULL, NULL, NULL), OPTIONS_RUN);
}

static int
set_up(void **state)
{
	int			fd = mkstemp(KeyPath);

	return fd < 0 ? -1 : close(fd);
}

static int
tear_down(void **state)
{
	return unlink(KeyPath);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(secrets_never_reach_the_log),
		cmocka_unit_test(a_noisy_site_is_limited),
		cmocka_unit_test(redaction_takes_the_longest),
		cmocka_unit_test(backoff_doubles_within_its_cap),
		cmocka_unit_test(ratelimit_refills_with_time),
		cmocka_unit_test(strbuf_remembers_its_cap),
		cmocka_unit_test(input_errors_count_by_kind),
		cmocka_unit_test(clock_offset_is_the_least_that_explains),
		cmocka_unit_test(key_file_must_be_guarded),
		cmocka_unit_test(key_file_errors_quote_no_secret),
		cmocka_unit_test(options_are_checked),
	};

	return cmocka_run_group_tests_name("base", tests, set_up, tear_down);
}
