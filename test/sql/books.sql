\set ECHO none
\getenv dir PG_ABS_SRCDIR
\set desk :dir '/sql/desk.inc'
\i :desk
-- The book of a portfolio, by scope, against positions, orders and the whole ledger, after every kind of event.
SELECT arbees_set('max_position_usd', '100', 'test');
CREATE FUNCTION desk.wrong(portfolio text DEFAULT 'paper') RETURNS TABLE (scope text, fact text, book numeric, tables numeric)
LANGUAGE sql AS $$ SELECT scope, fact, book, tables FROM arbees.check_book(desk.portfolio($1)) $$;
CREATE FUNCTION desk.fact(scope text, fact text, portfolio text DEFAULT 'paper') RETURNS numeric
LANGUAGE sql AS $$ SELECT sum(f.value) FROM arbees.book_facts(desk.portfolio($3)) f WHERE f.scope = $1 AND f.fact = $2 $$;
SELECT * FROM desk.wrong();
SELECT fact, value FROM arbees.book_facts(desk.portfolio('paper'));
-- An entry that rests, in both directions of a window.
SELECT FROM desk.quote('PAPER', 1, 'w.up', 0.48, 0.50);
SELECT FROM desk.quote('PAPER', 1, 'w.down', 0.48, 0.50);
SELECT desk.try(desk.signal('{"key": "1", "amount_kind": "base", "amount": 10, "limit_price": 0.45, "time_in_force": "GTC", "stop_loss_pct": 10}'));
SELECT desk.try(desk.signal('{"key": "2", "symbol": "w.down", "amount_kind": "base", "amount": 20, "limit_price": 0.40, "time_in_force": "GTC", "stop_loss_pct": 50}'), 'paper', 'silent2');
SELECT * FROM desk.wrong();
SELECT scope, fact, value FROM arbees.book_facts(desk.portfolio('paper')) WHERE scope <> 'instrument' ORDER BY 1, 2, 3;
