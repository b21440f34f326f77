/*-------------------------------------------------------------------------
 *
 * src/safety/size.h
 *	  How large an order becomes, at what price, and what it may cost.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_SIZE_H
#define ARB_SIZE_H

#include "postgres.h"
#include "safety/gate.h"

extern void arb_size_order(const GateInput *in, GateOutput *out);
extern bool arb_size_is_signals(const GateInput *in);
extern Fixed arb_size_worst_price(const GateInput *in);
extern Fixed arb_collar_width(const GateInput *in, Fixed reference, Fixed pct);
extern Fixed arb_size_grid(const GateInput *in);
extern bool arb_size_reaches_minimum(const GateInput *in, Fixed amount, Fixed value);

#endif							/* ARB_SIZE_H */
