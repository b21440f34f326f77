/*-------------------------------------------------------------------------
 *
 * src/market/volume.h
 *	  Public trades of an instrument's session, summed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_VOLUME_H
#define ARB_VOLUME_H

#include "postgres.h"
#include "core/money.h"
#include "utils/snapshot.h"
#include "utils/timestamp.h"

typedef struct SessionVolume
{
	Fixed		vwap;			/* volume-weighted average price */
	Fixed		qty;
} SessionVolume;

extern bool arb_session_volume(int32 instrument_id, bool has_window, TimestampTz at, Snapshot snapshot,
							   SessionVolume *volume);

#endif							/* ARB_VOLUME_H */
