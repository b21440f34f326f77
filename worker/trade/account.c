/*-------------------------------------------------------------------------
 *
 * worker/trade/account.c
 *	  The venue account: credentials, what the venue allows, the cash.
 *
 * What cannot be read counts as not allowed.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/desk.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "clock.h"
#include "log.h"

#define TICK_MS 200
#define CHECK_EVERY_NS (60 * NS_PER_S)
#define CHECK_AGAIN_NS (2 * NS_PER_S)
#define BALANCE_EVERY_NS (2 * NS_PER_S)
/* Connections kept open to the CLOB, and how often each is used at least, so that an order never pays a connect. */
/* The gate's own limit; here it only makes the next look come sooner. */
#define CLOCK_OFFSET_MAX_MS 10000
#define WARM_CONNECTIONS 2
#define WARM_EVERY_NS (4 * NS_PER_S)
/* The version of the exchange whose orders are signed here. */
#define EXCHANGE_VERSION 2
#define CHECKS 5

typedef struct Checks
{
	Trade	   *trade;
	int			open;
	int64_t		asked_ms;
	bool		geoblock_ok;
	bool		closed_only;
	bool		allowance_ok;
	bool		version_ok;
	bool		time_known;
	int64_t		offset_ms;
	bool		trading_allowed;	/* what its refusals of orders tell */
} Checks;

typedef struct BalanceRead
{
	Trade	   *trade;
	uint64_t	activity;
	bool		settled;
} BalanceRead;

/* ----- credentials ----- */

static void
have_credentials(Trade *trade)
{
	Worker	   *worker = trade->worker;

	(void) arb_log_secret(trade->credentials->api_key);
	(void) arb_log_secret(trade->credentials->secret_text);
	(void) arb_log_secret(trade->credentials->passphrase);
	(void) snprintf(trade->signer.owner, sizeof(trade->signer.owner), "%s", trade->credentials->api_key);
	worker->client.credentials = trade->credentials;
	log_info("trade", "API credentials are at hand");
	arb_user_start(trade);
	arb_account_refresh(trade);
	arb_work_read(trade);
}

static void
derive_failed(Trade *trade, const char *why)
{
	log_warning("trade", "no API credentials yet: %s", why);
	trade->deriving = false;
	trade->checked_ns = arb_mono_ns() +
		arb_backoff_next(&trade->derive_backoff, arb_backoff_random()) * NS_PER_MS;
}

static bool
load_answer(Trade *trade, const HttpAnswer *answer)
{
	char	   *text = arb_secret_alloc(3 * KEYFILE_TEXT_SIZE);
	char	   *secret;
	char	   *passphrase;
	ParseError	error;
	bool		ok;

	if (text == NULL)
		return false;
	secret = text + KEYFILE_TEXT_SIZE;
	passphrase = secret + KEYFILE_TEXT_SIZE;
	ok = arb_pm_parse_credentials(answer->body, answer->len, text, KEYFILE_TEXT_SIZE, secret,
								  KEYFILE_TEXT_SIZE, passphrase, KEYFILE_TEXT_SIZE, &error) &&
		arb_pm_credentials_load(text, secret, passphrase, trade->credentials);
	arb_secret_free(text, 3 * KEYFILE_TEXT_SIZE);
	/* The answer held the secret in ordinary memory. */
	explicit_bzero((void *) (uintptr_t) answer->body, answer->len);
	return ok;
}

static void
on_created(void *arg, const HttpAnswer *answer)
{
	Trade	   *trade = arg;

	if (answer->outcome != HTTP_ANSWERED)
		derive_failed(trade, answer->error);
	else if ((answer->status != 200 && answer->status != 201) || !load_answer(trade, answer))
		derive_failed(trade, "the venue created none");
	else
	{
		trade->deriving = false;
		have_credentials(trade);
	}
}

