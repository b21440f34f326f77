/*-------------------------------------------------------------------------
 *
 * src/journal/journal.h
 *	  Append to the journal; raise alerts.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_JOURNAL_H
#define ARB_JOURNAL_H

#include "postgres.h"
#include "core/label.h"

#define JOURNAL_NO_MODE 0

extern void arb_journal(int mode, const char *kind, int32 portfolio_id, int64 ref_id, const char *message);
extern void arb_alert(const char *severity, const char *kind, int32 portfolio_id, const char *message);
extern char *arb_actor(void);
extern char *arb_login(void);

#endif							/* ARB_JOURNAL_H */
