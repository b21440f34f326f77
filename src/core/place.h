/*-------------------------------------------------------------------------
 *
 * src/core/place.h
 *	  Where this server's files are: what a copy of them cannot have.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_PLACE_H
#define ARB_PLACE_H

#include "postgres.h"

/* arb_place returns a digest of the place as text, the same as long as the files stay where they are. */
extern const char *arb_place(void);

#endif							/* ARB_PLACE_H */