static void
on_derived(void *arg, const HttpAnswer *answer)
{
	Trade	   *trade = arg;

	if (answer->outcome != HTTP_ANSWERED)
	{
		derive_failed(trade, answer->error);
		return;
	}
	if (answer->status == 200 && load_answer(trade, answer))
	{
		trade->deriving = false;
		have_credentials(trade);
		return;
	}
	/* None exist for this key yet. */
	if (answer->status >= 500 ||
		!arb_pm_prove_key(&trade->worker->client, "POST", "/auth/api-key", on_created, trade))
		derive_failed(trade, "the venue did not derive any");
}

static void
get_credentials(Trade *trade)
{
	const KeyFile *keys = trade->worker->keys;

	if (keys->api_key[0] != '\0')
	{
		if (arb_pm_credentials_load(keys->api_key, keys->secret, keys->passphrase, trade->credentials))
			have_credentials(trade);
		else
			arb_worker_stop(trade->worker, EXIT_CODE_KEYS, "the API credentials of the key file are malformed");
		return;
	}
	trade->deriving = true;
	if (!arb_pm_prove_key(&trade->worker->client, "GET", "/auth/derive-api-key", on_derived, trade))
		derive_failed(trade, "the request could not be started");
}

/* ----- checks ----- */

static void
on_checks_told(void *arg, const DbReply *reply)
{
	Trade	   *trade = arg;

	if (!arb_desk_ok(trade, reply))
		return;
	trade->checks_told = true;
	arb_reconcile_advance(trade);
}

static void
tell_checks(Checks *checks)
{
	Trade	   *trade = checks->trade;
	bool		signature_ok = checks->version_ok &&
		trade->worker->hello.signature_type == (int) trade->signer.signature_type;
	bool		all_good = checks->trading_allowed && checks->geoblock_ok && !checks->closed_only && checks->allowance_ok && signature_ok &&
		checks->time_known && llabs((long long) checks->offset_ms) <= CLOCK_OFFSET_MAX_MS;
	char		text[256];
	char		offset[32] = "null";
	DbParams	params;

	if (checks->time_known)
	{
		trade->worker->clock_offset_known = true;
		trade->worker->clock_offset_ms = (double) checks->offset_ms;
		(void) snprintf(offset, sizeof(offset), "%" PRId64, checks->offset_ms);
	}
	(void) snprintf(text, sizeof(text),
					"{\"geoblock_ok\":%s,\"closed_only\":%s,\"allowance_ok\":%s,\"signature_type_ok\":%s,"
					"\"trading_allowed\":%s,\"clock_offset_ms\":%s}",
					checks->geoblock_ok ? "true" : "false", checks->closed_only ? "true" : "false",
					checks->allowance_ok ? "true" : "false", signature_ok ? "true" : "false",
					checks->trading_allowed ? "true" : "false", offset);
	if (!all_good)
		log_warning("trade", "the venue does not allow all: %s", text);
	trade->checked_ns = arb_mono_ns() + (all_good ? CHECK_EVERY_NS : CHECK_AGAIN_NS);
	arb_desk_params(trade, &params);
	arb_params_text(&params, text);
	(void) arb_desk_call(trade, DB_REPORT_VENUE_CHECKS, &params, on_checks_told, trade);
}

static bool
is_ok(const HttpAnswer *answer)
{
	return answer->outcome == HTTP_ANSWERED && answer->status == 200;
}

static void
release_checks(Checks *checks, int answers)
{
	checks->open -= answers;
	if (checks->open > 0)
		return;
	tell_checks(checks);
	free(checks);
}

static void
check_done(Checks *checks, bool parsed, const ParseError *error, const HttpAnswer *answer)
{
	if (is_ok(answer) && !parsed)
		arb_input_unreadable(&checks->trade->worker->input_errors, "checks", error);
	release_checks(checks, 1);
}

static void
on_time(void *arg, const HttpAnswer *answer)
{
	Checks	   *checks = arg;
	ParseError	error = {PARSE_ERROR_NONE, ""};
	int64_t		seconds;
	bool		parsed = is_ok(answer) && arb_pm_parse_time(answer->body, answer->len, &seconds, &error);

	if (parsed)
	{
		checks->time_known = true;
		checks->offset_ms = arb_clock_offset_ms(seconds, checks->asked_ms, arb_wall_ms());
	}
	check_done(checks, parsed, &error, answer);
}

