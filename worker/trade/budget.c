/*-------------------------------------------------------------------------
 *
 * worker/trade/budget.c
 *	  What the venue lets us send, and who of us comes first.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/budget.h"

#include <string.h>

#include "decimal.h"

#define NANO INT64_C(1000000000)
#define HALT_FIRST_NS NANO
#define HALT_MOST_NS (30 * NANO)

/* What a use leaves of a bucket for those before it: the burst divided by this, 0 = nothing. */
typedef struct Reserve
{
	BudgetClass class;
	int			orders_divisor;
	int			requests_divisor;
} Reserve;

static const Reserve Reserves[BUDGET_USES] = {
	[BUDGET_CANCEL] = {BUDGET_CLASS_CANCELS, 0, 0},
	[BUDGET_EXIT] = {BUDGET_CLASS_ORDERS, 0, 8},
	[BUDGET_ENTRY] = {BUDGET_CLASS_ORDERS, 4, 4},
	[BUDGET_ASK] = {BUDGET_CLASS_QUESTIONS, 0, 3},
	[BUDGET_BALANCE] = {BUDGET_CLASS_QUESTIONS, 0, 4},
};

static const char *const HaltNames[] = {
	[BUDGET_HALT_NONE] = "rate_budget",
	[BUDGET_HALT_RATE_LIMITED] = "rate_limited",
	[BUDGET_HALT_RESTARTING] = "venue_restarting",
	[BUDGET_HALT_DISABLED] = "trading_disabled",
	[BUDGET_HALT_CANCEL_ONLY] = "cancel_only",
	[BUDGET_HALT_POST_ONLY] = "post_only_mode",
};

void
arb_budget_init(Budget *budget, const VenueLimits *limits)
{
	memset(budget, 0, sizeof(*budget));
	budget->limits = *limits;
	arb_ratelimit_init(&budget->orders, limits->orders_burst, limits->orders_per_s);
	arb_ratelimit_init(&budget->cancels, limits->cancels_burst, limits->cancels_per_s);
	arb_ratelimit_init(&budget->requests, limits->requests_burst, limits->requests_per_s);
	arb_ratelimit_init(&budget->balances, limits->balances_burst, limits->balances_per_s);
}

/* A venue that does not count has no bucket. */
static int64_t
bucket_wait_ns(RateLimit *bucket, int cost, int divisor, int64_t now_ns)
{
	int64_t		reserve = divisor == 0 ? 0 : bucket->burst / divisor;

	if (bucket->per_second == 0)
		return 0;
	/* A cost beyond what the reserve leaves would never fit: then the reserve yields. */
	if (cost + reserve > bucket->burst)
		reserve = bucket->burst - cost;
	return arb_ratelimit_wait_ns(bucket, now_ns, reserve < 0 ? cost : cost + reserve);
}

static RateLimit *
own_bucket(Budget *budget, BudgetUse use)
{
	switch (use)
	{
		case BUDGET_CANCEL:
			return &budget->cancels;
		case BUDGET_EXIT:
		case BUDGET_ENTRY:
			return &budget->orders;
		case BUDGET_BALANCE:
			return &budget->balances;
		default:
			return NULL;
	}
}

