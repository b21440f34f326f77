/*-------------------------------------------------------------------------
 *
 * worker/sign/eip712.c
 *	  EIP-712 messages of the exchange: orders and the key-ownership statement.
 *
 * Structs are written as 32-byte words into a stack buffer and hashed in one
 * go.  Type hashes are constants of the type texts; they are computed once,
 * on first use, from the texts themselves, so text and hash cannot disagree.
 *
 *-------------------------------------------------------------------------
 */
#include "eip712.h"

#include <string.h>

#define WORD 32
/* Most words any struct here has: V1 orders, the type hash included. */
#define WORDS_MAX 13

#define ORDER_TYPE_TEXT \
	"Order(uint256 salt,address maker,address signer,uint256 tokenId,uint256 makerAmount," \
	"uint256 takerAmount,uint8 side,uint8 signatureType,uint256 timestamp,bytes32 metadata,bytes32 builder)"

static const char OrderType[] = ORDER_TYPE_TEXT;
static const char OrderV1Type[] =
"Order(uint256 salt,address maker,address signer,address taker,uint256 tokenId,uint256 makerAmount,"
"uint256 takerAmount,uint256 expiration,uint256 nonce,uint256 feeRateBps,uint8 side,uint8 signatureType)";
static const char WalletType[] =
"TypedDataSign(Order contents,string name,string version,uint256 chainId,address verifyingContract,bytes32 salt)"
ORDER_TYPE_TEXT;
static const char DomainType[] =
"EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)";
static const char AuthDomainType[] = "EIP712Domain(string name,string version,uint256 chainId)";
static const char AuthType[] = "ClobAuth(address address,string timestamp,uint256 nonce,string message)";

const char	ClobAuthMessage[] = "This message attests that I control the given wallet";

_Static_assert(sizeof(OrderType) - 1 == 186, "the venue's order type text has 186 bytes");
_Static_assert(ETH_SIGNATURE_SIZE + 2 * WORD + 186 + 2 == ORDER_SIGNATURE_WRAPPED_SIZE,
			   "wrapped signature layout");

/* Hashes of the constant texts, ready before the first order. */
typedef struct TypeHashes
{
	bool		ready;
	uint8_t		order[WORD];
	uint8_t		order_v1[WORD];
	uint8_t		wallet[WORD];
	uint8_t		wallet_name[WORD];
	uint8_t		wallet_version[WORD];
} TypeHashes;

static TypeHashes Types;

static void
hash_text(const char *text, uint8_t out[WORD])
{
	arb_keccak256(text, strlen(text), out);
}

static const TypeHashes *
type_hashes(void)
{
	if (!Types.ready)
	{
		hash_text(OrderType, Types.order);
		hash_text(OrderV1Type, Types.order_v1);
		hash_text(WalletType, Types.wallet);
		hash_text("DepositWallet", Types.wallet_name);
		hash_text("1", Types.wallet_version);
		Types.ready = true;
	}
	return &Types;
}

/* ----- words ----- */

typedef struct Words
{
	uint8_t		bytes[WORDS_MAX * WORD];
	size_t		count;
} Words;

static void
add_word(Words *words, const uint8_t word[WORD])
{
	memcpy(words->bytes + WORD * words->count++, word, WORD);
}

static void
add_address(Words *words, const EthAddress *address)
{
	uint8_t    *at = words->bytes + WORD * words->count++;

	memset(at, 0, WORD - ETH_ADDRESS_SIZE);
	memcpy(at + WORD - ETH_ADDRESS_SIZE, address->bytes, ETH_ADDRESS_SIZE);
}

static void
add_u64(Words *words, uint64_t number)
{
	Uint256		word;

	arb_uint256_from_u64(number, &word);
	add_word(words, word.bytes);
}

static void
add_text_hash(Words *words, const char *text)
{
	uint8_t		hash[WORD];

	hash_text(text, hash);
	add_word(words, hash);
}

static void
hash_words(const Words *words, uint8_t out[WORD])
{
	arb_keccak256(words->bytes, WORD * words->count, out);
}

/* keccak(0x19 0x01 || separator || struct hash), the form every digest has. */
static void
bind_to_separator(const uint8_t separator[WORD], const uint8_t struct_hash[WORD], uint8_t digest[WORD])
{
	uint8_t		bytes[2 + 2 * WORD] = {0x19, 0x01};

	memcpy(bytes + 2, separator, WORD);
	memcpy(bytes + 2 + WORD, struct_hash, WORD);
	arb_keccak256(bytes, sizeof(bytes), digest);
}

