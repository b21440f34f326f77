/*-------------------------------------------------------------------------
 *
 * src/conductor/register.h
 *	  Brings conductors to life and ends them.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_REGISTER_H
#define ARB_REGISTER_H

#include "postgres.h"
#include "storage/lock.h"

extern void arb_conductor_lock_tag(Oid relation, LOCKTAG *tag);

#endif							/* ARB_REGISTER_H */
