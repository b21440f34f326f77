/*-------------------------------------------------------------------------
 *
 * worker/db/params.h
 *	  Arguments of one call, as text.
 *
 * Texts are borrowed until the call is made; numbers are kept inside.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_DB_PARAMS_H
#define ARBEES_DB_PARAMS_H

#include <stdbool.h>
#include <stdint.h>

#define DB_PARAMS_MAX 16

typedef struct DbParams
{
	int			count;
	const char *values[DB_PARAMS_MAX];
	char		numbers[DB_PARAMS_MAX][32];
	bool		overflow;
} DbParams;

extern void arb_params_init(DbParams *params);
extern void arb_params_text(DbParams *params, const char *text);	/* NULL is SQL NULL */
extern void arb_params_int(DbParams *params, int64_t value);
extern void arb_params_bool(DbParams *params, bool value);
extern void arb_params_micro(DbParams *params, int64_t micro);	/* as a decimal */
extern void arb_params_null(DbParams *params);

#endif							/* ARBEES_DB_PARAMS_H */
