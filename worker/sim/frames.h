/*-------------------------------------------------------------------------
 *
 * worker/sim/frames.h
 *	  What the venue says about books, orders, trades and prices, as text.
 *
 * Pure: state in, JSON out.  The same writers serve REST and the streams, so
 * that both always tell the same story.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_FRAMES_H
#define ARBEES_SIM_FRAMES_H

#include "buf.h"
#include "exchange.h"
#include "market.h"
#include "oracle.h"

#define BOOK_HASH_TEXT_SIZE 41

/* The answer of /book, and with event_type the book frame. */
extern void sim_frame_book(Buf *out, const Market *market, int outcome, bool as_event);
extern void sim_frame_book_hash(const Market *market, int outcome, char hash[BOOK_HASH_TEXT_SIZE]);

extern void sim_frame_price_change(Buf *out, const Market *market);
extern void sim_frame_best_bid_ask(Buf *out, const Market *market, int outcome, int64_t now_ms);
extern void sim_frame_last_trade(Buf *out, const Market *market, int outcome, SimSide side, int price,
								 int64_t shares, const char *hash, int64_t now_ms);
extern void sim_frame_tick_size(Buf *out, const Market *market, int outcome, int old_tick, int64_t now_ms);
extern void sim_frame_new_market(Buf *out, const Market *market, int64_t now_ms);
extern void sim_frame_resolved(Buf *out, const Market *market, int64_t now_ms);

/* OpenOrder of the REST answers; the order event of the user stream. */
extern void sim_frame_open_order(Buf *out, const SimOrder *order);
extern void sim_frame_order_event(Buf *out, const SimOrder *order, OrderEvent event, int64_t now_ms);

/* A trade as that wallet owner sees it: taker, or one of the makers. */
extern void sim_frame_trade(Buf *out, const SimTrade *trade, const EthAddress *viewer, bool as_event);
extern bool sim_trade_concerns(const SimTrade *trade, const EthAddress *viewer);

typedef enum PriceTopic
{
	TOPIC_CHAINLINK = 1,		/* the tick itself */
	TOPIC_TWAP_SIXTY
} PriceTopic;

extern const char *sim_topic_name(PriceTopic topic);
extern void sim_frame_price(Buf *out, const Oracle *oracle, PriceTopic topic, const char *connection, int64_t now_ms);
extern void sim_frame_price_history(Buf *out, const Oracle *oracle, PriceTopic topic, int64_t now_ms);

/* Ours, not the venue's: the end of an instant of a driven clock, and of a recording. */
extern void sim_frame_clock(Buf *out, int64_t seq, int64_t now_ms);

/* RFC 3339, seconds. */
#define TIME_TEXT_SIZE 32
extern void sim_time_text(int64_t seconds, char out[TIME_TEXT_SIZE]);

#endif							/* ARBEES_SIM_FRAMES_H */