/* ----- domains ----- */

void
arb_domain_make(int exchange_version, uint64_t chain_id, const EthAddress *contract, SigningDomain *domain)
{
	const char	version[2] = {(char) ('0' + exchange_version), '\0'};
	Words		words = {.count = 0};

	domain->exchange_version = exchange_version;
	domain->chain_id = chain_id;
	domain->contract = *contract;
	add_text_hash(&words, DomainType);
	add_text_hash(&words, "Polymarket CTF Exchange");
	add_text_hash(&words, version);
	add_u64(&words, chain_id);
	add_address(&words, contract);
	hash_words(&words, domain->separator);
}

bool
arb_domain_of_exchange(int exchange_version, uint64_t chain_id, bool neg_risk, SigningDomain *domain)
{
	static const struct
	{
		int			version;
		uint64_t	chain_id;
		const char *contract;
		const char *neg_risk_contract;
	}			exchanges[] = {
		{2, 137, "0xE111180000d2663C0091e4f400237545B87B996B", "0xe2222d279d744050d28e00520010520000310F59"},
		{2, 80002, "0xE111180000d2663C0091e4f400237545B87B996B", "0xe2222d279d744050d28e00520010520000310F59"},
		{3, 137, "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa", "0xe3333700cA9d93003F00f0F71f8515005F6c00Aa"},
		{3, 80002, "0x9fE6e61422AdB6F610d8597F9684b16912D50C3D", "0x9fE6e61422AdB6F610d8597F9684b16912D50C3D"},
		{1, 137, "0x4bFb41d5B3570DeFd03C39a9A4D8dE6Bd8B8982E", "0xC5d563A36AE78145C45a50134d48A1215220f80a"},
	};

	for (size_t i = 0; i < sizeof(exchanges) / sizeof(exchanges[0]); i++)
	{
		const char *text = neg_risk ? exchanges[i].neg_risk_contract : exchanges[i].contract;
		EthAddress	contract;

		if (exchanges[i].version != exchange_version || exchanges[i].chain_id != chain_id)
			continue;
		if (!arb_eth_address_parse(text, strlen(text), &contract))
			return false;
		arb_domain_make(exchange_version, chain_id, &contract, domain);
		return true;
	}
	return false;
}

/* ----- orders ----- */

static void
add_order_v1(Words *words, const OrderMessage *order)
{
	add_word(words, type_hashes()->order_v1);
	add_word(words, order->salt.bytes);
	add_address(words, &order->maker);
	add_address(words, &order->signer);
	add_address(words, &order->taker);
	add_word(words, order->token_id.bytes);
	add_word(words, order->maker_amount.bytes);
	add_word(words, order->taker_amount.bytes);
	add_word(words, order->expiration.bytes);
	add_word(words, order->nonce.bytes);
	add_word(words, order->fee_rate_bps.bytes);
	add_u64(words, order->side);
	add_u64(words, order->signature_type);
}

static void
add_order(Words *words, const OrderMessage *order)
{
	add_word(words, type_hashes()->order);
	add_word(words, order->salt.bytes);
	add_address(words, &order->maker);
	add_address(words, &order->signer);
	add_word(words, order->token_id.bytes);
	add_word(words, order->maker_amount.bytes);
	add_word(words, order->taker_amount.bytes);
	add_u64(words, order->side);
	add_u64(words, order->signature_type);
	add_word(words, order->timestamp.bytes);
	add_word(words, order->metadata);
	add_word(words, order->builder);
}

void
arb_order_struct_hash(const OrderMessage *order, int exchange_version, uint8_t struct_hash[ETH_HASH_SIZE])
{
	Words		words = {.count = 0};

	if (exchange_version == 1)
		add_order_v1(&words, order);
	else
		add_order(&words, order);
	hash_words(&words, struct_hash);
}

void
arb_order_digest(const SigningDomain *domain, const uint8_t struct_hash[ETH_HASH_SIZE],
				 uint8_t digest[ETH_HASH_SIZE])
{
	bind_to_separator(domain->separator, struct_hash, digest);
}

