/*-------------------------------------------------------------------------
 *
 * worker/keyfile.h
 *	  The trader's secrets: read from a guarded file, kept in locked memory.
 *
 * {"private_key":"0x..", optional "api_key","secret","passphrase","funder",
 * "signature_type"}.  The file must be a regular one, mode 0600 or stricter,
 * owned by the user who runs the worker.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_KEYFILE_H
#define ARBEES_KEYFILE_H

#include <stdbool.h>
#include <stddef.h>

#include "sign/eth.h"

#define KEYFILE_MAX_BYTES 8192
#define KEYFILE_TEXT_SIZE 256
#define KEYFILE_ERROR_SIZE 256

typedef struct KeyFile
{
	char		private_key[KEYFILE_TEXT_SIZE];
	char		api_key[KEYFILE_TEXT_SIZE];	/* "" when absent; all three or none */
	char		secret[KEYFILE_TEXT_SIZE];
	char		passphrase[KEYFILE_TEXT_SIZE];
	char		funder[ETH_ADDRESS_TEXT_SIZE];	/* "" = the key's own address */
	int			signature_type; /* -1 when absent */
} KeyFile;

/*
 * arb_keyfile_load reads the file.
 *
 * Args:	from_service: the file lies in a service manager's credentials
 *			directory, which guards it by itself; only its kind is checked.
 * Returns: NULL with the reason in error, which never quotes the contents.
 */
extern KeyFile *arb_keyfile_load(const char *path, bool from_service, char error[KEYFILE_ERROR_SIZE]);
extern void arb_keyfile_free(KeyFile *keys);

/* arb_secret_alloc returns zeroed memory that is locked and kept out of core dumps. */
extern void *arb_secret_alloc(size_t size);
extern void arb_secret_free(void *memory, size_t size);

#endif							/* ARBEES_KEYFILE_H */
