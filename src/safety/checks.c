/*-------------------------------------------------------------------------
 *
 * src/safety/checks.c
 *	  The table of the gate's checks; checks.h holds its text.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "safety/checks.h"

/* entry, exit, may_override */
#define WHOM_ENTRY true, false, false
#define WHOM_EXIT false, true, false
#define WHOM_BOTH true, true, false
#define WHOM_WAIVED true, false, true

#define CHECK_ROW(code, group, whom, limit, meaning, rule) \
	{#code, #group, WHOM_##whom, LIMIT_##limit, arb_check_##code, meaning, rule},

const RiskCheck RiskChecks[] = {
	RISK_CHECKS(CHECK_ROW)
	{NULL}
};
