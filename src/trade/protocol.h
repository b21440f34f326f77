/*-------------------------------------------------------------------------
 *
 * src/trade/protocol.h
 *	  What the calls of a worker share.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_PROTOCOL_H
#define ARB_PROTOCOL_H

#include "postgres.h"
#include "fmgr.h"

extern bool arb_protocol_begin(const char *name, int32 account, int64 epoch);
extern void arb_protocol_require_args(FunctionCallInfo fcinfo, int n);
extern int32 arb_live_portfolio(int32 account);

#endif							/* ARB_PROTOCOL_H */
