/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_answer.c
 *	  What the venue says to POST /order and to the DELETEs.
 *
 * A wrong "rejected" would free money that is still at work, a wrong
 * "accepted" only costs a question.  So refusals must be recognised, and
 * whatever is not recognised is unknown.
 *
 *-------------------------------------------------------------------------
 */
#include "parse_common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct KnownText
{
	const char *needle;
	PostOutcome outcome;
	const char *code;
} KnownText;

/*
 * Searched in order, ignoring case.  "is invalid" stands last among the order
 * errors because the more telling ones contain it.
 */
static const KnownText KnownTexts[] = {
	{"duplicated", POST_OUTCOME_DUPLICATE, "duplicated"},
	{"order match delayed due to market conditions", POST_OUTCOME_DELAYED, "match_delayed"},
	{"could not insert order", POST_OUTCOME_UNKNOWN, "could_not_insert"},
	{"could not run the execution", POST_OUTCOME_UNKNOWN, "could_not_execute"},
	{"error delaying the order", POST_OUTCOME_UNKNOWN, "could_not_delay"},
	{"internal server error", POST_OUTCOME_UNKNOWN, "server_error"},
	{"trading is currently disabled", POST_OUTCOME_RETRY_LATER, "trading_disabled"},
	{"trading is currently cancel-only", POST_OUTCOME_RETRY_LATER, "cancel_only"},
	{"post-only mode", POST_OUTCOME_RETRY_LATER, "post_only_mode"},
	{"not yet ready to process", POST_OUTCOME_RETRY_LATER, "market_not_ready"},
	{"rate limit exceeded", POST_OUTCOME_RETRY_LATER, "rate_limited"},
	{"no orders found to match with fak", POST_OUTCOME_REJECTED, "no_match"},
	{"order couldn't be fully filled", POST_OUTCOME_REJECTED, "not_fully_filled"},
	{"order_version_mismatch", POST_OUTCOME_REJECTED, "order_version_mismatch"},
	{"not enough balance", POST_OUTCOME_REJECTED, "not_enough_balance"},
	{"insufficient balance", POST_OUTCOME_REJECTED, "not_enough_balance"},
	{"breaks minimum tick size", POST_OUTCOME_REJECTED, "off_tick"},
	{"lower than the minimum", POST_OUTCOME_REJECTED, "below_min_size"},
	{"min size: $", POST_OUTCOME_REJECTED, "below_min_notional"},
	{"invalid amounts", POST_OUTCOME_REJECTED, "invalid_amounts"},
	{"invalid expiration", POST_OUTCOME_REJECTED, "invalid_expiration"},
	{"order crosses book", POST_OUTCOME_REJECTED, "post_only_crosses"},
	{"invalid post-only order", POST_OUTCOME_REJECTED, "invalid_post_only"},
	{"invalid order payload", POST_OUTCOME_REJECTED, "invalid_payload"},
	{"order owner has to be", POST_OUTCOME_REJECTED, "wrong_owner"},
	{"signer address has to be", POST_OUTCOME_REJECTED, "wrong_signer"},
	{"address banned", POST_OUTCOME_REJECTED, "banned"},
	{"closed only mode", POST_OUTCOME_REJECTED, "closed_only"},
	{"invalid nonce", POST_OUTCOME_REJECTED, "invalid_nonce"},
	{"invalid signature", POST_OUTCOME_REJECTED, "invalid_signature"},
	{"invalid api key", POST_OUTCOME_REJECTED, "unauthorized"},
	{"unauthorized", POST_OUTCOME_REJECTED, "unauthorized"},
	{"no orderbook exists", POST_OUTCOME_REJECTED, "no_book"},
	{"is invalid", POST_OUTCOME_REJECTED, "invalid_order"},
};

static const KnownText *
find_text(const char *text)
{
	for (size_t i = 0; i < sizeof(KnownTexts) / sizeof(KnownTexts[0]); i++)
	{
		if (strcasestr(text, KnownTexts[i].needle) != NULL)
			return &KnownTexts[i];
	}
	return NULL;
}

static void
set_answer(PostAnswer *answer, PostOutcome outcome, const char *code)
{
	answer->outcome = outcome;
	snprintf(answer->code, sizeof(answer->code), "%s", code);
}

/* The venue's words: "error" in refusals, "errorMsg" in order answers. */
static void
read_error_text(const json_t *root, char *out, size_t size)
{
	static const char *const names[] = {"error", "errorMsg", "message"};

	out[0] = '\0';
	for (size_t i = 0; out[0] == '\0' && i < sizeof(names) / sizeof(names[0]); i++)
	{
		const json_t *field = json_object_get(root, names[i]);

		if (json_is_string(field))
			arb_pm_clean_text(json_string_value(field), out, size);
	}
}

