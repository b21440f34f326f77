/*-------------------------------------------------------------------------
 *
 * worker/sim/oracle.c
 *	  The price of one underlying.
 *
 *-------------------------------------------------------------------------
 */
#include "oracle.h"

#include <stdio.h>
#include <string.h>

#define E10 INT64_C(10000000000)

/* Normal distribution function at 0.0, 0.1, .. 4.0, parts per million. */
static const int NormalPpm[] = {
	500000, 539828, 579260, 617911, 655422, 691462, 725747, 758036, 788145, 815940,
	841345, 864334, 884930, 903200, 919243, 933193, 945201, 955435, 964070, 971283,
	977250, 982136, 986097, 989276, 991802, 993790, 995339, 996533, 997445, 998134,
	998650, 999032, 999313, 999517, 999663, 999767, 999841, 999892, 999928, 999952,
	999968
};
#define NORMAL_STEP_MILLI 100
#define NORMAL_LAST ((int) (sizeof(NormalPpm) / sizeof(NormalPpm[0])) - 1)

static const struct
{
	const char *asset;
	const char *title;
	int64_t		start_cents;
}			KnownAssets[] = {
	{"btc", "Bitcoin", INT64_C(8500000)},
	{"eth", "Ethereum", INT64_C(280000)},
	{"sol", "Solana", INT64_C(15000)},
	{"xrp", "XRP", INT64_C(150)},
	{NULL, NULL, 0}
};

int64_t
sim_isqrt(int64_t value)
{
	uint64_t	rest = value < 0 ? 0 : (uint64_t) value;
	uint64_t	result = 0;
	uint64_t	bit = UINT64_C(1) << 62;

	while (bit > rest)
		bit >>= 2;
	while (bit != 0)
	{
		if (rest >= result + bit)
		{
			rest -= result + bit;
			result = (result >> 1) + bit;
		}
		else
			result >>= 1;
		bit >>= 2;
	}
	return (int64_t) result;
}

bool
sim_oracle_init(Oracle *oracle, const char *asset, uint64_t seed, int volatility_ppm)
{
	int			i;

	memset(oracle, 0, sizeof(*oracle));
	for (i = 0; KnownAssets[i].asset != NULL; i++)
		if (strcmp(KnownAssets[i].asset, asset) == 0)
			break;
	if (KnownAssets[i].asset == NULL)
		return false;
	snprintf(oracle->asset, sizeof(oracle->asset), "%s", asset);
	snprintf(oracle->title, sizeof(oracle->title), "%s", KnownAssets[i].title);
	snprintf(oracle->symbol, sizeof(oracle->symbol), "%s/usd", asset);
	oracle->volatility_ppm = volatility_ppm;
	sim_rng_seed(&oracle->rng, seed, 100 + (uint64_t) i);
	oracle->price = (PriceE18) KnownAssets[i].start_cents * E10 * 1000000;
	return true;
}

void
sim_oracle_move(Oracle *oracle, int step_ms)
{
	/* Milli-roots of a second: sqrt(step_ms / 1000) * 1000. */
	int64_t		root = sim_isqrt((int64_t) step_ms * 1000);
	PriceE18	move = oracle->price / 1000000 * oracle->volatility_ppm;

	move = move / 1000 * root / RNG_NORMAL_ONE * sim_rng_normal(&oracle->rng);
	/* Eight decimals, as a feed would publish; and a price stays a price. */
	move = move / E10 * E10;
	if (oracle->price + move > 0)
		oracle->price += move;
}

void
sim_oracle_tick(Oracle *oracle, int64_t second, PriceE18 price)
{
	oracle->price = price;
	oracle->tick_s = second;
	oracle->ring[oracle->ring_next] = price;
	oracle->ring_s[oracle->ring_next] = second;
	oracle->ring_next = (oracle->ring_next + 1) % ORACLE_TWAP_SECONDS;
	if (oracle->ring_count < ORACLE_TWAP_SECONDS)
		oracle->ring_count++;
}

static PriceE18
sum_of_last(const Oracle *oracle, int count)
{
	PriceE18	sum = 0;
	int			i;

	for (i = 1; i <= count; i++)
		sum += oracle->ring[(oracle->ring_next - i + ORACLE_TWAP_SECONDS) % ORACLE_TWAP_SECONDS];
	return sum;
}

PriceE18
sim_oracle_twap(const Oracle *oracle)
{
	if (oracle->ring_count == 0)
		return oracle->price;
	return sum_of_last(oracle, oracle->ring_count) / oracle->ring_count;
}

static int
normal_ppm(int64_t z_milli)
{
	int64_t		size = z_milli < 0 ? -z_milli : z_milli;
	int			slot = (int) (size / NORMAL_STEP_MILLI > NORMAL_LAST ? NORMAL_LAST : size / NORMAL_STEP_MILLI);
	int			value;

	if (slot >= NORMAL_LAST)
		value = NormalPpm[NORMAL_LAST];
	else
		value = NormalPpm[slot] + (int) ((NormalPpm[slot + 1] - NormalPpm[slot]) *
										 (size - slot * NORMAL_STEP_MILLI) / NORMAL_STEP_MILLI);
	return z_milli < 0 ? PROBABILITY_ONE - value : value;
}

