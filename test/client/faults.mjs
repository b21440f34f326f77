// The fault plan does what it says, and hostile input does nothing.

import { connect } from 'node:net';
import { OrderType, Side } from '@polymarket/clob-client-v2';
import WebSocket from 'ws';
import { Stream, check, endpoints, until } from './lib.mjs';

const base = endpoints.clob;
const { hostname, port } = new URL(base);

async function plan(...rules) {
	const answer = await fetch(`${base}/sim/faults`, { method: 'POST', body: JSON.stringify(rules) });
	if (!answer.ok) {
		throw new Error(`fault plan refused: ${await answer.text()}`);
	}
}

const onOrder = { method: 'POST', path: '/order' };

// An order signed but not sent; one that rests, far from the market.
function prepare(client, market) {
	return client.createOrder({ tokenID: market.up, price: 0.02, size: 10, side: Side.BUY });
}

function buy(client, market) {
	return client.createAndPostMarketOrder({ tokenID: market.up, amount: 2, side: Side.BUY }, undefined, OrderType.FAK);
}

async function proveRequests(client, market) {
	await plan({ match: { path: '/time', times: 1 }, do: 'delay', ms: 400 });
	const begun = Date.now();
	await client.getServerTime();
	check('fault delay: the answer waits', Date.now() - begun >= 390);

	await plan({ match: { path: '/time' }, do: 'wrong_clock', seconds: 3600 });
	check('fault wrong_clock: an hour ahead', Math.abs((await client.getServerTime()) - Date.now() / 1000 - 3600) < 5);

	await plan({ match: { ...onOrder, times: 1 }, do: 'status', status: 429, retry_after: 3, body: { error: 'Too Many Requests' } });
	const limited = await client.postOrder(await prepare(client, market));
	check('fault status: 429 before acting places nothing', limited.status === 429 && (await client.getOpenOrders()).length === 0, limited);

	await plan({ match: onOrder, do: 'status', status: 503, when: 'after' });
	const order = await prepare(client, market);
	const failed = await client.postOrder(order);
	await plan();
	const resting = await client.getOpenOrders();
	// This client sends a 5xx again by itself; the second time it is a duplicate behind a 503.
	check('fault status: 503 after acting, the order rests all the same', failed.status === 503 && resting.length === 1, failed);
	const again = await client.postOrder(order);
	check('fault status: and the same bytes are a duplicate', /Duplicated/.test(again.error ?? ''), again);
	await client.cancelAll();

	await plan({ match: { path: '/version' }, do: 'answer', status: 200, body: { error: 'internal' } });
	const inside = await (await fetch(`${base}/version`)).json();
	check('fault answer: a 200 with an error inside', inside.error === 'internal');

	await plan({ match: { path: '/ok' }, do: 'disconnect' });
	const gone = await fetch(`${base}/ok`).then(() => 'answered', () => 'hung up');
	check('fault disconnect: the connection ends without an answer', gone === 'hung up');

	await plan({ match: { path: '/ok' }, do: 'drop_answer' });
	const silent = await fetch(`${base}/ok`, { signal: AbortSignal.timeout(300) }).then(() => 'answered', (error) => error.name);
	check('fault drop_answer: nothing comes', silent === 'TimeoutError', silent);

	const refused = await fetch(`${base}/sim/faults`, { method: 'POST', body: '[{"do":"dealy"}]' });
	check('fault plan: a misspelt one is refused', refused.status === 400);
	await plan();
}

async function proveFills(client, market, user) {
	const fills = (id, status) => user.frames.filter((f) => f.event_type === 'trade' && f.taker_order_id === id && f.status === status);

	await plan({ match: onOrder, do: 'partial_fill', fraction: 0.5 });
	const half = await buy(client, market);
	check('fault partial_fill: half of it', half.status === 'matched' && Number(half.makingAmount) > 0.8 && Number(half.makingAmount) < 1.2, half);

	await plan({ match: { stream: 'user', event: 'trade' }, do: 'duplicate_fill' });
	const twice = await buy(client, market);
	await until('confirmation', () => fills(twice.orderID, 'CONFIRMED').length > 1);
	check('fault duplicate_fill: every fill message twice', fills(twice.orderID, 'MATCHED').length === 2 * twice.tradeIDs.length);

	await plan({ do: 'drop_fill' });
	const unheard = await buy(client, market);
	await until('the trade', async () => (await client.getTrades({ asset_id: market.up })).some((t) => t.taker_order_id === unheard.orderID && t.status === 'CONFIRMED'));
	check('fault drop_fill: the stream says nothing, the trades know it', fills(unheard.orderID, 'MATCHED').length === 0);

	await plan({ do: 'fail_fill' });
	const cash = async () => BigInt((await client.getBalanceAllowance({ asset_type: 'COLLATERAL' })).balance);
	const before = await cash();
	const undone = await buy(client, market);
	await plan();
	await until('failure', () => fills(undone.orderID, 'FAILED').length > 0);
	check('fault fail_fill: RETRYING, then FAILED, and the money is back', fills(undone.orderID, 'RETRYING').length > 0 && (await cash()) === before);

	await plan({ do: 'fill_before_ack', ms: 500 });
	const posting = buy(client, market);
	const known = user.frames.length;
	await until('the fill', () => user.frames.slice(known).some((f) => f.event_type === 'trade'));
	const heard = Date.now();
	await posting;
	check('fault fill_before_ack: the fill is first', Date.now() - heard > 200);
	await plan();
}

