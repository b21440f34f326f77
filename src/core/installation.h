/*-------------------------------------------------------------------------
 *
 * src/core/installation.h
 *	  Whether this database is the one that was bound, or a copy of it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_INSTALLATION_H
#define ARB_INSTALLATION_H

#include "postgres.h"

extern bool arb_installation_is_ours(void);
extern void arb_installation_write(const char *actor);
extern void arb_installation_unbind(void);

#endif							/* ARB_INSTALLATION_H */
