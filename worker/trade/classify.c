/*-------------------------------------------------------------------------
 *
 * worker/trade/classify.c
 *	  What the end of a POST means for the order.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/classify.h"

#include <stddef.h>

static const char *const ReportNames[] = {
	[ORDER_REPORT_NONE] = "",
	[ORDER_REPORT_ACCEPTED] = "accepted",
	[ORDER_REPORT_MATCHED] = "matched",
	[ORDER_REPORT_CLOSED] = "closed",
	[ORDER_REPORT_REJECTED] = "rejected",
	[ORDER_REPORT_CANCELED] = "canceled",
	[ORDER_REPORT_UNKNOWN] = "unknown",
	[ORDER_REPORT_NOT_SENT] = "not_sent",
	[ORDER_REPORT_NOT_FOUND] = "not_found",
};

const char *
arb_order_report_name(OrderReport report)
{
	if ((size_t) report >= sizeof(ReportNames) / sizeof(ReportNames[0]))
		return "";
	return ReportNames[report];
}

bool
arb_order_report_is_final(OrderReport report)
{
	switch (report)
	{
		case ORDER_REPORT_CLOSED:
		case ORDER_REPORT_REJECTED:
		case ORDER_REPORT_CANCELED:
		case ORDER_REPORT_NOT_SENT:
		case ORDER_REPORT_NOT_FOUND:
			return true;
		default:
			return false;
	}
}

OrderReport
arb_classify_post(HttpOutcome outcome, const PostAnswer *post)
{
	if (outcome == HTTP_NOT_SENT)
		return ORDER_REPORT_NOT_SENT;
	if (outcome != HTTP_ANSWERED || post == NULL)
		return ORDER_REPORT_UNKNOWN;
	switch (post->outcome)
	{
		case POST_OUTCOME_ACCEPTED:
		case POST_OUTCOME_DELAYED:
			return ORDER_REPORT_ACCEPTED;
		case POST_OUTCOME_MATCHED:
			return ORDER_REPORT_MATCHED;
		case POST_OUTCOME_REJECTED:
		case POST_OUTCOME_RETRY_LATER:
			/* Refused without effect; whether to try again is a new decision, not ours. */
			return ORDER_REPORT_REJECTED;
		case POST_OUTCOME_DUPLICATE:
			/* The venue has our bytes: what became of them must be asked. */
		default:
			return ORDER_REPORT_UNKNOWN;
	}
}

OrderReport
arb_classify_repeat(const PostAnswer *post)
{
	switch (post->outcome)
	{
		case POST_OUTCOME_ACCEPTED:
		case POST_OUTCOME_DELAYED:
			return ORDER_REPORT_ACCEPTED;
		case POST_OUTCOME_MATCHED:
			return ORDER_REPORT_MATCHED;
		default:
			return ORDER_REPORT_NONE;
	}
}
