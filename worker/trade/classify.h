/*-------------------------------------------------------------------------
 *
 * worker/trade/classify.h
 *	  What the end of a POST means for the order.
 *
 * Pure.  Only a definite answer is an answer; everything else is `unknown`
 * and asked for.  Sent a second time are the same bytes or none (send.c).
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TRADE_CLASSIFY_H
#define ARBEES_TRADE_CLASSIFY_H

#include "net/http.h"
#include "venue/venue.h"

typedef enum OrderReport
{
	ORDER_REPORT_NONE = 0,
	ORDER_REPORT_ACCEPTED,
	ORDER_REPORT_MATCHED,
	ORDER_REPORT_CLOSED,
	ORDER_REPORT_REJECTED,
	ORDER_REPORT_CANCELED,
	ORDER_REPORT_UNKNOWN,
	ORDER_REPORT_NOT_SENT,
	ORDER_REPORT_NOT_FOUND
} OrderReport;

/* arb_order_report_name returns the event as report_order spells it. */
extern const char *arb_order_report_name(OrderReport report);

/* arb_order_report_is_final: nothing works at the venue any more. */
extern bool arb_order_report_is_final(OrderReport report);

/*
 * arb_classify_post judges the end of a POST.
 *
 * Args:	answer, what the HTTP client says; post, what the venue says, read
 *			only when there was an answer.
 */
extern OrderReport arb_classify_post(HttpOutcome outcome, const PostAnswer *post);

/*
 * arb_classify_repeat judges the answer to bytes sent a second time: only what
 * says that the venue has the order is evidence.  A refusal may be of the
 * second sending alone (the first took the money); NONE then.
 */
extern OrderReport arb_classify_repeat(const PostAnswer *post);

#endif							/* ARBEES_TRADE_CLASSIFY_H */
