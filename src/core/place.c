/*-------------------------------------------------------------------------
 *
 * src/core/place.c
 *	  Where this server's files are: what a copy of them cannot have.
 *
 * A copy of a data directory carries the same system identifier, timeline and
 * rows. What it does not carry is where it is: the machine, the path, and the
 * inode and birth of PG_VERSION, which is written once and never again. A
 * snapshot of the volume started under another machine differs in the first,
 * one mounted beside the original in the second, files copied one by one in the
 * rest. A snapshot that keeps all four cannot be told apart from within.
 *
 * Only a digest is kept: the machine's number is nobody else's business.
 *
 *-------------------------------------------------------------------------
 */
#include "postgres.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "core/place.h"
#include "core/sha256.h"
#include "miscadmin.h"
#include "storage/fd.h"

#define MACHINE_FILE "/etc/machine-id"
#define MACHINE_MAX_BYTES 64
/* Never written again after initdb. */
#define MARK_FILE "PG_VERSION"

/* A machine without a number is told by the rest. */
static void
add_machine(Sha256 *sha)
{
	char		number[MACHINE_MAX_BYTES] = "";
	FILE	   *file = AllocateFile(MACHINE_FILE, "r");

	if (file == NULL)
		return;
	if (fgets(number, sizeof(number), file) != NULL)
		arb_sha256_add(sha, number, strlen(number));
	FreeFile(file);
}

static void
add_path(Sha256 *sha)
{
	char	   *real = realpath(DataDir, NULL);
	const char *path = real == NULL ? DataDir : real;

	arb_sha256_add(sha, path, strlen(path) + 1);
	free(real);
}

static void
add_number(Sha256 *sha, uint64 number)
{
	arb_sha256_add(sha, &number, sizeof(number));
}

static void
add_mark(Sha256 *sha)
{
	char		path[MAXPGPATH];
	struct stat mark;

	snprintf(path, sizeof(path), "%s/%s", DataDir, MARK_FILE);
	if (stat(path, &mark) != 0)
		ereport(ERROR,
				(errcode_for_file_access(),
				 errmsg("could not stat file \"%s\": %m", path)));
	add_number(sha, (uint64) mark.st_ino);
#ifdef STATX_BTIME
	{
		struct statx birth;

		/* Where the file system keeps none, the inode must do. */
		if (statx(AT_FDCWD, path, 0, STATX_BTIME, &birth) == 0 && (birth.stx_mask & STATX_BTIME) != 0)
		{
			add_number(sha, (uint64) birth.stx_btime.tv_sec);
			add_number(sha, (uint64) birth.stx_btime.tv_nsec);
		}
	}
#endif
}

const char *
arb_place(void)
{
	static const char hex[] = "0123456789abcdef";
	static char place[2 * SHA256_BYTES + 1] = "";
	uint8		digest[SHA256_BYTES];
	Sha256		sha;
	int			i;

	if (place[0] != '\0')
		return place;
	arb_sha256_begin(&sha);
	add_machine(&sha);
	add_path(&sha);
	add_mark(&sha);
	arb_sha256_end(&sha, digest);
	for (i = 0; i < SHA256_BYTES; i++)
	{
		place[2 * i] = hex[digest[i] >> 4];
		place[2 * i + 1] = hex[digest[i] & 15];
	}
	place[2 * SHA256_BYTES] = '\0';
	return place;
}