async function proveFrames(client, market) {
	await plan({ match: { stream: 'market', event: 'book', nth: 1 }, do: 'truncated_frame', fraction: 0.5 },
		{ match: { stream: 'market', event: 'price_change', nth: 1 }, do: 'garbage_frame' });
	const feed = new Stream(endpoints.ws_market, { assets_ids: [market.up], type: 'market' });
	await until('half a book', () => feed.texts.length === 1);
	check('fault truncated_frame: half a book', feed.texts[0].startsWith('[{"market"'));
	await client.postOrder(await prepare(client, market));
	await until('garbage', () => feed.texts.length === 2);
	check('fault garbage_frame: no JSON', true);
	await client.cancelAll();

	await plan({ match: { stream: 'market', event: 'price_change', times: 1 }, do: 'stale_book', ms: 700 });
	const begun = Date.now();
	const known = feed.frames.length;
	await client.postOrder(await prepare(client, market));
	await client.cancelAll();
	await client.postOrder(await prepare(client, market));
	await new Promise((resolve) => setTimeout(resolve, 300));
	check('fault stale_book: the book stands still', feed.frames.length === known);
	await new Promise((resolve) => setTimeout(resolve, 600));
	await client.cancelAll();
	await until('the book again', () => feed.frames.length > known);
	check('fault stale_book: and moves again', Date.now() - begun >= 700);

	await plan({ match: { stream: 'market', times: 1 }, do: 'disconnect' });
	await client.postOrder(await prepare(client, market));
	await feed.closed;
	check('fault disconnect: of a stream', true);
	await plan();
	await client.cancelAll();
}

// Raw bytes to the server; what it answers until it hangs up or falls silent.
function raw(bytes) {
	return new Promise((resolve) => {
		const socket = connect(Number(port), hostname);
		let text = '';
		socket.on('data', (data) => { text += data; });
		socket.on('close', () => resolve(text));
		socket.on('error', () => resolve(text));
		socket.setTimeout(400, () => { socket.destroy(); });
		socket.write(bytes);
	});
}

async function proveHostile(client, market) {
	const bodies = ['', '{', 'null', '[]', '{"order":{}}', '{"order":[]}', `{"order":${'['.repeat(5000)}`, '{"order":{"salt":1e400}}', '\u0000', '"x"'];
	let codes = '';
	for (const body of bodies) {
		codes += `${(await fetch(`${base}/order`, { method: 'POST', body })).status} `;
	}
	check('hostile: unsigned bodies are 401', codes === '401 '.repeat(bodies.length), codes);
	const order = await prepare(client, market);
	const bad = [{ salt: -1 }, { salt: 'x' }, { makerAmount: '1.5' }, { makerAmount: '9'.repeat(80) }, { tokenId: '-1' }, { side: 'HOLD' },
		{ signatureType: 9 }, { expiration: 'soon' }, { signature: '0x00' }, { signature: `0x${'f'.repeat(700)}` }, { metadata: '0x1' }, { maker: '0x1' }];
	let refused = 0;
	for (const change of bad) {
		const answer = await client.postOrder({ ...order, ...change });
		refused += answer.status === 400 ? 1 : 0;
	}
	check('hostile: signed orders with broken fields are 400', refused === bad.length, { refused, of: bad.length });
	check('hostile: an unknown path is 404', (await fetch(`${base}/no/such/path`)).status === 404);
	check('hostile: an unknown token is 404', (await fetch(`${base}/book?token_id=${'9'.repeat(500)}`)).status === 404);
	const large = await fetch(`${base}/books`, { method: 'POST', body: 'x'.repeat(600 * 1024) }).then((a) => a.status, () => 413);
	check('hostile: a body too large is 413', large === 413, large);
	const many = await fetch(`${base}/books`, { method: 'POST', body: JSON.stringify(Array(501).fill({ token_id: '1' })) });
	check('hostile: 501 books are 400', many.status === 400);
	const chunked = await raw(`POST /books HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`);
	check('hostile: a body without a length is refused', /^HTTP\/1.1 411/.test(chunked), chunked.slice(0, 40));
	await raw('\u0000\u0001\u0002\r\n\r\n');
	await raw(`GET /${'a'.repeat(20000)} HTTP/1.1\r\n\r\n`);
	await raw(`GET /time HTTP/1.1\r\n${'X-Junk: y\r\n'.repeat(2000)}\r\n`);
	await raw('POST /order HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n{');
	await raw('POST /order HTTP/1.1\r\nContent-Length: -5\r\n\r\n{');

	const feed = new Stream(endpoints.ws_market, { assets_ids: ['nonsense', 5, null, market.up], type: 'market' });
	await feed.find((f) => f.event_type === 'book');
	for (const text of ['{', '[]', 'null', '{"operation":7}', '{"operation":"barrier","seq":-1}', '{"assets_ids":{}}', '['.repeat(3000)]) {
		feed.socket.send(text);
	}
	feed.socket.send('PING');
	await until('PONG', () => feed.texts.includes('PONG'));
	check('hostile: nonsense on a stream is ignored', true);
	feed.socket.send('x'.repeat(300 * 1024));
	await feed.closed;
	check('hostile: a message too large ends the stream', true);
	const lost = new WebSocket(`${endpoints.ws_market}/elsewhere`);
	await new Promise((resolve) => { lost.on('error', resolve); lost.on('close', resolve); });
	check('hostile: an unknown stream is refused', lost.readyState !== WebSocket.OPEN);
	check('hostile: the simulator is still there', (await fetch(`${base}/ok`)).ok);
}

export async function proveFaults(client, market, user) {
	await proveRequests(client, market);
	await proveFills(client, market, user);
	await proveFrames(client, market);
	await proveHostile(client, market);
}
