/*-------------------------------------------------------------------------
 *
 * src/core/catalog.c
 *	  Names of our objects to oids, and the library against the installed version.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/extension.h"
#include "compat.h"
#include "core/catalog.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

/* arb_catalog_schema returns the oid of schema arbees; raises 3F000 when it is absent. */
Oid
arb_catalog_schema(void)
{
	return get_namespace_oid("arbees", false);
}

Oid
arb_catalog_type(const char *name)
{
	Oid			oid = GetSysCacheOid2(TYPENAMENSP, Anum_pg_type_oid,
									  CStringGetDatum(name),
									  ObjectIdGetDatum(arb_catalog_schema()));

	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_OBJECT),
				 errmsg("type arbees.%s does not exist", name),
				 errhint("Install the extension, or reconnect after it was updated.")));
	return oid;
}

Oid
arb_catalog_relation(const char *name)
{
	Oid			oid = get_relname_relid(name, arb_catalog_schema());

	if (!OidIsValid(oid))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation arbees.%s does not exist", name),
				 errhint("Install the extension, or reconnect after it was updated.")));
	return oid;
}

/* arb_catalog_installed tells whether the extension exists in this database and is not just being made. */
bool
arb_catalog_installed(void)
{
	Oid			extension = get_extension_oid("arbees", true);

	return OidIsValid(extension) && !(creating_extension && CurrentExtensionObject == extension);
}

/* arb_timeline returns the timeline this primary writes; it changes when a standby is promoted. */
uint32
arb_timeline(void)
{
	return ARB_WAL_TIMELINE();
}

/* arb_system_identifier returns the cluster's identifier: equal in a physical copy, different after a restore. */
uint64
arb_system_identifier(void)
{
	return GetSystemIdentifier();
}