static void
on_geoblock(void *arg, const HttpAnswer *answer)
{
	Checks	   *checks = arg;
	ParseError	error = {PARSE_ERROR_NONE, ""};
	bool		blocked = true;
	bool		parsed = is_ok(answer) && arb_pm_parse_geoblock(answer->body, answer->len, &blocked, &error);

	checks->geoblock_ok = parsed && !blocked;
	check_done(checks, parsed, &error, answer);
}

static void
on_closed_only(void *arg, const HttpAnswer *answer)
{
	Checks	   *checks = arg;
	ParseError	error = {PARSE_ERROR_NONE, ""};
	bool		closed = true;
	bool		parsed = is_ok(answer) && arb_pm_parse_closed_only(answer->body, answer->len, &closed, &error);

	checks->closed_only = !parsed || closed;
	check_done(checks, parsed, &error, answer);
}

static void
on_version(void *arg, const HttpAnswer *answer)
{
	Checks	   *checks = arg;
	ParseError	error = {PARSE_ERROR_NONE, ""};
	int			version = 0;
	bool		parsed = is_ok(answer) && arb_pm_parse_version(answer->body, answer->len, &version, &error);

	checks->version_ok = parsed && version == EXCHANGE_VERSION;
	check_done(checks, parsed, &error, answer);
}

/* The exchange may spend what we have; other spenders do not matter to the orders built here. */
static bool
exchange_may_spend(const Trade *trade, const PmBalance *balance)
{
	char		exchange[ETH_ADDRESS_TEXT_SIZE];
	size_t		i;

	arb_eth_address_format(&trade->signer.domain[0].contract, exchange);
	for (i = 0; i < balance->allowance_count; i++)
	{
		const PmAllowance *allowance = &balance->allowances[i];

		if (allowance->spender[0] != '\0' && strcasecmp(allowance->spender, exchange) != 0)
			continue;
		if (allowance->amount > 0 && allowance->amount >= balance->balance)
			return true;
	}
	return false;
}

static void
on_allowance(void *arg, const HttpAnswer *answer)
{
	Checks	   *checks = arg;
	ParseError	error = {PARSE_ERROR_NONE, ""};
	PmBalance	balance;
	bool		parsed = is_ok(answer) && arb_pm_parse_balance(answer->body, answer->len, &balance, &error);

	checks->allowance_ok = parsed && exchange_may_spend(checks->trade, &balance);
	check_done(checks, parsed, &error, answer);
}

static void
check_venue(Trade *trade)
{
	PmClient   *client = &trade->worker->client;
	Checks	   *checks = calloc(1, sizeof(*checks));
	int			unasked = 0;

	if (checks == NULL)
		return;
	checks->trade = trade;
	checks->open = CHECKS;
	checks->closed_only = true;
	checks->asked_ms = arb_wall_ms();
	checks->trading_allowed = trade->orders_told = arb_budget_takes_orders(&trade->budget, arb_mono_ns());
	/* Not again before these are answered. */
	trade->checked_ns = arb_mono_ns() + CHECK_EVERY_NS;
	if (!arb_pm_get(client, PM_SERVICE_CLOB, "/time", on_time, checks))
		unasked++;
	if (!arb_pm_get(client, PM_SERVICE_GEOBLOCK, "", on_geoblock, checks))
		unasked++;
	if (!arb_pm_get(client, PM_SERVICE_CLOB, "/version", on_version, checks))
		unasked++;
	if (!arb_pm_private(client, "GET", "/auth/ban-status/closed-only", NULL, 0, on_closed_only, checks))
		unasked++;
	if (!arb_account_read(trade, NULL, on_allowance, checks))
		unasked++;
	/* What could not be asked keeps its refusing value. */
	if (unasked > 0)
		release_checks(checks, unasked);
}

/* ----- cash ----- */

