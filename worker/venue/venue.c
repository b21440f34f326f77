/*-------------------------------------------------------------------------
 *
 * worker/venue/venue.c
 *	  Labels of the shared words, and the list of venues this worker speaks.
 *
 *-------------------------------------------------------------------------
 */
#include "venue.h"

#include <string.h>

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

static const char *const OrderSideNames[] = {
	[ORDER_SIDE_BUY] = "BUY",
	[ORDER_SIDE_SELL] = "SELL",
};

static const char *const AmountKindNames[] = {
	[AMOUNT_KIND_BASE] = "base",
	[AMOUNT_KIND_MONEY] = "money",
};

static const char *const TimeInForceNames[] = {
	[TIME_IN_FORCE_GTC] = "GTC",
	[TIME_IN_FORCE_GTD] = "GTD",
	[TIME_IN_FORCE_FOK] = "FOK",
	[TIME_IN_FORCE_FAK] = "FAK",
};

static const char *const PostOutcomeNames[] = {
	[POST_OUTCOME_ACCEPTED] = "accepted",
	[POST_OUTCOME_MATCHED] = "matched",
	[POST_OUTCOME_DELAYED] = "delayed",
	[POST_OUTCOME_REJECTED] = "rejected",
	[POST_OUTCOME_DUPLICATE] = "duplicate",
	[POST_OUTCOME_UNKNOWN] = "unknown",
	[POST_OUTCOME_RETRY_LATER] = "retry_later",
};

static const char *
name_of(const char *const *names, size_t count, size_t value)
{
	return value < count && names[value] != NULL ? names[value] : "";
}

static size_t
value_of(const char *const *names, size_t count, const char *text)
{
	for (size_t i = 1; text != NULL && i < count; i++)
	{
		if (strcmp(names[i], text) == 0)
			return i;
	}
	return 0;
}

const char *
arb_order_side_name(OrderSide side)
{
	return name_of(OrderSideNames, LENGTH(OrderSideNames), side);
}

OrderSide
arb_order_side_parse(const char *text)
{
	return (OrderSide) value_of(OrderSideNames, LENGTH(OrderSideNames), text);
}

AmountKind
arb_amount_kind_parse(const char *text)
{
	return (AmountKind) value_of(AmountKindNames, LENGTH(AmountKindNames), text);
}

const char *
arb_time_in_force_name(TimeInForce tif)
{
	return name_of(TimeInForceNames, LENGTH(TimeInForceNames), tif);
}

TimeInForce
arb_time_in_force_parse(const char *text)
{
	return (TimeInForce) value_of(TimeInForceNames, LENGTH(TimeInForceNames), text);
}

const char *
arb_post_outcome_name(PostOutcome outcome)
{
	return name_of(PostOutcomeNames, LENGTH(PostOutcomeNames), outcome);
}

const VenueRoutine *
arb_venue_find(const char *name)
{
	const VenueRoutine *const venues[] = {arb_venue_polymarket()};

	for (size_t i = 0; name != NULL && i < LENGTH(venues); i++)
	{
		if (strcmp(venues[i]->name, name) == 0)
			return venues[i];
	}
	return NULL;
}

const char *
arb_venue_check(const VenueRoutine *routine)
{
	if (routine->name == NULL || routine->name[0] == '\0')
		return "a venue without a name";
	if (((routine->capabilities & VENUE_CAN_PREPARE) != 0) !=
		(routine->prepare_order != NULL && routine->parse_post != NULL))
		return "capability prepare disagrees with its members";
	if (((routine->capabilities & VENUE_CAN_CANCEL) != 0) != (routine->build_cancel != NULL))
		return "capability cancel disagrees with its member";
	if (((routine->capabilities & VENUE_CAN_BATCH_CANCEL) != 0) != (routine->build_cancel_many != NULL))
		return "capability batch cancel disagrees with its member";
	if ((routine->limits.orders_per_s > 0) != (routine->limits.orders_burst > 0) ||
		(routine->limits.cancels_per_s > 0) != (routine->limits.cancels_burst > 0) ||
		(routine->limits.requests_per_s > 0) != (routine->limits.requests_burst > 0) ||
		(routine->limits.balances_per_s > 0) != (routine->limits.balances_burst > 0))
		return "a rate limit has a rate and a burst, or neither";
	return NULL;
}
