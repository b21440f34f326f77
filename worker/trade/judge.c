/*-------------------------------------------------------------------------
 *
 * worker/trade/judge.c
 *	  What three questions about one order, answered together, prove.
 *
 *-------------------------------------------------------------------------
 */
#include "trade/judge.h"

#include <string.h>

void
arb_evidence_init(Evidence *evidence)
{
	memset(evidence, 0, sizeof(*evidence));
}

bool
arb_evidence_add(Evidence *evidence, int64_t now_ns, int64_t quiet_from_ns, int64_t matched)
{
	/* A round before the send deadline may have been overtaken by the order itself. */
	if (now_ns < quiet_from_ns)
	{
		arb_evidence_init(evidence);
		return false;
	}
	if (evidence->rounds == 0 || evidence->matched != matched)
	{
		evidence->rounds = 0;
		evidence->first_ns = now_ns;
		evidence->matched = matched;
	}
	evidence->rounds++;
	return evidence->rounds >= EVIDENCE_ROUNDS && now_ns - evidence->first_ns >= EVIDENCE_SPREAD_NS;
}

static Judgement
conclude(OrderReport report, int64_t venue_qty, int64_t traded)
{
	Judgement	judgement;

	judgement.report = report;
	judgement.venue_qty = venue_qty;
	judgement.settled = venue_qty < 0 || traded >= venue_qty;
	return judgement;
}

/* That it is over is believed when every route was asked and none shows it open. */
static Judgement
judge_found(const Round *round)
{
	bool		working = round->status == PM_ORDER_STATUS_LIVE || round->status == PM_ORDER_STATUS_DELAYED ||
		round->status == PM_ORDER_STATUS_UNMATCHED;

	if (!working && (!round->complete || round->listed_open))
		return conclude(ORDER_REPORT_NONE, -1, round->traded);
	switch (round->status)
	{
		case PM_ORDER_STATUS_MATCHED:
			return conclude(ORDER_REPORT_CLOSED, round->size_matched, round->traded);
		case PM_ORDER_STATUS_CANCELED:
		case PM_ORDER_STATUS_CANCELED_MARKET_RESOLVED:
		case PM_ORDER_STATUS_INVALID:
			return conclude(ORDER_REPORT_CANCELED, round->size_matched, round->traded);
		case PM_ORDER_STATUS_LIVE:
		case PM_ORDER_STATUS_DELAYED:
		case PM_ORDER_STATUS_UNMATCHED:
			return conclude(ORDER_REPORT_ACCEPTED, -1, round->traded);
		default:
			return conclude(ORDER_REPORT_NONE, -1, round->traded);
	}
}

Judgement
arb_judge_round(const Round *round, const OrderStanding *standing, int64_t now_ns, Evidence *evidence)
{
	if (round->lookup == PM_LOOKUP_FOUND)
	{
		arb_evidence_init(evidence);
		return judge_found(round);
	}
	if (round->listed_open)
	{
		arb_evidence_init(evidence);
		return conclude(ORDER_REPORT_ACCEPTED, -1, round->traded);
	}
	if (!round->complete || !round->stream_open)
		return conclude(ORDER_REPORT_NONE, -1, round->traded);
	if (!arb_evidence_add(evidence, now_ns, standing->quiet_from_ns, round->traded))
		return conclude(ORDER_REPORT_NONE, -1, round->traded);
	/* Gone, and known to have been there: its trades are all there will be. */
	if (round->traded > 0 || standing->known_accepted)
		return conclude(ORDER_REPORT_CLOSED, round->traded, round->traded);
	return conclude(ORDER_REPORT_NOT_FOUND, -1, 0);
}
