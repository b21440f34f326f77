// What the proofs share: checks, clients, streams and exact decimals.

import { readFileSync } from 'node:fs';
import { ClobClient } from '@polymarket/clob-client-v2';
import { createWalletClient, http } from 'viem';
import { polygon } from 'viem/chains';
import WebSocket from 'ws';

export const MICRO = 1_000_000n;
const WAIT_MS = 8000;

const ready = JSON.parse(readFileSync(process.argv[2], 'utf8'));
export const { endpoints } = ready;
let passed = 0;
let failed = 0;

export function check(name, condition, detail) {
	if (condition) {
		passed++;
		console.log(`ok ${passed + failed} - ${name}`);
	} else {
		failed++;
		console.log(`not ok ${passed + failed} - ${name}${detail === undefined ? '' : ` (${JSON.stringify(detail)})`}`);
	}
}

export function clientFor(account, creds) {
	const signer = createWalletClient({ account, chain: polygon, transport: http(endpoints.clob) });
	return new ClobClient({ host: endpoints.clob, chain: 137, signer, creds });
}

// Decimal text to an integer of 10^-scale, exactly.
export function units(text, scale) {
	const [whole, fraction = ''] = String(text).split('.');
	return BigInt(whole + fraction.padEnd(scale, '0').slice(0, scale));
}

// The venue's fee: shares * 0.07 * p * (1 - p), floored to five decimals.
export function takerFee(shares, price) {
	const p = units(price, 4);
	return (shares * 70000n * p * (10000n - p)) / 10n ** 15n * 10n;
}

export async function until(what, condition) {
	const deadline = Date.now() + WAIT_MS;
	while (Date.now() < deadline) {
		const value = await condition();
		if (value) {
			return value;
		}
		await new Promise((resolve) => setTimeout(resolve, 50));
	}
	throw new Error(`${what}: nothing came within ${WAIT_MS} ms`);
}

export class Stream {
	constructor(url, hello) {
		this.frames = [];
		this.texts = [];
		this.socket = new WebSocket(url);
		this.closed = new Promise((resolve) => this.socket.on('close', resolve));
		this.socket.on('open', () => this.socket.send(JSON.stringify(hello)));
		this.socket.on('error', (error) => this.texts.push(`error ${error.message}`));
		this.socket.on('message', (data) => {
			const text = data.toString();
			try {
				this.frames.push(...[JSON.parse(text)].flat());
			} catch {
				this.texts.push(text);
			}
		});
	}

	find(condition) {
		return until('a frame', () => this.frames.find(condition));
	}
}


export function finish() {
	console.log(`${passed} passed, ${failed} failed`);
	process.exit(failed === 0 ? 0 : 1);
}
