/*-------------------------------------------------------------------------
 *
 * worker/venue/polymarket/parse_common.h
 *	  What the parsers of this venue share; nobody else includes it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_POLYMARKET_PARSE_COMMON_H
#define ARBEES_POLYMARKET_PARSE_COMMON_H

#include "parse.h"

/* Latest time accepted, the year 2100 in milliseconds. */
#define PM_TIME_MAX INT64_C(4102444800000)
#define PM_SEQ_MAX INT64_MAX

/* A token id: 1 to 78 digits, kept as text. */
extern bool arb_pm_token_field(const json_t *object, const char *name, char out[VENUE_SYMBOL_SIZE],
							   ParseError *error);
extern bool arb_pm_token_is_valid(const char *text);

/* Prices in [0, 1] and quantities, micro units. */
extern bool arb_pm_price_field(const json_t *object, const char *name, int64_t *price, ParseError *error);
extern bool arb_pm_qty_field(const json_t *object, const char *name, int64_t *qty, ParseError *error);

extern bool arb_pm_side_field(const json_t *object, const char *name, OrderSide *side, ParseError *error);

/* Seconds, milliseconds or a written date; 0 when absent or empty. */
extern bool arb_pm_when_field(const json_t *object, const char *name, int64_t *ms, ParseError *error);

/* {"event_type":"clock","seq":N,"timestamp":"ms"} */
extern bool arb_pm_clock_fields(const json_t *object, int64_t *seq, int64_t *timestamp_ms, ParseError *error);

/* PONG, NO NEW ASSETS, an empty frame: text that carries nothing. */
extern bool arb_pm_is_control_text(const char *bytes, size_t len);

/* Copies visible ASCII and spaces; anything else becomes '?'.  Truncates. */
extern void arb_pm_clean_text(const char *text, char *out, size_t size);

/* Element i of a frame that is one object (count 1) or an array of them. */
extern size_t arb_pm_frame_count(const json_t *root);
extern const json_t *arb_pm_frame_item(const json_t *root, size_t index);

#endif							/* ARBEES_POLYMARKET_PARSE_COMMON_H */
