// Proves arbees-sim with the venue's official client: whatever this client
// signs, posts and reads here, it would sign, post and read at the venue.
//
// usage: node proof.mjs READY_FILE    (the simulator's --ready-file)
// Prints one line per check and "N passed, N failed"; exit 1 on any failure.

import { randomBytes } from 'node:crypto';
import { OrderType, Side } from '@polymarket/clob-client-v2';
import { privateKeyToAccount } from 'viem/accounts';
import { proveFaults } from './faults.mjs';
import { MICRO, Stream, check, clientFor, endpoints, finish, takerFee, units, until } from './lib.mjs';

async function chooseMarket() {
	const slot = endpoints.slugs[0];
	// The window after the next: tradable, and far from its opening.
	const start = (Math.floor(Date.now() / 1000 / slot.seconds) + 2) * slot.seconds;
	const answer = await fetch(`${endpoints.gamma}/events/slug/${slot.prefix}-${start}`);
	const event = await answer.json();
	const market = event.markets[0];
	const tokens = JSON.parse(market.clobTokenIds);
	check('metadata: the window is found by its slug', answer.ok && market.slug === `${slot.prefix}-${start}`);
	check('metadata: arrays are text, outcomes Up and Down', JSON.parse(market.outcomes).join() === 'Up,Down' && tokens.length === 2);
	return { condition: market.conditionId, up: tokens[0], down: tokens[1] };
}

async function proveKeys(account) {
	const client = clientFor(account);
	const creds = await client.createOrDeriveApiKey();
	check('L1: an API key is created', Boolean(creds.key && creds.secret && creds.passphrase));
	const again = await client.deriveApiKey();
	check('L1: and derived again, the same', JSON.stringify(again) === JSON.stringify(creds));
	const stranger = clientFor(privateKeyToAccount(`0x${randomBytes(32).toString('hex')}`));
	const none = await stranger.deriveApiKey();
	check('L1: another key derives nothing', !none.key);
	const keys = await clientFor(account, creds).getApiKeys();
	check('L2: the key is listed', keys.apiKeys?.includes(creds.key), keys);
	const liar = await clientFor(account, { ...creds, secret: randomBytes(32).toString('base64') }).getApiKeys();
	check('L2: a wrong secret is refused with 401', liar.status === 401, liar);
	const ban = await clientFor(account, creds).getClosedOnlyMode();
	check('L2: the account is not closed-only', ban.closed_only === false, ban);
	return creds;
}

async function provePublic(client, market) {
	const time = await client.getServerTime();
	check('time is whole seconds', Number.isInteger(time) && Math.abs(time - Date.now() / 1000) < 5, time);
	check('version is 2', (await client.getVersion()) === 2);
	const book = await client.getOrderBook(market.up);
	const best = { bid: book.bids.at(-1), ask: book.asks.at(-1) };
	check('book: both sides, best last', book.bids.length > 1 && book.asks.length > 1 &&
		Number(best.bid.price) > Number(book.bids[0].price) && Number(best.ask.price) < Number(book.asks[0].price) &&
		Number(best.bid.price) < Number(best.ask.price));
	const hash = book.hash;
	check('book: its hash is the one the client computes', (await client.getOrderBookHash(book)) === hash);
	const mirror = await client.getOrderBook(market.down);
	check('book: the other token mirrors it',
		units(mirror.bids.at(-1).price, 4) + units(best.ask.price, 4) === 10000n);
	const info = await client.getClobMarketInfo(market.condition);
	check('market: tick, minimum and fee', info.mts === 0.01 && info.mos === 5 && info.fd.r === 0.07 && info.fd.e === 1, info);
	check('tick size and negative risk', (await client.getTickSize(market.up)) === '0.01' && (await client.getNegRisk(market.up)) === false);
	const price = await client.getPrice(market.up, Side.BUY);
	check('price: BUY is the best bid', units(price.price, 4) > 0n);
	const unknown = await client.getOrderBook('123');
	check('book: an unknown token is 404', unknown.status === 404, unknown);
	return best;
}