int
sim_oracle_up_ppm(const Oracle *oracle, PriceE18 strike, int64_t left_ms, bool twap)
{
	int64_t		spot = (int64_t) (oracle->price / E10);
	int64_t		mean = spot;
	int64_t		variance_ms = left_ms;	/* seconds of free diffusion with the same variance, in ms */
	int64_t		deviation;
	int64_t		z_milli;

	if (spot <= 0 || strike <= 0)
		return PROBABILITY_ONE / 2;
	if (twap && left_ms >= ORACLE_TWAP_SECONDS * 1000)
		/* An average over the last T seconds has a third of their variance. */
		variance_ms = left_ms - ORACLE_TWAP_SECONDS * 1000 * 2 / 3;
	else if (twap)
	{
		int			open_s = (int) ((left_ms + 999) / 1000);
		int			known = ORACLE_TWAP_SECONDS - open_s;

		if (known > oracle->ring_count)
			known = oracle->ring_count;
		if (known + open_s > 0)
			mean = (int64_t) ((sum_of_last(oracle, known) / E10 + (PriceE18) spot * open_s) / (known + open_s));
		/* Average of a diffusion over its last tau of T seconds: tau^3 / (3 T^2). */
		variance_ms = left_ms * left_ms / 1000 * left_ms /
			(3 * ORACLE_TWAP_SECONDS * ORACLE_TWAP_SECONDS) / 1000;
	}
	if (left_ms <= 0)
		return (twap ? sim_oracle_twap(oracle) : oracle->price) >= strike ? PROBABILITY_ONE : 0;
	deviation = (int64_t) ((PriceE18) spot * oracle->volatility_ppm / 1000000 * sim_isqrt(variance_ms * 1000) / 1000);
	if (deviation <= 0)
		deviation = 1;
	z_milli = (int64_t) ((mean - strike / E10) * 1000 / deviation);
	return normal_ppm(z_milli);
}

void
sim_price_integer(PriceE18 price, char out[PRICE_E18_TEXT_SIZE])
{
	char		digits[PRICE_E18_TEXT_SIZE];
	int			n = 0;
	int			i;

	if (price <= 0)
	{
		strcpy(out, "0");
		return;
	}
	for (; price > 0; price /= 10)
		digits[n++] = (char) ('0' + (int) (price % 10));
	for (i = 0; i < n; i++)
		out[i] = digits[n - 1 - i];
	out[n] = '\0';
}

void
sim_price_decimal(PriceE18 price, char out[PRICE_E18_TEXT_SIZE])
{
	char		whole[PRICE_E18_TEXT_SIZE];
	char		fraction[ORACLE_SCALE + 1];
	PriceE18	one = (PriceE18) E10 * 100000000;
	PriceE18	rest = price % one;
	int			n = ORACLE_SCALE;

	sim_price_integer(price / one, whole);
	for (; n > 0; n--, rest /= 10)
		fraction[n - 1] = (char) ('0' + (int) (rest % 10));
	n = ORACLE_SCALE;
	while (n > 0 && fraction[n - 1] == '0')
		n--;
	fraction[n] = '\0';
	snprintf(out, PRICE_E18_TEXT_SIZE, n > 0 ? "%.28s.%s" : "%.28s%s", whole, fraction);
}

/* Digits of at most 28 places, so that no product below can overflow. */
bool
sim_price_parse_integer(const char *text, PriceE18 *price)
{
	PriceE18	value = 0;
	size_t		len = strspn(text, "0123456789");

	if (len == 0 || len > 28 || text[len] != '\0')
		return false;
	for (; *text != '\0'; text++)
		value = value * 10 + (*text - '0');
	*price = value;
	return true;
}

bool
sim_price_parse_decimal(const char *text, PriceE18 *price)
{
	char		digits[PRICE_E18_TEXT_SIZE];
	size_t		whole = strspn(text, "0123456789");
	size_t		decimals = 0;

	if (whole == 0 || whole > 10)
		return false;
	memcpy(digits, text, whole);
	if (text[whole] == '.')
	{
		decimals = strspn(text + whole + 1, "0123456789");
		if (decimals == 0 || decimals > ORACLE_SCALE || text[whole + 1 + decimals] != '\0')
			return false;
		memcpy(digits + whole, text + whole + 1, decimals);
	}
	else if (text[whole] != '\0')
		return false;
	memset(digits + whole + decimals, '0', ORACLE_SCALE - decimals);
	digits[whole + ORACLE_SCALE] = '\0';
	return sim_price_parse_integer(digits, price);
}
