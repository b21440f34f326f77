/*-------------------------------------------------------------------------
 *
 * src/core/catalog.h
 *	  Names of our objects to oids, and the library against the installed version.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARB_CATALOG_H
#define ARB_CATALOG_H

#include "postgres.h"

extern Oid	arb_catalog_schema(void);
extern Oid	arb_catalog_type(const char *name);
extern Oid	arb_catalog_relation(const char *name);
extern bool arb_catalog_installed(void);
extern uint64 arb_system_identifier(void);
extern uint32 arb_timeline(void);

#endif							/* ARB_CATALOG_H */
