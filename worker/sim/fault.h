/*-------------------------------------------------------------------------
 *
 * worker/sim/fault.h
 *	  The fault plan: which request or frame goes wrong, and how.
 *
 * A plan is a JSON array of rules (docs/simulator.md); a rule is one row, read
 * by one table.  Rules count their own matches and draw from their own stream
 * of the seed, so a plan does the same in every run.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_SIM_FAULT_H
#define ARBEES_SIM_FAULT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "rewrite.h"
#include "rng.h"

#define FAULT_RULES_MAX 64
#define FAULT_DELAY_MAX_MS 600000
/* Rules that may rewrite one answer or frame. */
#define FAULT_REWRITES_MAX 8

typedef enum FaultKind
{
	FAULT_DELAY = 1,
	FAULT_DROP_ANSWER,
	FAULT_STATUS,
	FAULT_ANSWER,
	FAULT_DISCONNECT,			/* of a request or of a stream */
	FAULT_PARTIAL_FILL,
	FAULT_FAIL_FILL,
	FAULT_FILL_BEFORE_ACK,
	FAULT_WRONG_CLOCK,
	FAULT_STALE_BOOK,
	FAULT_DUPLICATE_FILL,
	FAULT_DROP_FILL,
	FAULT_GARBAGE_FRAME,
	FAULT_TRUNCATED_FRAME,
	FAULT_REWRITE,				/* of an answer or of a frame */
	FAULT_CUT_ANSWER,
	FAULT_STALLED_ANSWER
} FaultKind;

typedef struct FaultRule
{
	FaultKind	kind;
	char		method[8];		/* empty: any */
	char		path[128];		/* a trailing * matches any rest; empty: any */
	char		stream[8];		/* market, user, prices; empty: any */
	char		event[24];		/* event_type of the frame; empty: any */
	int64_t		nth;			/* only this match, counted from 1; 0: every one */
	int64_t		every;			/* only each such match; 0: every one */
	int64_t		times;			/* at most so often; 0: without limit */
	int			probability_ppm;
	bool		after;			/* once the request has been acted upon */
	int64_t		amount;			/* ms, seconds or parts per million, by kind */
	int			status;
	int			retry_after_s;
	char	   *body;			/* compact JSON or text */
	Rewrite		rewrite;
	int64_t		matches;
	int64_t		fired;
	Rng			rng;
} FaultRule;

typedef struct FaultPlan
{
	FaultRule	rule[FAULT_RULES_MAX];
	int			count;
} FaultPlan;

typedef struct RequestFault
{
	int64_t		delay_ms;
	bool		delay_after;	/* act first, then wait */
	FaultKind	kind;			/* 0, DROP_ANSWER, STATUS, ANSWER, DISCONNECT, CUT_ANSWER or STALLED_ANSWER */
	bool		after;
	int			status;
	int			retry_after_s;
	const char *body;
	int			partial_ppm;
	int			part_ppm;		/* of the body, that is sent at all */
	bool		fail_fill;
	Rewrite		rewrite[FAULT_REWRITES_MAX];
	int			rewrites;
} RequestFault;

typedef struct FrameFault
{
	bool		drop;
	bool		duplicate;
	bool		disconnect;
	bool		garbage;
	int			truncate_ppm;	/* 0: whole */
	int64_t		stale_ms;
	Rewrite		rewrite[FAULT_REWRITES_MAX];
	int			rewrites;
} FrameFault;

/* sim_fault_load replaces *plan by what the text says; on false it is unchanged. */
extern bool sim_fault_load(FaultPlan *plan, const char *text, size_t len, uint64_t seed,
						   char *error, size_t error_size);
extern void sim_fault_clear(FaultPlan *plan);

extern void sim_fault_request(FaultPlan *plan, const char *method, const char *path, RequestFault *fault);
extern void sim_fault_frame(FaultPlan *plan, const char *stream, const char *event, FrameFault *fault);

/* sim_fault_rewrite changes a text as the rules that fired want it. */
extern void sim_fault_rewrite(const Rewrite *rewrites, int count, Buf *text);

/* The offset of GET /time, in seconds. */
extern int64_t sim_fault_clock(FaultPlan *plan);

#endif							/* ARBEES_SIM_FAULT_H */
