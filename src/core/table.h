/*-------------------------------------------------------------------------
 *
 * src/core/table.h
 *	  Direct access to our own tables: fetch by index, insert, update.
 *
 * For the decision path, where a plan costs more than the work. Inserts and
 * updates run constraints, triggers (guards, foreign keys) and indexes like any
 * statement. Column numbers come from the lists in each concept's header and
 * are compared with the catalogue when a table is first opened.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_TABLE_H
#define ARB_TABLE_H

#include "postgres.h"
#include "access/sdir.h"
#include "core/label.h"
#include "core/money.h"
#include "storage/itemptr.h"
#include "storage/lockdefs.h"
#include "utils/relcache.h"
#include "utils/snapshot.h"

#define ARB_MAX_COLUMNS 64

typedef struct TableDef
{
	const char *name;			/* parent's name, in schema arbees */
	int			ncolumns;
	const char *const *columns;
	bool		by_mode;		/* partitioned by mode: leaves are name_paper, name_live, ... */
} TableDef;

/* One row, values in the current memory context. */
typedef struct Row
{
	Datum		value[ARB_MAX_COLUMNS];
	bool		null[ARB_MAX_COLUMNS];
	ItemPointerData tid;
	TransactionId xmin;			/* who wrote it */
} Row;

typedef struct IndexKey
{
	Datum		value;
	Oid			equal;			/* function oid: F_INT4EQ, F_INT8EQ, F_TEXTEQ; F_INT8GE = from there on */
} IndexKey;

typedef struct Table
{
	const TableDef *def;
	Relation	rel;
	LOCKMODE	lockmode;
	bool		any_age;		/* the caller promises nothing about what its own snapshot saw */
} Table;

/* Called for each row of a scan; false ends it. */
typedef bool (*RowVisitor) (const Row *row, void *arg);

extern Table arb_table_open(const TableDef *def, TradingMode mode, LOCKMODE lockmode);
extern void arb_table_close(Table *table);
extern int64 arb_next_id(const char *sequence);
extern Snapshot arb_snapshot_begin(void);
extern void arb_snapshot_end(Snapshot snapshot);
extern bool arb_table_fetch(Table *table, const char *index, int nkeys, const IndexKey *keys,
							ScanDirection direction, Snapshot snapshot, Row *row);
extern bool arb_row_read(const TableDef *def, TradingMode mode, const char *index, int nkeys,
						 const IndexKey *keys, Snapshot snapshot, Row *row);
extern int	arb_table_scan(Table *table, const char *index, int nkeys, const IndexKey *keys,
						   ScanDirection direction, Snapshot snapshot, RowVisitor visit, void *arg);
extern int	arb_table_visit(Table *table, const char *index, int nkeys, const IndexKey *keys,
							ScanDirection direction, Snapshot snapshot, RowVisitor visit, void *arg);
extern void arb_table_insert(Table *table, Datum *values, bool *nulls);
extern void arb_table_update(Table *table, const Row *row);

#define INT4_KEY(v) {Int32GetDatum(v), F_INT4EQ}
#define INT8_KEY(v) {Int64GetDatum(v), F_INT8EQ}
#define INT8_FROM(v) {Int64GetDatum(v), F_INT8GE}

extern void arb_row_require_visible(const Row *row);
extern Fixed arb_row_fixed(const Row *row, int column);
extern void arb_row_set(Row *row, int column, Datum value);
extern void arb_row_set_fixed(Row *row, int column, Fixed value);

#endif							/* ARB_TABLE_H */
