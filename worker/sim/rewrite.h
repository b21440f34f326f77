/*-------------------------------------------------------------------------
 *
 * worker/sim/rewrite.h
 *	  Changes one field of a JSON text and leaves every other byte as it is.
 *
 * A field is a path of member names and array places joined by dots; * is any
 * of them: "data.*.size".  What a path does not lead to is not changed.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_REWRITE_H
#define ARBEES_SIM_REWRITE_H

#include "buf.h"

#define REWRITE_FIELD_SIZE 96
#define REWRITE_TEXT_SIZE 192

typedef enum RewriteKind
{
	REWRITE_NONE = 0,
	REWRITE_TO,					/* another JSON text */
	REWRITE_SHIFT,				/* a number, or a string that holds one, times a power of ten */
	REWRITE_REMOVE,				/* the member is not there */
	REWRITE_REPEAT				/* the member is there twice */
} RewriteKind;

typedef struct Rewrite
{
	RewriteKind kind;
	char		field[REWRITE_FIELD_SIZE];
	char		to[REWRITE_TEXT_SIZE];
	int			shift;
} Rewrite;

/* sim_rewrite replaces the text in *buf; returns in how many places. */
extern int	sim_rewrite(const Rewrite *rewrite, Buf *buf);

#endif							/* ARBEES_SIM_REWRITE_H */
