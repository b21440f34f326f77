/*-------------------------------------------------------------------------
 *
 * src/trade/payload.c
 *	  The HTTP request of an order, kept as evidence.
 *
 * A request is method and path, one header a line, an empty line, and the body
 * byte for byte. What is stored is checked first: the body is the one whose hash
 * was claimed, and no header that authenticates shows its value.
 *
 * PAPER orders are recorded after the fact (record_payload), so that no decision
 * waits for a worker.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "core/clock.h"
#include "core/columns.h"
#include "core/guard.h"
#include "core/lock.h"
#include "core/sha256.h"
#include "core/txn.h"
#include "fmgr.h"
#include "trade/order.h"
#include "trade/payload.h"
#include "trade/protocol.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"

/* A request the venue takes is a tenth of it. */
#define MAX_REQUEST_BYTES 16384

PG_FUNCTION_INFO_V1(arbees_record_payload);

static bool
is_secret(const char *name, size_t len)
{
	static const char *const words[] = {"signature", "passphrase", "api_key", "api-key", "secret", "authorization", "cookie"};
	char	   *lower = pnstrdup(name, len);
	int			i;

	for (i = 0; lower[i] != '\0'; i++)
		lower[i] = pg_tolower((unsigned char) lower[i]);
	for (i = 0; i < (int) lengthof(words); i++)
		if (strstr(lower, words[i]) != NULL)
			return true;
	return false;
}

/* The line is "name: value"; the error does not repeat the value. */
static void
check_header(const char *line, size_t len)
{
	const char *colon = memchr(line, ':', len);
	char	   *value;

	if (colon == NULL || colon == line)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a header of a request has no name")));
	if (!is_secret(line, colon - line))
		return;
	value = pnstrdup(colon + 1, line + len - colon - 1);
	if (strcmp(value, " [redacted]") != 0 && strcmp(value, " [unsigned]") != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("header \"%s\" of a request shows its value", pnstrdup(line, colon - line)),
				 errdetail("A request is stored with [redacted] in the place of secrets.")));
}

/* Returns where the body begins. */
static const char *
check_head(const char *request, const char *end)
{
	const char *line = request;
	bool		first = true;

	while (line < end)
	{
		const char *stop = memchr(line, '\n', end - line);

		if (stop == NULL)
			break;
		if (stop == line && !first)
			return stop + 1;
		if (!first)
			check_header(line, stop - line);
		else if (stop == line)
			break;
		first = false;
		line = stop + 1;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("a request has no end of its headers"),
			 errdetail("It is method and path, headers, an empty line and the body.")));
}

/*
 * arb_payload_check refuses a request that is not what the claim says it is.
 *
 * Errors: 22023 for a hash that is not the body's, a secret in the headers, or no request at all.
 */
void
arb_payload_check(const text *request, const bytea *body_hash)
{
	const char *bytes = VARDATA_ANY(request);
	const char *end = bytes + VARSIZE_ANY_EXHDR(request);
	const char *body;
	Sha256		sha;
	uint8		digest[SHA256_BYTES];

	if (end - bytes > MAX_REQUEST_BYTES)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a request has %d bytes, at most %d are kept", (int) (end - bytes), MAX_REQUEST_BYTES)));
	body = check_head(bytes, end);
	arb_sha256_begin(&sha);
	arb_sha256_add(&sha, body, end - body);
	arb_sha256_end(&sha, digest);
	if (VARSIZE_ANY_EXHDR(body_hash) != SHA256_BYTES || memcmp(VARDATA_ANY(body_hash), digest, SHA256_BYTES) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the hash of a request is not the SHA-256 of its body"),
				 errdetail("The body has %d bytes.", (int) (end - body))));
}

/* arb_payload_write stores the request of an order, once; the caller has checked it. */
void
arb_payload_write(TradingMode mode, const Row *order, const text *venue_order_id, const bytea *body_hash,
				  const text *request, TimestampTz at)
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS] = {false};
	Table		table;

#define SET(column, datum) value[ORDER_PAYLOADS_##column] = (datum)
	SET(order_id, order->value[ORDERS_order_id]);
	SET(portfolio_id, order->value[ORDERS_portfolio_id]);
	SET(mode, order->value[ORDERS_mode]);
	null[ORDER_PAYLOADS_venue_order_id] = venue_order_id == NULL;
	SET(venue_order_id, PointerGetDatum(venue_order_id));
	SET(body_hash, PointerGetDatum(body_hash));
	SET(request, PointerGetDatum(request));
	SET(claimed_at, TimestampTzGetDatum(at));
#undef SET
	table = arb_table_open(&order_payloads_table, mode, RowExclusiveLock);
	arb_guard_open("order_payloads");
	arb_table_insert(&table, value, null);
	arb_guard_close();
	arb_table_close(&table);
}

static bool
is_recorded(TradingMode mode, const Row *order)
{
	IndexKey	keys[] = {INT8_KEY(DatumGetInt64(order->value[ORDERS_order_id]))};
	Row			row;

	return arb_row_read(&order_payloads_table, mode, "order_payloads_pkey", 1, keys, NULL, &row);
}

/*
 * record_payload(order_id, venue_order_id, body_hash, request) returns boolean
 *
 * What a PAPER order would have sent. Nothing depends on it, so it takes no epoch
 * and its commit need not be durable.
 * Locks: the order's row.
 */
Datum
arbees_record_payload(PG_FUNCTION_ARGS)
{
	Row			order;
	int			i;

	for (i = 0; i < 4; i++)
		if (i != 1 && PG_ARGISNULL(i))
			ereport(ERROR,
					(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED), errmsg("argument %d of record_payload is NULL", i + 1)));
	arb_require_primary("record_payload");
	arb_require_read_committed("record_payload");
	arb_payload_check(PG_GETARG_TEXT_PP(3), PG_GETARG_BYTEA_PP(2));
	if (!arb_order_lock(MODE_PAPER, PG_GETARG_INT64(0), &order))
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("order " INT64_FORMAT " is no PAPER order", PG_GETARG_INT64(0)),
				 errhint("What is claimed brings its request with the claim.")));
	if (is_recorded(MODE_PAPER, &order))
		PG_RETURN_BOOL(false);
	arb_payload_write(MODE_PAPER, &order, PG_ARGISNULL(1) ? NULL : PG_GETARG_TEXT_PP(1), PG_GETARG_BYTEA_PP(2),
					  PG_GETARG_TEXT_PP(3), arb_now());
	PG_RETURN_BOOL(true);
}
