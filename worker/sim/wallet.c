/*-------------------------------------------------------------------------
 *
 * worker/sim/wallet.c
 *	  Wallets of the exchange: holdings, redemption and the audit.
 *
 * Settlement does not pay: a winning share stays a share until its owner
 * redeems it, as on the chain.  The house redeems at once, so that its
 * holdings do not grow.
 *
 *-------------------------------------------------------------------------
 */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "buf.h"

Wallet *
sim_exchange_find_wallet(const Exchange *exchange, const EthAddress *address)
{
	size_t		i;

	for (i = 0; i < exchange->wallet_count; i++)
		if (arb_eth_address_equal(&exchange->wallets[i]->address, address))
			return exchange->wallets[i];
	return NULL;
}

Wallet *
sim_exchange_wallet(Exchange *exchange, const EthAddress *address)
{
	Wallet	   *wallet = sim_exchange_find_wallet(exchange, address);

	if (wallet != NULL)
		return wallet;
	wallet = sim_alloc(sizeof(*wallet));
	wallet->address = *address;
	wallet->owner = *address;
	arb_eth_address_format(address, wallet->text);
	wallet->cash = exchange->opening_balance;
	wallet->deposited = exchange->opening_balance;
	exchange->deposited += exchange->opening_balance;
	exchange->wallets = sim_grow(exchange->wallets, &exchange->wallet_cap,
								 exchange->wallet_count + 1, sizeof(*exchange->wallets));
	exchange->wallets[exchange->wallet_count++] = wallet;
	return wallet;
}

const Holding *
sim_wallet_find_holding(const Wallet *wallet, const Market *market)
{
	size_t		i;

	/* The newest market is the one most asked for. */
	for (i = wallet->holding_count; i > 0; i--)
		if (wallet->holdings[i - 1].market == market)
			return &wallet->holdings[i - 1];
	return NULL;
}

Holding *
sim_wallet_holding(Wallet *wallet, Market *market)
{
	Holding    *holding = (Holding *) sim_wallet_find_holding(wallet, market);

	if (holding != NULL)
		return holding;
	wallet->holdings = sim_grow(wallet->holdings, &wallet->holding_cap,
								wallet->holding_count + 1, sizeof(*wallet->holdings));
	holding = &wallet->holdings[wallet->holding_count++];
	holding->market = market;
	return holding;
}

int64_t
sim_wallet_claimable(const Wallet *wallet)
{
	int64_t		claimable = 0;
	size_t		i;

	for (i = 0; i < wallet->holding_count; i++)
	{
		const Holding *holding = &wallet->holdings[i];

		if (holding->market->state == MARKET_RESOLVED)
			claimable += holding->shares[holding->market->winner];
	}
	return claimable;
}

int64_t
sim_exchange_redeem(Exchange *exchange, Wallet *wallet, const Market *only)
{
	int64_t		paid = 0;
	size_t		i;

	(void) exchange;
	for (i = 0; i < wallet->holding_count; i++)
	{
		Holding    *holding = &wallet->holdings[i];
		Market	   *market = holding->market;
		int64_t		won;
		int			outcome;

		if (market->state != MARKET_RESOLVED || (only != NULL && market != only))
			continue;
		won = holding->shares[market->winner];
		for (outcome = 0; outcome < 2; outcome++)
		{
			market->outstanding[outcome] -= holding->shares[outcome];
			holding->shares[outcome] = 0;
			holding->reserved[outcome] = 0;
		}
		market->collateral -= won;
		wallet->cash += won;
		wallet->redeemed += won;
		paid += won;
	}
	return paid;
}

const char *
sim_exchange_audit(const Exchange *exchange, Market *const *markets, size_t market_count)
{
	int64_t		cash = exchange->fees;
	size_t		i;

	for (i = 0; i < exchange->wallet_count; i++)
	{
		const Wallet *wallet = exchange->wallets[i];

		cash += wallet->cash;
		if (wallet->cash < 0 || wallet->reserved < 0 || wallet->reserved > wallet->cash)
			return "a wallet owes money";
	}
	for (i = 0; i < market_count; i++)
	{
		const Market *market = markets[i];
		int64_t		held[2] = {0, 0};
		size_t		w;
		int			outcome;

		for (w = 0; w < exchange->wallet_count; w++)
		{
			const Holding *holding = sim_wallet_find_holding(exchange->wallets[w], market);

			for (outcome = 0; holding != NULL && outcome < 2; outcome++)
			{
				held[outcome] += holding->shares[outcome];
				if (holding->shares[outcome] < 0 || holding->reserved[outcome] > holding->shares[outcome])
					return "a wallet owes shares";
			}
		}
		for (outcome = 0; outcome < 2; outcome++)
		{
			if (held[outcome] != market->outstanding[outcome])
				return "shares appeared or vanished";
			if (market->state != MARKET_RESOLVED && held[outcome] != market->collateral)
				return "shares are not backed by complete sets";
		}
		if (market->state == MARKET_RESOLVED && held[market->winner] != market->collateral)
			return "winning shares are not backed";
		cash += market->collateral;
	}
	return cash == exchange->deposited ? NULL : "money appeared or vanished";
}
