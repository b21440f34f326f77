/*-------------------------------------------------------------------------
 *
 * worker/keyfile.c
 *	  The trader's secrets: read from a guarded file, kept in locked memory.
 *
 * The checks are made on the open descriptor, so that what was checked is what
 * is read.  The JSON parser's copies are wiped before they are freed.
 *
 *-------------------------------------------------------------------------
 */
#include "keyfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "json.h"

void *
arb_secret_alloc(size_t size)
{
	void	   *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return NULL;
	if (mlock(memory, size) != 0 || madvise(memory, size, MADV_DONTDUMP) != 0)
	{
		(void) munmap(memory, size);
		return NULL;
	}
	(void) madvise(memory, size, MADV_DONTFORK);
	return memory;
}

void
arb_secret_free(void *memory, size_t size)
{
	if (memory == NULL)
		return;
	explicit_bzero(memory, size);
	(void) munmap(memory, size);
}

void
arb_keyfile_free(KeyFile *keys)
{
	arb_secret_free(keys, sizeof(*keys));
}

static bool
check_file(int fd, const char *path, bool from_service, char *error)
{
	struct stat info;

	if (fstat(fd, &info) != 0)
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "could not examine \"%.120s\": %s", path, strerror(errno));
		return false;
	}
	if (!S_ISREG(info.st_mode))
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "\"%.120s\" is not a regular file", path);
		return false;
	}
	if (info.st_size <= 0 || info.st_size > KEYFILE_MAX_BYTES)
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "\"%.120s\" has %lld bytes, a key file has 1 to %d", path,
						(long long) info.st_size, KEYFILE_MAX_BYTES);
		return false;
	}
	if (from_service)
		return true;
	if (info.st_uid != geteuid())
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "\"%.120s\" is owned by another user", path);
		return false;
	}
	if ((info.st_mode & 07177) != 0)
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "\"%.120s\" has mode %04o, it must be 0600", path,
						(unsigned) (info.st_mode & 07777));
		return false;
	}
	return true;
}

static bool
read_all(int fd, char *buffer, size_t size, size_t *len)
{
	*len = 0;
	while (*len < size)
	{
		ssize_t		got = read(fd, buffer + *len, size - *len);

		if (got == 0)
			return true;
		if (got < 0)
		{
			if (errno == EINTR)
				continue;
			return false;
		}
		*len += (size_t) got;
	}
	return true;
}

static bool
fill_keys(const char *text, size_t len, KeyFile *keys, char *error)
{
	ParseError	why;
	json_t	   *root = arb_json_load(text, len, KEYFILE_MAX_BYTES, &why);
	int64_t		type = -1;
	bool		present = false;
	bool		ok;

	if (root == NULL)
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "the key file is no JSON object (%s)",
						arb_parse_error_name(why.kind));
		return false;
	}
	ok = arb_json_text(root, "private_key", keys->private_key, sizeof(keys->private_key), &why) &&
		arb_json_text_optional(root, "api_key", keys->api_key, sizeof(keys->api_key), &why) &&
		arb_json_text_optional(root, "secret", keys->secret, sizeof(keys->secret), &why) &&
		arb_json_text_optional(root, "passphrase", keys->passphrase, sizeof(keys->passphrase), &why) &&
		arb_json_text_optional(root, "funder", keys->funder, sizeof(keys->funder), &why) &&
		arb_json_int_optional(root, "signature_type", 0, 3, &type, &present, &why);
	keys->signature_type = present ? (int) type : -1;
	arb_json_wipe(root);
	json_decref(root);
	if (!ok)
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "the key file is refused: %s (%s)", why.context,
						arb_parse_error_name(why.kind));
		return false;
	}
	if ((keys->api_key[0] == '\0') != (keys->secret[0] == '\0') ||
		(keys->api_key[0] == '\0') != (keys->passphrase[0] == '\0'))
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE,
						"the key file must hold all of api_key, secret and passphrase, or none");
		return false;
	}
	return true;
}

KeyFile *
arb_keyfile_load(const char *path, bool from_service, char error[KEYFILE_ERROR_SIZE])
{
	KeyFile    *keys = NULL;
	char	   *text = NULL;
	size_t		len = 0;
	bool		ok = false;
	int			fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);

	if (fd < 0)
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "could not open \"%.120s\": %s", path, strerror(errno));
		return NULL;
	}
	if (!check_file(fd, path, from_service, error))
		goto cleanup;
	text = arb_secret_alloc(KEYFILE_MAX_BYTES);
	keys = arb_secret_alloc(sizeof(*keys));
	if (text == NULL || keys == NULL)
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "could not lock memory for the keys: %s", strerror(errno));
		goto cleanup;
	}
	if (!read_all(fd, text, KEYFILE_MAX_BYTES, &len))
	{
		(void) snprintf(error, KEYFILE_ERROR_SIZE, "could not read \"%.120s\": %s", path, strerror(errno));
		goto cleanup;
	}
	ok = fill_keys(text, len, keys, error);

cleanup:
	(void) close(fd);
	arb_secret_free(text, KEYFILE_MAX_BYTES);
	if (!ok)
	{
		arb_keyfile_free(keys);
		return NULL;
	}
	return keys;
}
