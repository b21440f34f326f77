/*-------------------------------------------------------------------------
 *
 * test/worker/fixture.h
 *	  What the unit tests of the venue adapter share: cmocka and files.
 *
 * Tests run from any folder of the checkout: a path is tried in the working
 * directory and in those above it.
 *
 *-------------------------------------------------------------------------
 */
#ifndef ARBEES_TEST_FIXTURE_H
#define ARBEES_TEST_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FIXTURE_LEVELS_UP 5
#define SAMPLES "../shared/venues/samples/polymarket/"
#define VECTORS "venues/vectors/"

/* Returns the file's bytes with a terminator, to be freed, or NULL when there is none. */
static inline char *
fixture_read(const char *path, size_t *len)
{
	char		full[512];
	FILE	   *file = NULL;
	char	   *bytes = NULL;
	long		size;

	for (int up = 0; file == NULL && up < FIXTURE_LEVELS_UP; up++)
	{
		full[0] = '\0';
		for (int i = 0; i < up; i++)
			strcat(full, "../");
		strncat(full, path, sizeof(full) - strlen(full) - 1);
		file = fopen(full, "rb");
	}
	if (file == NULL)
		return NULL;
	if (fseek(file, 0, SEEK_END) == 0 && (size = ftell(file)) >= 0 && fseek(file, 0, SEEK_SET) == 0 &&
		(bytes = malloc((size_t) size + 1)) != NULL)
	{
		*len = fread(bytes, 1, (size_t) size, file);
		bytes[*len] = '\0';
	}
	fclose(file);
	return bytes;
}

/* A sample of the venue; a checkout without the shared samples skips the test, visibly. */
static inline char *
fixture_sample(const char *name, size_t *len)
{
	char		path[256];
	char	   *bytes;

	snprintf(path, sizeof(path), SAMPLES "%s", name);
	bytes = fixture_read(path, len);
	if (bytes == NULL)
	{
		print_message("no sample %s\n", name);
		skip();
		/* skip() leaves by longjmp. */
		abort();
	}
	return bytes;
}

#endif							/* ARBEES_TEST_FIXTURE_H */