void
arb_pm_parse_error_text(const char *bytes, size_t len, char *out, size_t size)
{
	json_t	   *root = arb_json_load(bytes, len, JSON_MAX_BYTES, NULL);

	read_error_text(root, out, size);
	json_decref(root);
}

/*
 * An answer with a refusing text.  A definite refusal is believed from a
 * client error or a 200; a server error may have come after the order was
 * taken, so there only the words that speak of a closed venue count.
 */
static void
classify_text(int http_status, PostAnswer *answer)
{
	const KnownText *known = find_text(answer->reason);
	bool		server_error = http_status >= 500;

	if (known != NULL && !(server_error && known->outcome == POST_OUTCOME_REJECTED))
		set_answer(answer, known->outcome, known->code);
	else if (server_error)
		set_answer(answer, POST_OUTCOME_UNKNOWN, "server_error");
	else if (http_status >= 400)
		set_answer(answer, POST_OUTCOME_REJECTED, "refused");
	else
		set_answer(answer, POST_OUTCOME_UNKNOWN, "unrecognised");
}

/* Accepted needs all of it: success, a known status, no error, and our own id. */
static void
classify_success(const json_t *root, const char *venue_order_id, PostAnswer *answer)
{
	static const struct
	{
		const char *status;
		PostOutcome outcome;
	}			statuses[] = {
		{"live", POST_OUTCOME_ACCEPTED},
		{"matched", POST_OUTCOME_MATCHED},
		{"delayed", POST_OUTCOME_DELAYED},
	};
	char		status[PM_STATUS_SIZE];
	ParseError	error;

	if (strcasecmp(answer->venue_order_id, venue_order_id) != 0)
	{
		set_answer(answer, POST_OUTCOME_UNKNOWN, answer->venue_order_id[0] == '\0' ?
				   "order_id_missing" : "order_id_mismatch");
		return;
	}
	set_answer(answer, POST_OUTCOME_UNKNOWN, "unrecognised_status");
	if (!arb_json_text_optional(root, "status", status, sizeof(status), &error))
		return;
	for (size_t i = 0; i < sizeof(statuses) / sizeof(statuses[0]); i++)
	{
		if (strcasecmp(status, statuses[i].status) == 0)
			set_answer(answer, statuses[i].outcome, "");
	}
}

static void
classify_body(int http_status, const json_t *root, const char *venue_order_id, PostAnswer *answer)
{
	bool		success = json_is_true(json_object_get(root, "success"));
	bool		failure = json_is_false(json_object_get(root, "success"));

	/* An id that is none stays empty and so never matches ours. */
	if (!arb_json_id_optional(root, "orderID", answer->venue_order_id, sizeof(answer->venue_order_id), NULL))
		answer->venue_order_id[0] = '\0';
	read_error_text(root, answer->reason, sizeof(answer->reason));
	if (answer->reason[0] != '\0')
	{
		classify_text(http_status, answer);
		/* Refused in so many words although the code says success, and no order to show for it. */
		if (answer->outcome == POST_OUTCOME_UNKNOWN && http_status == 200 && failure &&
			answer->venue_order_id[0] == '\0' && find_text(answer->reason) == NULL)
			set_answer(answer, POST_OUTCOME_REJECTED, "refused");
	}
	else if (http_status == 200 && success)
		classify_success(root, venue_order_id, answer);
	else
		set_answer(answer, POST_OUTCOME_UNKNOWN, "unrecognised");
}

/* Codes that speak for themselves, whatever the body says; false for the others. */
static bool
classify_status(int http_status, PostAnswer *answer)
{
	switch (http_status)
	{
		case 0:
			set_answer(answer, POST_OUTCOME_UNKNOWN, "no_answer");
			return true;
		case 408:
			/* A time-out is no rejection, whoever reports it. */
			set_answer(answer, POST_OUTCOME_UNKNOWN, "request_timeout");
			return true;
		case 425:
			set_answer(answer, POST_OUTCOME_RETRY_LATER, "engine_restarting");
			return true;
		case 429:
			set_answer(answer, POST_OUTCOME_RETRY_LATER, "rate_limited");
			return true;
		default:
			return false;
	}
}

/* No JSON: a proxy or a guard in front of the venue spoke. */
static void
classify_unreadable(int http_status, PostAnswer *answer)
{
	if (http_status == 401 || http_status == 403)
		set_answer(answer, POST_OUTCOME_REJECTED, http_status == 401 ? "unauthorized" : "forbidden");
	else
		set_answer(answer, POST_OUTCOME_UNKNOWN, "unreadable");
}

