/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_account.c
 *	  Balances, credentials and the venue's small answers.
 *
 *-------------------------------------------------------------------------
 */
#include "parse_common.h"

#include <string.h>

/*
 * Base units, a whole number.  A text with a fraction would be in some other
 * unit, and guessing by which factor is not our business: refused.
 */
static bool
base_units_field(const json_t *object, const char *name, int64_t *amount, ParseError *error)
{
	return arb_json_int(object, name, 0, INT64_MAX, amount, error);
}

/* Unlimited allowances are 2^256 - 1; anything too large for us is simply enough. */
static bool
allowance_amount(const json_t *node, int64_t *amount, ParseError *error)
{
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text = arb_json_number_text(node, scratch);

	if (text == NULL || text[0] == '\0' || strspn(text, "0123456789") != strlen(text))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "allowance is no whole number");
	if (!arb_decimal_parse(text, strlen(text), 0, amount))
		*amount = INT64_MAX;
	return true;
}

static bool
parse_allowances(const json_t *allowances, PmBalance *balance, ParseError *error)
{
	void	   *iterator = json_object_iter((json_t *) (uintptr_t) allowances);

	if (!json_is_object(allowances))
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "allowances is no object");
	if (json_object_size(allowances) > PM_ALLOWANCE_MAX)
		return arb_parse_fail(error, PARSE_ERROR_TOO_LARGE, "%zu allowances", json_object_size(allowances));
	balance->has_allowance = true;
	for (; iterator != NULL;
		 iterator = json_object_iter_next((json_t *) (uintptr_t) allowances, iterator))
	{
		PmAllowance *allowance = &balance->allowances[balance->allowance_count];

		arb_pm_clean_text(json_object_iter_key(iterator), allowance->spender, sizeof(allowance->spender));
		if (!allowance_amount(json_object_iter_value(iterator), &allowance->amount, error))
			return false;
		balance->allowance_count++;
	}
	return true;
}

static bool
parse_balance_fields(const json_t *root, PmBalance *balance, ParseError *error)
{
	const json_t *allowances = json_object_get(root, "allowances");
	const json_t *single = json_object_get(root, "allowance");

	if (!base_units_field(root, "balance", &balance->balance, error))
		return false;
	if (allowances != NULL && !json_is_null(allowances))
		return parse_allowances(allowances, balance, error);
	if (single == NULL || json_is_null(single))
		return true;
	balance->has_allowance = true;
	balance->allowance_count = 1;
	return allowance_amount(single, &balance->allowances[0].amount, error);
}

bool
arb_pm_parse_balance(const char *bytes, size_t len, PmBalance *balance, ParseError *error)
{
	json_t	   *root;
	bool		done;

	memset(balance, 0, sizeof(*balance));
	root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	if (root == NULL)
		return false;
	done = parse_balance_fields(root, balance, error);
	json_decref(root);
	return done;
}

int64_t
arb_pm_balance_allowance_min(const PmBalance *balance)
{
	int64_t		smallest = balance->allowance_count == 0 ? 0 : INT64_MAX;

	for (size_t i = 0; i < balance->allowance_count; i++)
	{
		if (balance->allowances[i].amount < smallest)
			smallest = balance->allowances[i].amount;
	}
	return smallest;
}

/* ----- small answers ----- */

bool
arb_pm_parse_time(const char *bytes, size_t len, int64_t *seconds, ParseError *error)
{
	json_t	   *root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	char		scratch[DECIMAL_TEXT_SIZE];
	const char *text;
	bool		done;

	if (root == NULL)
		return false;
	text = arb_json_number_text(root, scratch);
	done = text != NULL && arb_decimal_parse(text, strlen(text), 0, seconds) && *seconds > 0 &&
		*seconds <= PM_TIME_MAX / 1000;
	json_decref(root);
	if (!done)
		return arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "no time in whole seconds");
	return true;
}

bool
arb_pm_parse_version(const char *bytes, size_t len, int *version, ParseError *error)
{
	json_t	   *root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	int64_t		number = 2;
	bool		done;

	if (root == NULL)
		return false;
	/* Without the field the official client takes 2. */
	done = json_is_object(root) ? arb_json_int_optional(root, "version", 1, 3, &number, NULL, error) :
		arb_parse_fail(error, PARSE_ERROR_WRONG_TYPE, "version answer is no object");
	json_decref(root);
	*version = (int) number;
	return done;
}

static bool
parse_flag(const char *bytes, size_t len, const char *name, bool *flag, ParseError *error)
{
	json_t	   *root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	bool		done;

	if (root == NULL)
		return false;
	done = arb_json_bool(root, name, flag, error);
	json_decref(root);
	return done;
}

bool
arb_pm_parse_geoblock(const char *bytes, size_t len, bool *blocked, ParseError *error)
{
	return parse_flag(bytes, len, "blocked", blocked, error);
}

bool
arb_pm_parse_closed_only(const char *bytes, size_t len, bool *closed_only, ParseError *error)
{
	return parse_flag(bytes, len, "closed_only", closed_only, error);
}

bool
arb_pm_parse_heartbeat(const char *bytes, size_t len, char *heartbeat_id, size_t size, ParseError *error)
{
	json_t	   *root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	bool		done;

	if (root == NULL)
		return false;
	done = arb_json_id(root, "heartbeat_id", heartbeat_id, size, error);
	json_decref(root);
	return done;
}

bool
arb_pm_parse_credentials(const char *bytes, size_t len, char *api_key, size_t api_key_size, char *secret,
						 size_t secret_size, char *passphrase, size_t passphrase_size, ParseError *error)
{
	json_t	   *root = arb_json_load(bytes, len, JSON_MAX_BYTES, error);
	bool		done;

	if (root == NULL)
		return false;
	done = arb_json_id(root, "apiKey", api_key, api_key_size, error) &&
		arb_json_id(root, "secret", secret, secret_size, error) &&
		arb_json_id(root, "passphrase", passphrase, passphrase_size, error);
	arb_json_wipe(root);
	json_decref(root);
	return done;
}
