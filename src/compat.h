/*-------------------------------------------------------------------------
 *
 * src/compat.h
 *	  Differences between PostgreSQL 13 and 18; the only place that asks
 *	  PG_VERSION_NUM.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_COMPAT_H
#define ARB_COMPAT_H

#include "postgres.h"

#include "access/htup_details.h"
#include "executor/executor.h"
#include "storage/lock.h"
#include "utils/builtins.h"
#include "utils/numeric.h"

#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#include "nodes/parsenodes.h"
#endif

#if PG_VERSION_NUM < 140000
#define arb_simple_insert(rri, estate, slot) ExecSimpleRelationInsert(estate, slot)
#define arb_simple_update(rri, estate, epq, old, slot) ExecSimpleRelationUpdate(estate, epq, old, slot)
#else
#define arb_simple_insert(rri, estate, slot) ExecSimpleRelationInsert(rri, estate, slot)
#define arb_simple_update(rri, estate, epq, old, slot) ExecSimpleRelationUpdate(rri, estate, epq, old, slot)
#endif

#if PG_VERSION_NUM >= 140000
#define ARB_INDEX_INSERT(idx, values, nulls, tid, rel, unique, info) \
	index_insert(idx, values, nulls, tid, rel, unique, false, info)
#else
#define ARB_INDEX_INSERT(idx, values, nulls, tid, rel, unique, info) \
	index_insert(idx, values, nulls, tid, rel, unique, info)
#endif

#if PG_VERSION_NUM >= 180000
#define ARB_INDEX_BEGINSCAN(rel, idx, snapshot, nkeys) index_beginscan(rel, idx, snapshot, NULL, nkeys, 0)
#else
#define ARB_INDEX_BEGINSCAN(rel, idx, snapshot, nkeys) index_beginscan(rel, idx, snapshot, nkeys, 0)
#endif

/* Constraints of a table, and where the executor keeps them prepared. */
#if PG_VERSION_NUM >= 180000
#define ARB_CHECK_STATES ri_CheckConstraintExprs
#define ARB_CHECK_IS_ENFORCED(check) ((check).ccenforced)
#define ARB_HAS_GENERATED(constr) ((constr)->has_generated_stored || (constr)->has_generated_virtual)
#else
#define ARB_CHECK_STATES ri_ConstraintExprs
#define ARB_CHECK_IS_ENFORCED(check) true
#define ARB_HAS_GENERATED(constr) ((constr)->has_generated_stored)
#endif

/* The local transaction id of this backend, the same from start to end of a transaction. */
#if PG_VERSION_NUM >= 170000
#define ARB_MY_LXID (MyProc->vxid.lxid)
#else
#define ARB_MY_LXID (MyProc->lxid)
#endif

#if PG_VERSION_NUM >= 170000
#define ARB_LOCK_HELD_BY_ME(tag, mode) LockHeldByMe(tag, mode, false)
#else
#define ARB_LOCK_HELD_BY_ME(tag, mode) LockHeldByMe(tag, mode)
#endif

/* The process behind a virtual transaction id; NULL when it ended. */
#if PG_VERSION_NUM >= 170000
#include "storage/procarray.h"
#define ARB_VXID_PROC(vxid) ProcNumberGetProc((vxid).procNumber)
#else
#include "storage/sinvaladt.h"
#define ARB_VXID_PROC(vxid) BackendIdGetProc((vxid).backendId)
#endif

/* The timeline this primary writes. */
#if PG_VERSION_NUM >= 150000
#define ARB_WAL_TIMELINE() GetWALInsertionTimeLine()
#else
#define ARB_WAL_TIMELINE() ThisTimeLineID
#endif

#if PG_VERSION_NUM >= 160000
#define ARB_NAME_LIST(string) stringToQualifiedNameList(string, NULL)
#else
#define ARB_NAME_LIST(string) stringToQualifiedNameList(string)
#endif

#if PG_VERSION_NUM < 150000
#define MarkGUCPrefixReserved(prefix) EmitWarningsOnPlaceholders(prefix)
#endif

#endif							/* ARB_COMPAT_H */