bool
arb_account_read(Trade *trade, const char *token_id, HttpDone done, void *arg)
{
	char		path[VENUE_PATH_MAX];

	if (token_id == NULL)
		(void) snprintf(path, sizeof(path), "/balance-allowance?asset_type=COLLATERAL&signature_type=%d",
						(int) trade->signer.signature_type);
	else
		(void) snprintf(path, sizeof(path),
						"/balance-allowance?asset_type=CONDITIONAL&token_id=%s&signature_type=%d", token_id,
						(int) trade->signer.signature_type);
	return arb_pm_private(&trade->worker->client, "GET", path, NULL, 0, done, arg);
}

static void
on_balance_told(void *arg, const DbReply *reply)
{
	Trade	   *trade = arg;

	trade->balance_asking = false;
	if (reply->status == DB_LOST || !arb_desk_ok(trade, reply))
		return;
	trade->balance_told = true;
	arb_reconcile_advance(trade);
}

static void
on_balance(void *arg, const HttpAnswer *answer)
{
	BalanceRead *read = arg;
	Trade	   *trade = read->trade;
	bool		quiet = read->settled && arb_orders_are_settled(trade) && read->activity == trade->activity;
	PmBalance	balance;
	ParseError	error;
	DbParams	params;

	free(read);
	trade->balance_asking = false;
	if (!is_ok(answer))
		return;
	if (!arb_pm_parse_balance(answer->body, answer->len, &balance, &error))
	{
		arb_input_unreadable(&trade->worker->input_errors, "balance", &error);
		return;
	}
	trade->cash = balance.balance;
	arb_desk_params(trade, &params);
	arb_params_micro(&params, balance.balance);
	arb_params_bool(&params, quiet);
	trade->balance_asking = arb_desk_call(trade, DB_REPORT_BALANCE, &params, on_balance_told, trade);
}

static void
read_balance(Trade *trade)
{
	BalanceRead *read = calloc(1, sizeof(*read));

	trade->balance_ns = arb_mono_ns() + BALANCE_EVERY_NS;
	if (read == NULL)
		return;
	read->trade = trade;
	read->activity = trade->activity;
	read->settled = arb_orders_are_settled(trade);
	trade->balance_asking = arb_account_read(trade, NULL, on_balance, read);
	if (!trade->balance_asking)
		free(read);
}

/* ----- schedule ----- */

static void
on_warm(void *arg, const HttpAnswer *answer)
{
	(void) arg;
	if (answer->outcome != HTTP_ANSWERED)
		log_warning("trade", "the venue cannot be reached: %s", answer->error);
}

/* Asked at the same time they need a connection each. */
static void
keep_warm(Trade *trade)
{
	int			i;

	trade->warm_ns = arb_mono_ns() + WARM_EVERY_NS;
	for (i = 0; i < WARM_CONNECTIONS; i++)
		(void) arb_pm_get(&trade->worker->client, PM_SERVICE_CLOB, "/ok", on_warm, NULL);
}

static void
on_tick(uv_timer_t *timer)
{
	Trade	   *trade = timer->data;
	int64_t		now_ns = arb_mono_ns();

	if (trade->halted || trade->stopping)
		return;
	if (trade->worker->client.credentials == NULL)
	{
		if (!trade->deriving && now_ns >= trade->checked_ns)
			get_credentials(trade);
		return;
	}
	if (trade->epoch == 0 || !arb_worker_has_database(trade->worker))
		return;
	if (now_ns >= trade->warm_ns)
		keep_warm(trade);
	/* That the venue takes orders again, or no more, is told at once. */
	if (now_ns >= trade->checked_ns || trade->orders_told != arb_budget_takes_orders(&trade->budget, now_ns))
		check_venue(trade);
	if (!trade->balance_asking && now_ns >= trade->balance_ns)
		read_balance(trade);
}

void
arb_account_refresh(Trade *trade)
{
	trade->checked_ns = 0;
	trade->balance_ns = 0;
	on_tick(&trade->account_timer);
}

void
arb_account_init(Trade *trade)
{
	arb_backoff_init(&trade->derive_backoff, 500, 30000);
	trade->cash = -1;
	(void) uv_timer_init(trade->worker->loop, &trade->account_timer);
	trade->account_timer.data = trade;
}

void
arb_account_start(Trade *trade)
{
	(void) uv_timer_start(&trade->account_timer, on_tick, 0, TICK_MS);
}