static int64_t
longer(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

int64_t
arb_budget_wait_ns(Budget *budget, BudgetUse use, int cost, int64_t now_ns)
{
	const Reserve *reserve = &Reserves[use];
	const BudgetPause *pause = &budget->pause[reserve->class];
	RateLimit  *own = own_bucket(budget, use);
	/* Several orders in one request are one request; several questions are several. */
	int64_t		wait = bucket_wait_ns(&budget->requests, use == BUDGET_ASK ? cost : 1, reserve->requests_divisor, now_ns);

	if (pause->until_ns > now_ns)
		wait = longer(wait, pause->until_ns - now_ns);
	if (own != NULL)
		wait = longer(wait, bucket_wait_ns(own, cost, reserve->orders_divisor, now_ns));
	return wait;
}

bool
arb_budget_take(Budget *budget, BudgetUse use, int cost, int64_t now_ns)
{
	RateLimit  *own = own_bucket(budget, use);

	if (arb_budget_wait_ns(budget, use, cost, now_ns) > 0)
		return false;
	/* The request itself is counted where it is made, those nobody asked for included. */
	if (own != NULL && own->per_second > 0)
		arb_ratelimit_spend(own, now_ns, cost);
	return true;
}

int
arb_budget_cancels(Budget *budget, int most, int64_t now_ns)
{
	int			lowest = 0;
	int			highest = most;

	if (arb_budget_wait_ns(budget, BUDGET_CANCEL, 1, now_ns) > 0)
		return 0;
	while (lowest < highest)
	{
		int			middle = lowest + (highest - lowest + 1) / 2;

		if (arb_budget_wait_ns(budget, BUDGET_CANCEL, middle, now_ns) == 0)
			lowest = middle;
		else
			highest = middle - 1;
	}
	return lowest;
}

void
arb_budget_refused(Budget *budget, BudgetUse use, BudgetHalt why, int retry_after_s, int64_t now_ns)
{
	BudgetPause *pause = &budget->pause[Reserves[use].class];
	int64_t		length = HALT_FIRST_NS;
	int			i;

	if (why == BUDGET_HALT_NONE)
		return;
	/* Several that were on their way together are one refusal. */
	if (pause->until_ns <= now_ns)
		pause->refusals++;
	for (i = 1; i < pause->refusals && length < HALT_MOST_NS; i++)
		length *= 2;
	if (length > HALT_MOST_NS)
		length = HALT_MOST_NS;
	if (retry_after_s > 0)
		length = retry_after_s * NANO;
	pause->why = why;
	pause->until_ns = longer(pause->until_ns, now_ns + length);
}

void
arb_budget_served(Budget *budget, BudgetUse use, int64_t now_ns)
{
	BudgetPause *pause = &budget->pause[Reserves[use].class];

	/* What was on its way when the halt began does not end it. */
	if (pause->until_ns <= now_ns)
		memset(pause, 0, sizeof(*pause));
}

void
arb_budget_learn(Budget *budget, BudgetUse use, const char *text, int64_t now_ns)
{
	RateLimit  *own = own_bucket(budget, use);
	int64_t		left;

	if (own == NULL || own->per_second == 0 || text == NULL || !arb_decimal_parse(text, strlen(text), 0, &left))
		return;
	arb_ratelimit_lower(own, now_ns, left);
}

BudgetHalt
arb_budget_halt_of(int http_status, const char *code)
{
	static const struct
	{
		const char *code;
		BudgetHalt	halt;
	}			codes[] = {
		{"trading_disabled", BUDGET_HALT_DISABLED},
		{"cancel_only", BUDGET_HALT_CANCEL_ONLY},
		{"post_only_mode", BUDGET_HALT_POST_ONLY},
		{"engine_restarting", BUDGET_HALT_RESTARTING},
		{"rate_limited", BUDGET_HALT_RATE_LIMITED},
	};

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++)
	{
		if (strcmp(codes[i].code, code) == 0)
			return codes[i].halt;
	}
	if (http_status == 425)
		return BUDGET_HALT_RESTARTING;
	return http_status == 429 ? BUDGET_HALT_RATE_LIMITED : BUDGET_HALT_NONE;
}

bool
arb_budget_takes_orders(const Budget *budget, int64_t now_ns)
{
	const BudgetPause *pause = &budget->pause[BUDGET_CLASS_ORDERS];

	return pause->until_ns <= now_ns || pause->why == BUDGET_HALT_RATE_LIMITED;
}

const char *
arb_budget_reason(const Budget *budget, BudgetUse use, int64_t now_ns)
{
	const BudgetPause *pause = &budget->pause[Reserves[use].class];

	return HaltNames[pause->until_ns > now_ns ? pause->why : BUDGET_HALT_NONE];
}