void
arb_pm_parse_post(int http_status, const char *bytes, size_t len, const char *venue_order_id,
				  PostAnswer *answer)
{
	json_t	   *root;

	memset(answer, 0, sizeof(*answer));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, NULL);
	if (json_is_object(root))
		classify_body(http_status, root, venue_order_id, answer);
	else
		classify_unreadable(http_status, answer);
	/* A duplicate stays one: the venue has the order, however busy it says it is. */
	if (answer->outcome != POST_OUTCOME_DUPLICATE)
		(void) classify_status(http_status, answer);
	json_decref(root);
	if (answer->reason[0] == '\0' && answer->code[0] != '\0')
		snprintf(answer->reason, sizeof(answer->reason), "http %d: %s", http_status, answer->code);
}

/* ----- cancels ----- */

static PmCancelState
cancel_state_of_reason(const char *reason)
{
	if (strcasestr(reason, "not found") != NULL)
		return PM_CANCEL_NOT_FOUND;
	if (strcasestr(reason, "already") != NULL)
		return PM_CANCEL_ALREADY_DONE;
	return PM_CANCEL_REFUSED;
}

static bool
add_cancel_item(PmCancelAnswer *answer, const char *id, PmCancelState state, const char *reason,
				ParseError *error)
{
	PmCancelItem *item = &answer->items[answer->count];

	if (id == NULL || id[0] == '\0' || strlen(id) >= sizeof(item->id))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "canceled order without a usable id");
	arb_pm_clean_text(id, item->id, sizeof(item->id));
	item->state = state;
	arb_pm_clean_text(reason, item->reason, sizeof(item->reason));
	answer->count++;
	return true;
}

static bool
read_cancel_items(const json_t *done, const json_t *not_done, PmCancelAnswer *answer, ParseError *error)
{
	const char *id;
	const json_t *item;
	size_t		index;
	void	   *iterator;

	json_array_foreach(done, index, item)
	{
		if (!add_cancel_item(answer, json_string_value(item), PM_CANCEL_DONE, "", error))
			return false;
	}
	for (iterator = json_object_iter((json_t *) (uintptr_t) not_done); iterator != NULL;
		 iterator = json_object_iter_next((json_t *) (uintptr_t) not_done, iterator))
	{
		const char *reason = json_string_value(json_object_iter_value(iterator));

		id = json_object_iter_key(iterator);
		if (reason == NULL)
			return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "not_canceled holds no reason");
		if (!add_cancel_item(answer, id, cancel_state_of_reason(reason), reason, error))
			return false;
	}
	return true;
}

static bool
parse_cancel_body(const json_t *root, PmCancelAnswer *answer, ParseError *error)
{
	const json_t *done = json_object_get(root, "canceled");
	const json_t *not_done = json_object_get(root, "not_canceled");
	size_t		count = json_array_size(done) + json_object_size(not_done);

	if (done == NULL && not_done == NULL)
		return arb_parse_fail(error, PARSE_ERROR_MISSING_FIELD, "canceled");
	if ((done != NULL && !json_is_array(done) && !json_is_null(done)) ||
		(not_done != NULL && !json_is_object(not_done) && !json_is_null(not_done)))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "canceled or not_canceled");
	if (count == 0)
		return true;
	if (count > PM_PAGE_MAX)
		return arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu orders", count);
	answer->items = calloc(count, sizeof(*answer->items));
	if (answer->items == NULL)
		return arb_parse_fail(error, PARSE_ERROR_NO_MEMORY, "%zu orders", count);
	return read_cancel_items(done, not_done, answer, error);
}

bool
arb_pm_parse_cancel(int http_status, const char *bytes, size_t len, PmCancelAnswer *answer, ParseError *error)
{
	json_t	   *root;
	bool		done;

	memset(answer, 0, sizeof(*answer));
	if (http_status != 200)
		return arb_parse_fail(error, PARSE_ERROR_HTTP_STATUS, "status %d", http_status);
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	done = parse_cancel_body(root, answer, error);
	json_decref(root);
	if (!done)
		arb_pm_cancel_answer_free(answer);
	return done;
}

void
arb_pm_cancel_answer_free(PmCancelAnswer *answer)
{
	free(answer->items);
	memset(answer, 0, sizeof(*answer));
}

PmCancelState
arb_pm_cancel_state_of(const PmCancelAnswer *answer, const char *venue_order_id)
{
	for (size_t i = 0; i < answer->count; i++)
	{
		if (strcasecmp(answer->items[i].id, venue_order_id) == 0)
			return answer->items[i].state;
	}
	return PM_CANCEL_NONE;
}
