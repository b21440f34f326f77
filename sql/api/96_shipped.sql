/* What a new installation starts with; a restore brings its own rows. */
INSERT INTO arbees.underlyings (underlying, description)
SELECT u.underlying, u.description
FROM (VALUES
	('BTC', 'Bitcoin in US dollars'),
	('ETH', 'Ether in US dollars'),
	('SOL', 'Solana in US dollars'),
	('XRP', 'XRP in US dollars')
) AS u (underlying, description)
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off'
ON CONFLICT DO NOTHING;

INSERT INTO arbees.venues (name, is_simulator, clock_driven, derives_order_id, chain_id, endpoints)
SELECT 'polymarket', false, false, true, 137, '{
	"clob": "https://clob.polymarket.com",
	"gamma": "https://gamma-api.polymarket.com",
	"ws_market": "wss://ws-subscriptions-clob.polymarket.com/ws/market",
	"ws_user": "wss://ws-subscriptions-clob.polymarket.com/ws/user",
	"rtds": "wss://ws-live-data.polymarket.com",
	"geoblock": "https://polymarket.com/api/geoblock",
	"rpc": "https://polygon-rpc.com",
	"slugs": [
		{"prefix": "btc-updown-5m", "underlying": "BTC", "feed_symbol": "btc/usd", "feed_topic": "crypto_prices_twap_sixty", "seconds": 300},
		{"prefix": "btc-updown-15m", "underlying": "BTC", "feed_symbol": "btc/usd", "feed_topic": "crypto_prices_twap_sixty", "seconds": 900},
		{"prefix": "eth-updown-5m", "underlying": "ETH", "feed_symbol": "eth/usd", "feed_topic": "crypto_prices_twap_sixty", "seconds": 300},
		{"prefix": "eth-updown-15m", "underlying": "ETH", "feed_symbol": "eth/usd", "feed_topic": "crypto_prices_twap_sixty", "seconds": 900}
	]}'
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off'
ON CONFLICT DO NOTHING;

/* Five dollars a window's share, whatever the desk allows elsewhere. */
INSERT INTO arbees.risk_limits (scope, name, key, value, reason)
SELECT 'venue', 'polymarket', 'max_position_usd', '5', 'shipped'
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off'
ON CONFLICT DO NOTHING;

SELECT arbees.begin_safety()
WHERE coalesce(current_setting('arbees.maintenance', true), 'off') = 'off'
	AND NOT EXISTS (SELECT FROM arbees.kill_levels);
