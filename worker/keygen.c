/*-------------------------------------------------------------------------
 *
 * worker/keygen.c
 *	  arbees-keygen FILE: makes a key file for a new wallet.
 *
 * The file has mode 0600 and must not exist; the secret never leaves it. What
 * is printed is the wallet's address.
 *
 *-------------------------------------------------------------------------
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include "sign/eth.h"

#define KEY_BYTES 32
#define KEY_TEXT_SIZE HEX_TEXT_SIZE(KEY_BYTES)
#define FILE_TEXT_SIZE (KEY_TEXT_SIZE + 32)
/* A random scalar is invalid once in 2^128 times; a second failure is a broken library. */
#define MAX_DRAWS 4

static int
fail(const char *what, const char *why)
{
	fprintf(stderr, "arbees-keygen: %s: %s\n", what, why);
	return 1;
}

/* draw_key returns a valid key and its secret, or NULL. */
static EthKey *
draw_key(uint8_t secret[KEY_BYTES])
{
	EthKey *key = NULL;
	int		draw;

	for (draw = 0; draw < MAX_DRAWS && key == NULL; draw++)
	{
		if (RAND_bytes(secret, KEY_BYTES) != 1)
			return NULL;
		key = arb_eth_key_new(secret);
	}
	return key;
}

static bool
write_file(const char *path, const char *text, size_t len)
{
	int	 fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	bool good;

	if (fd < 0)
		return false;
	good = write(fd, text, len) == (ssize_t) len && fsync(fd) == 0;
	if (close(fd) != 0)
		good = false;
	if (!good)
		(void) unlink(path);
	return good;
}

int
main(int argc, char **argv)
{
	struct rlimit no_core = {0, 0};
	uint8_t		  secret[KEY_BYTES];
	char		  hex[KEY_TEXT_SIZE];
	char		  text[FILE_TEXT_SIZE];
	char		  address[ETH_ADDRESS_TEXT_SIZE];
	const char	 *problem;
	EthKey		 *key;
	int			  len;
	bool		  written;

	if (argc != 2 || argv[1][0] == '-')
	{
		fprintf(stderr, "usage: arbees-keygen FILE\n"
						"Makes FILE (mode 0600) with a new wallet's key and prints the address.\n");
		return 2;
	}
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) != 0 || setrlimit(RLIMIT_CORE, &no_core) != 0)
		return fail("could not forbid core dumps", strerror(errno));
	problem = arb_eth_init();
	if (problem != NULL)
		return fail("could not start the curve library", problem);
	key = draw_key(secret);
	if (key == NULL)
		return fail("could not make a key", "no random numbers or no locked memory");
	arb_hex_encode(secret, sizeof(secret), hex);
	len = snprintf(text, sizeof(text), "{\"private_key\":\"%s\"}\n", hex);
	written = write_file(argv[1], text, (size_t) len);
	OPENSSL_cleanse(secret, sizeof(secret));
	OPENSSL_cleanse(hex, sizeof(hex));
	OPENSSL_cleanse(text, sizeof(text));
	if (!written)
		return fail(argv[1], strerror(errno));
	arb_eth_address_format(arb_eth_key_address(key), address);
	arb_eth_key_free(key);
	arb_eth_shutdown();
	if (puts(address) == EOF || fflush(stdout) != 0)
		return fail("could not print the address", strerror(errno));
	return 0;
}