async function proveResting(client, market, user) {
	const order = await client.createOrder({ tokenID: market.up, price: 0.02, size: 10, side: Side.BUY });
	const posted = await client.postOrder(order, OrderType.GTC);
	check('GTC: posted and resting', posted.success === true && posted.status === 'live' && /^0x[0-9a-f]{64}$/.test(posted.orderID), posted);
	const seen = await client.getOpenOrders({ asset_id: market.up });
	check('GTC: seen among the open orders', seen.length === 1 && seen[0].id === posted.orderID &&
		seen[0].original_size === '10' && seen[0].price === '0.02' && seen[0].status === 'LIVE', seen);
	check('GTC: found by its id', (await client.getOrder(posted.orderID)).id === posted.orderID);
	const placed = await user.find((f) => f.event_type === 'order' && f.id === posted.orderID);
	check('user stream: its placement', placed.type === 'PLACEMENT' && placed.size_matched === '0');
	const twice = await client.postOrder(order, OrderType.GTC);
	check('GTC: the same bytes again are a duplicate', /Duplicated/.test(twice.error ?? ''), twice);
	const canceled = await client.cancelOrder({ orderID: posted.orderID });
	check('cancel: done', canceled.canceled?.[0] === posted.orderID, canceled);
	const again = await client.cancelOrder({ orderID: posted.orderID });
	check('cancel: not twice', again.canceled?.length === 0 && Boolean(again.not_canceled?.[posted.orderID]), again);
	check('cancel: no longer open', (await client.getOpenOrders({ asset_id: market.up })).length === 0);
	await user.find((f) => f.event_type === 'order' && f.id === posted.orderID && f.type === 'CANCELLATION');
	check('user stream: its cancellation', true);
}

async function proveRefusals(client, market, best) {
	const crossing = await client.createOrder({ tokenID: market.up, price: Number(best.ask.price), size: 10, side: Side.BUY });
	const crossed = await client.postOrder(crossing, OrderType.GTC, true);
	check('post-only: a crossing order is refused', crossed.status === 400 && crossed.error === 'invalid post-only order: order crosses book', crossed);
	const forged = await client.createOrder({ tokenID: market.up, price: 0.02, size: 10, side: Side.BUY });
	forged.makerAmount = String(Number(forged.makerAmount) * 2);
	const refused = await client.postOrder(forged, OrderType.GTC);
	check('signature: changed amounts are refused', refused.status === 400 && refused.error === 'invalid signature', refused);
	const huge = await client.createOrder({ tokenID: market.up, price: 0.5, size: 100000, side: Side.BUY });
	const poor = await client.postOrder(huge, OrderType.GTC);
	check('balance: more than there is is refused', /^not enough balance \/ allowance/.test(poor.error ?? ''), poor);
	const small = await client.createOrder({ tokenID: market.up, price: 0.02, size: 4, side: Side.BUY });
	const tiny = await client.postOrder(small, OrderType.GTC);
	check('size: below five shares is refused', /lower than the minimum: 5/.test(tiny.error ?? ''), tiny);
	const naked = await client.createOrder({ tokenID: market.down, price: 0.9, size: 10, side: Side.SELL });
	const empty = await client.postOrder(naked, OrderType.GTC);
	check('balance: shares nobody holds cannot be sold', /^not enough balance/.test(empty.error ?? ''), empty);
}

async function balances(client, token) {
	const cash = await client.getBalanceAllowance({ asset_type: 'COLLATERAL' });
	const shares = await client.getBalanceAllowance({ asset_type: 'CONDITIONAL', token_id: token });
	return { cash: BigInt(cash.balance), shares: BigInt(shares.balance) };
}

async function proveTaking(client, market, user) {
	const before = await balances(client, market.up);
	check('balance: the opening balance', before.cash === 1000n * MICRO && before.shares === 0n);
	const posted = await client.createAndPostMarketOrder({ tokenID: market.up, amount: 5, side: Side.BUY }, undefined, OrderType.FAK);
	check('FAK: a buy for five dollars matches', posted.success === true && posted.status === 'matched' && posted.tradeIDs?.length > 0, posted);
	const trades = (await client.getTrades({ asset_id: market.up })).filter((t) => t.taker_order_id === posted.orderID);
	check('trades: they are listed', trades.length === posted.tradeIDs.length && trades.every((t) => t.trader_side === 'TAKER'));
	let shares = 0n;
	let spent = 0n;
	for (const trade of trades) {
		const size = units(trade.size, 6);
		shares += size;
		spent += (size * units(trade.price, 4)) / 10000n + takerFee(size, trade.price);
	}
	const after = await balances(client, market.up);
	check('FAK: shares arrived, to the last unit', after.shares === shares, { after: String(after.shares), shares: String(shares) });
	check('FAK: cash fell by price and fee, to the last unit', before.cash - after.cash === spent);
	check('FAK: the answer tells the same', units(posted.takingAmount, 6) === shares);
	const event = await user.find((f) => f.event_type === 'trade' && f.taker_order_id === posted.orderID && f.status === 'CONFIRMED');
	check('user stream: the trade is confirmed on the chain', /^0x[0-9a-f]{64}$/.test(event.transaction_hash));
	const statuses = user.frames.filter((f) => f.event_type === 'trade' && f.id === event.id).map((f) => f.status);
	check('user stream: MATCHED, MINED, CONFIRMED', statuses.join() === 'MATCHED,MINED,CONFIRMED', statuses);

	const size = Number(shares / 10000n) / 100;
	const sold = await client.createAndPostMarketOrder({ tokenID: market.up, amount: size, side: Side.SELL }, undefined, OrderType.FAK);
	check('FAK: and sold again', sold.status === 'matched' && units(sold.makingAmount, 6) === units(size, 6), sold);
	const end = await balances(client, market.up);
	check('FAK: what is left is dust', end.shares < 10000n && end.cash < before.cash);
}

