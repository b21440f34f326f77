/*-------------------------------------------------------------------------
 *
 * src/core/forget.h
 *	  Who keeps something of a table in memory hears of its changes here.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_FORGET_H
#define ARB_FORGET_H

#include "postgres.h"
#include "utils/inval.h"

extern void arb_forget_register(RelcacheCallbackFunction forget);

#endif							/* ARB_FORGET_H */