void
arb_order_wallet_digest(const SigningDomain *domain, const uint8_t struct_hash[ETH_HASH_SIZE],
						const EthAddress *wallet, uint8_t digest[ETH_HASH_SIZE])
{
	static const uint8_t no_salt[WORD];
	const TypeHashes *types = type_hashes();
	uint8_t		wrapped[WORD];
	Words		words = {.count = 0};

	add_word(&words, types->wallet);
	add_word(&words, struct_hash);
	add_word(&words, types->wallet_name);
	add_word(&words, types->wallet_version);
	add_u64(&words, domain->chain_id);
	add_address(&words, wallet);
	add_word(&words, no_salt);
	hash_words(&words, wrapped);
	bind_to_separator(domain->separator, wrapped, digest);
}

/* What follows the inner signature of a wallet: separator, contents hash, type text, its length. */
static void
append_wallet_trailer(const SigningDomain *domain, const uint8_t struct_hash[WORD], uint8_t *out)
{
	const size_t type_len = sizeof(OrderType) - 1;

	memcpy(out, domain->separator, WORD);
	memcpy(out + WORD, struct_hash, WORD);
	memcpy(out + 2 * WORD, OrderType, type_len);
	out[2 * WORD + type_len] = (uint8_t) (type_len >> 8);
	out[2 * WORD + type_len + 1] = (uint8_t) type_len;
}

bool
arb_order_sign(const EthKey *key, const SigningDomain *domain, const OrderMessage *order,
			   uint8_t digest[ETH_HASH_SIZE], OrderSignature *signature)
{
	uint8_t		struct_hash[WORD];
	uint8_t		wallet_digest[WORD];

	arb_order_struct_hash(order, domain->exchange_version, struct_hash);
	arb_order_digest(domain, struct_hash, digest);
	if (order->signature_type != SIGNATURE_TYPE_WALLET_1271)
	{
		signature->len = ETH_SIGNATURE_SIZE;
		return arb_eth_sign(key, digest, signature->bytes);
	}
	/* Deposit wallets came with the fields of exchange 2; version 1 has no type text for them. */
	if (domain->exchange_version == 1)
		return false;
	arb_order_wallet_digest(domain, struct_hash, &order->signer, wallet_digest);
	if (!arb_eth_sign(key, wallet_digest, signature->bytes))
		return false;
	append_wallet_trailer(domain, struct_hash, signature->bytes + ETH_SIGNATURE_SIZE);
	signature->len = ORDER_SIGNATURE_WRAPPED_SIZE;
	return true;
}

bool
arb_order_recover(const SigningDomain *domain, const OrderMessage *order, const uint8_t *signature,
				  size_t len, EthAddress *holder)
{
	uint8_t		struct_hash[WORD];
	uint8_t		digest[WORD];
	uint8_t		trailer[ORDER_SIGNATURE_WRAPPED_SIZE - ETH_SIGNATURE_SIZE];

	arb_order_struct_hash(order, domain->exchange_version, struct_hash);
	if (order->signature_type != SIGNATURE_TYPE_WALLET_1271)
	{
		arb_order_digest(domain, struct_hash, digest);
		return len == ETH_SIGNATURE_SIZE && arb_eth_recover(digest, signature, holder);
	}
	if (len != ORDER_SIGNATURE_WRAPPED_SIZE || domain->exchange_version == 1)
		return false;
	append_wallet_trailer(domain, struct_hash, trailer);
	if (memcmp(signature + ETH_SIGNATURE_SIZE, trailer, sizeof(trailer)) != 0)
		return false;
	arb_order_wallet_digest(domain, struct_hash, &order->signer, digest);
	return arb_eth_recover(digest, signature, holder);
}

/* ----- the statement of key ownership ----- */

void
arb_clob_auth_separator(uint64_t chain_id, uint8_t separator[ETH_HASH_SIZE])
{
	Words		words = {.count = 0};

	add_text_hash(&words, AuthDomainType);
	add_text_hash(&words, "ClobAuthDomain");
	add_text_hash(&words, "1");
	add_u64(&words, chain_id);
	hash_words(&words, separator);
}

void
arb_clob_auth_digest(uint64_t chain_id, const EthAddress *address, const char *timestamp, uint64_t nonce,
					 const char *message, uint8_t digest[ETH_HASH_SIZE])
{
	uint8_t		separator[WORD];
	uint8_t		struct_hash[WORD];
	Words		words = {.count = 0};

	arb_clob_auth_separator(chain_id, separator);
	add_text_hash(&words, AuthType);
	add_address(&words, address);
	add_text_hash(&words, timestamp);
	add_u64(&words, nonce);
	add_text_hash(&words, message);
	hash_words(&words, struct_hash);
	bind_to_separator(separator, struct_hash, digest);
}