async function proveBatches(client, market) {
	const make = (price) => client.createOrder({ tokenID: market.down, price, size: 6, side: Side.BUY });
	const answers = await client.postOrders([
		{ order: await make(0.03), orderType: OrderType.GTC },
		{ order: await make(0.04), orderType: OrderType.GTC },
	]);
	check('batch: two orders rest', answers.length === 2 && answers.every((a) => a.status === 'live'), answers);
	const some = await client.cancelMarketOrders({ market: market.condition, asset_id: market.down });
	check('batch: cancelled by market', some.canceled?.length === 2, some);
	await client.postOrder(await make(0.05), OrderType.GTC);
	const all = await client.cancelAll();
	check('batch: cancel all', all.canceled?.length === 1, all);
	const beat = await client.postHeartbeat();
	const next = await client.postHeartbeat(beat.heartbeat_id);
	const wrong = await client.postHeartbeat('00000000-0000-4000-8000-000000000000');
	check('heartbeat: each names the next', Boolean(beat.heartbeat_id) && Boolean(next.heartbeat_id) &&
		wrong.error === 'Invalid Heartbeat ID' && wrong.heartbeat_id === next.heartbeat_id, wrong);
}

async function proveStreams(client, market, creds) {
	const feed = new Stream(endpoints.ws_market, { assets_ids: [market.up, market.down], type: 'market', custom_feature_enabled: true });
	const book = await feed.find((f) => f.event_type === 'book' && f.asset_id === market.up);
	check('market stream: a book on subscription', book.bids.length > 0 && book.market === market.condition);
	feed.socket.send('PING');
	await until('PONG', () => feed.texts.includes('PONG'));
	check('market stream: PING is answered by PONG', true);
	const order = await client.createOrder({ tokenID: market.up, price: 0.03, size: 7, side: Side.BUY });
	await client.postOrder(order, OrderType.GTC);
	const change = (side, token, price, size) => (f) => f.event_type === 'price_change' &&
		f.price_changes.some((c) => c.asset_id === token && c.side === side && c.price === price && c.size === size && c.best_bid && c.best_ask);
	await feed.find(change('BUY', market.up, '0.03', '7'));
	check('market stream: a new level is told', true);
	await feed.find(change('SELL', market.down, '0.97', '7'));
	check('market stream: and its mirror in the other token', true);
	await client.cancelAll();
	await feed.find(change('BUY', market.up, '0.03', '0'));
	check('market stream: a level that is gone has size 0', true);
	feed.socket.close();

	const prices = new Stream(endpoints.rtds, { action: 'subscribe', subscriptions: [
		{ topic: 'crypto_prices_chainlink', type: 'update', filters: '{"symbol":"btc/usd"}' },
		{ topic: 'crypto_prices_twap_sixty', type: 'update', filters: '{"symbol":"btc/usd"}' },
	] });
	const tick = await prices.find((f) => f.type === 'update' && f.topic === 'crypto_prices_chainlink');
	check('price stream: a tick of a whole second at 18 decimals',
		tick.payload.symbol === 'btc/usd' && tick.payload.timestamp % 1000 === 0 &&
		Math.abs(Number(BigInt(tick.payload.full_accuracy_value) / 10n ** 12n) / 1e6 - tick.payload.value) < 0.001, tick);
	check('price stream: the history of the spot topic is mislabelled, as live', prices.frames.some((f) => f.type === 'subscribe' && f.topic === 'crypto_prices'));
	prices.socket.close();

	const stranger = new Stream(endpoints.ws_user, { auth: { apiKey: creds.key, secret: 'x', passphrase: 'y' }, type: 'user' });
	await stranger.closed;
	check('user stream: wrong credentials are hung up on', true);
}

async function main() {
	const account = privateKeyToAccount(`0x${randomBytes(32).toString('hex')}`);
	const market = await chooseMarket();
	const creds = await proveKeys(account);
	const client = clientFor(account, creds);
	const user = new Stream(endpoints.ws_user, {
		auth: { apiKey: creds.key, secret: creds.secret, passphrase: creds.passphrase }, type: 'user', markets: [market.condition],
	});
	await new Promise((resolve) => user.socket.on('open', resolve));
	const best = await provePublic(client, market);
	await proveTaking(client, market, user);
	await proveResting(client, market, user);
	await proveRefusals(client, market, best);
	await proveBatches(client, market);
	await proveStreams(client, market, creds);
	await proveFaults(client, market, user);
	user.socket.close();
	const stats = await (await fetch(`${endpoints.clob}/sim/stats`)).json();
	check('the books of the simulator add up', stats.audit === 'ok', stats.audit);
}

try {
	await main();
} catch (error) {
	check(error.stack, false);
}
finish();
