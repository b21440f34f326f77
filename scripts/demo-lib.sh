# scripts/demo-lib.sh
#	The parts of the demo: starting it, following it, closing the books.
#
# Sourced after lib.sh by scripts/demo. Amounts are compared by PostgreSQL as
# numeric, never by the shell.

VENUE=simulator
ACCOUNT=demo-wallet
PAPER_BOOK=demo-paper
LIVE_BOOK=demo-live
STRATEGY=always_trade_canary

find_recording() {
	local windows ticks
	[ -d "$REPLAY" ] || die "REPLAY=$REPLAY is not a folder"
	windows=$(find "$REPLAY" -maxdepth 1 -name 'btc_5m_markets_*.csv.gz')
	ticks=$(find "$REPLAY" -maxdepth 1 -name 'chainlink_btcusd_ticks_*.csv.gz')
	[ -n "$windows" ] && [ "$(echo "$windows" | wc -l)" = 1 ] &&
		[ -n "$ticks" ] && [ "$(echo "$ticks" | wc -l)" = 1 ] ||
		die "$REPLAY must hold one btc_5m_markets_*.csv.gz and one chainlink_btcusd_ticks_*.csv.gz"
	REPLAY_WINDOWS=$windows
	REPLAY_TICKS=$ticks
}

start_demo_server() {
	server_init "$DEMO"
	as_server tee -a "$DEMO/data/postgresql.conf" >/dev/null <<CONF
shared_preload_libraries = 'arbees'
arbees.database = 'arbees'
CONF
	server_start "$DEMO"
	sql 'CREATE DATABASE arbees' -d postgres
	sql 'CREATE EXTENSION arbees'
	sql "CREATE ROLE demo_worker LOGIN IN ROLE arbees_worker"
	# It runs already or will in a moment; this waits for its first tick.
	sql 'SELECT arbees_start()' >/dev/null
}

start_demo_sim() {
	local i arguments=(--listen 127.0.0.1:0 --ready-file "$DEMO/sim-ready" --seed "$SEED"
		--balance "$BALANCE" --die-with-parent)
	if [ -n "$REPLAY" ]; then
		# The recording may lie where the server's user cannot read.
		install -m 0644 "$REPLAY_WINDOWS" "$DEMO/windows.csv.gz"
		install -m 0644 "$REPLAY_TICKS" "$DEMO/ticks.csv.gz"
		arguments+=(--replay-windows "$DEMO/windows.csv.gz" --replay-ticks "$DEMO/ticks.csv.gz"
			--speed "$SPEED" --report "$DEMO/sim-report.json")
	else
		arguments+=(--window "${SIM_WINDOW:-${LENGTH}s}")
	fi
	arguments+=(${SIM_EXTRA:-})
	spawn "$DEMO/sim.log" TERM "$PGBIN/arbees-sim" "${arguments[@]}"
	SIM_PID=$SPAWNED
	for ((i = 0; i < 400; i++)); do
		[ ! -s "$DEMO/sim-ready" ] || break
		kill -0 "$SIM_PID" 2>/dev/null || { cat "$DEMO/sim.log" >&2; die 'the simulator did not start'; }
		sleep 0.05
	done
	[ -s "$DEMO/sim-ready" ] || die 'the simulator did not say where it listens'
	SIM_PORT=$(json port <"$DEMO/sim-ready")
	SIM_ENDPOINTS=$(json endpoints <"$DEMO/sim-ready")
}

# json KEY: one member of the object on standard input; strings bare, the rest as JSON.
json() {
	perl -MJSON::PP -e '
		my $json = JSON::PP->new->canonical->allow_bignum->allow_nonref;
		my $v = $json->decode(join "", <STDIN>)->{$ARGV[0]};
		print defined $v && !ref $v ? $v : $json->encode($v), "\n"' "$1"
}

# sim METHOD PATH [BODY]: asks the simulator's own endpoints.
sim() {
	perl -MHTTP::Tiny -e '
		my ($port, $method, $path, $body) = @ARGV;
		my %o = defined $body ? (content => $body, headers => {"content-type" => "application/json"}) : ();
		my $r = HTTP::Tiny->new(timeout => 10, proxy => undef, http_proxy => undef)
			->request($method, "http://127.0.0.1:$port$path", \%o);
		die "simulator: $r->{status} $r->{content}\n" unless $r->{success};
		print $r->{content}, "\n"' "$SIM_PORT" "$@"
}

set_up_desk() {
	local driven=${DRIVEN:-false} canary=${CANARY:-}
	# Windows of 20 seconds are too short for the strategy's own 60 seconds.
	if [ -n "$REPLAY" ]; then
		driven=true
		canary='{}'
	elif [ -z "$canary" ]; then
		canary='{"seconds_before_close": 8}'
	fi
	ADDRESS=$(as_server "$PGBIN/arbees-keygen" "$DEMO/keys.json")
	sql "SELECT arbees_create_venue('$VENUE', true, $driven, \$json\$$SIM_ENDPOINTS\$json\$, 137);
		SELECT arbees_create_account('$ACCOUNT', '$VENUE', '$ADDRESS', 0, $BALANCE);
		SELECT arbees_create_portfolio('$PAPER_BOOK', 'PAPER', '$VENUE', NULL);
		SELECT arbees_deposit('$PAPER_BOOK', $BALANCE, 'as much as the venue gives a new wallet');
		SELECT arbees_create_portfolio('$LIVE_BOOK', 'LIVE', '$VENUE', '$ACCOUNT');
		SELECT arbees_arm('$LIVE_BOOK', 'demo: the venue is a simulator, the money is play money');
		SELECT arbees_deploy('$STRATEGY', '$PAPER_BOOK', '$canary');
		SELECT arbees_deploy('$STRATEGY', '$LIVE_BOOK', '$canary')" >/dev/null
}

start_demo_worker() {
	local command
	command="$PGBIN/arbees-worker --db 'host=$PGHOST port=$PGPORT user=demo_worker dbname=arbees'"
	command+=" --venue $VENUE --account $ACCOUNT --roles feed,trade --keys $DEMO/keys.json"
	command+=" --name demo-worker --die-with-parent ${WORKER_EXTRA:-}"
	sql "ALTER SYSTEM SET arbees.worker_command = \$command\$$command\$command\$"
	sql 'SELECT pg_reload_conf()' >/dev/null
}

connect_hint() {
	local as=
	[ "$(id -u)" != 0 ] || as=' (as root)'
	echo "  $PGBIN/psql -h $PGHOST -U postgres arbees$as"
}

show_start() {
	say 'running; look inside with'
	connect_hint
	echo "  stop trading now:  SELECT arbees_kill('flatten');"
	echo
}

# ask is sql that waits while the server restarts itself: killing a backend or
# the conductor with -9 is part of what the demo lets people try.
ask() {
	local i status=0
	for ((i = 0; i < 80; i++)); do
		status=0
		sql "$@" >"$DEMO.answer" 2>"$DEMO.error" || status=$?
		# 2: psql could not connect, or lost the connection.
		[ "$status" = 2 ] || break
		sleep 0.25
	done
	if [ "$status" = 0 ]; then
		cat "$DEMO.answer"
	else
		cat "$DEMO.error" >&2
	fi
	rm -f "$DEMO.answer" "$DEMO.error"
	return "$status"
}

#
# Following: what is new since the last look, in the words of a trader. Each
# line has a key; a key seen before is not printed again.
#
events() {
	ask "
WITH event (at, key, line) AS (
	SELECT w.opens_at, 'w' || w.window_id || 'open', format('%-6s %s opens', '', w.slug)
	FROM arbees.windows w WHERE w.state <> 'SCHEDULED' AND w.closes_at > $SINCE
	UNION ALL
	SELECT w.resolved_at, 'w' || w.window_id || 'resolved',
		format('%-6s %s resolves %s  (%s -> %s)', '', w.slug, w.venue_outcome,
			coalesce(round(coalesce(w.venue_open_price, w.open_price), 2)::text, '?'),
			coalesce(round(coalesce(w.venue_close_price, w.close_price), 2)::text, '?'))
	FROM arbees.windows w WHERE w.venue_outcome IS NOT NULL AND w.closes_at > $SINCE
	UNION ALL
	SELECT d.decided_at, 'd' || d.decision_id,
		format('%-6s decision %s: %s %s %s%s', d.mode, d.decision_id, d.purpose, i.name, d.verdict,
			coalesce(' (' || d.reason || ')', ''))
	FROM arbees.decisions d JOIN arbees.instruments i USING (instrument_id)
	WHERE d.decided_at > $SINCE AND d.mode IN ('PAPER', 'LIVE')
	UNION ALL
	SELECT coalesce(o.finished_at, o.acknowledged_at, o.claimed_at, o.created_at), 'o' || o.order_id || o.state,
		format('%-6s order %s: %s %s %s limit %s  %s', o.mode, o.order_id, o.side,
			CASE o.amount_kind WHEN 'money' THEN '\$' || trim_scale(o.amount) ELSE trim_scale(o.amount)::text END,
			i.name, trim_scale(o.limit_price), o.state)
	FROM arbees.orders o JOIN arbees.instruments i USING (instrument_id)
	WHERE o.created_at > $SINCE AND o.mode IN ('PAPER', 'LIVE')
	UNION ALL
	SELECT f.booked_at, 'f' || f.fill_id,
		format('%-6s fill of order %s: %s at %s, fee %s', f.mode, f.order_id, trim_scale(f.qty),
			trim_scale(f.price), trim_scale(f.fee))
	FROM arbees.fills f WHERE f.booked_at > $SINCE AND f.mode IN ('PAPER', 'LIVE')
	UNION ALL
	SELECT l.entered_at, 'l' || l.portfolio_id || '.' || l.seq,
		format('%-6s %s: cash %s, claimable %s; running P&L %s', l.mode,
			CASE l.kind WHEN 'SETTLE' THEN 'settled' ELSE 'redeemed' END,
			trim_scale(l.cash), trim_scale(l.claimable), trim_scale(l.realized_pnl))
	FROM arbees.portfolio_ledger l
	WHERE l.kind IN ('SETTLE', 'REDEEM') AND l.entered_at > $SINCE AND l.mode IN ('PAPER', 'LIVE')
)
SELECT key, to_char(at, 'HH24:MI:SS'), line FROM event ORDER BY at, key"
}

# Nobody stopped trading before the windows asked for were traded.
MUST_HAVE_TRADED=false

declare -A SEEN=()
SINCE="clock_timestamp() - interval '15 minutes'"

show_events() {
	local key at line
	while IFS='|' read -r key at line; do
		[ -n "$key" ] && [ -z "${SEEN[$key]:-}" ] || continue
		SEEN[$key]=1
		printf '%s  %s\n' "$at" "$line"
	done < <(events)
}

components_live() {
	kill -0 "$SERVER_PID" 2>/dev/null || { tail -n 20 "$DEMO/log" >&2; die 'the server is gone'; }
	kill -0 "$SIM_PID" 2>/dev/null || [ -n "${SIM_MAY_END:-}" ] ||
		{ tail -n 20 "$DEMO/sim.log" >&2; die 'the simulator is gone'; }
}

# The wallet's owner collects what the venue owes; no relayer does it for him.
redeem() {
	local owed
	owed=$(ask "SELECT coalesce((SELECT claimable > 0 FROM arbees.portfolio_ledger
		JOIN arbees.portfolios USING (portfolio_id, mode)
		WHERE name = '$LIVE_BOOK' ORDER BY seq DESC LIMIT 1), false)")
	[ "$owed" = t ] || return 0
	sim POST /sim/redeem "{\"address\":\"$ADDRESS\"}" >/dev/null
}

# Windows that both books have traded.
traded_windows() {
	ask "SELECT count(*) FROM (
		SELECT window_id FROM arbees.orders JOIN arbees.portfolios USING (portfolio_id)
		WHERE filled_qty > 0 AND purpose = 'ENTRY' AND name IN ('$PAPER_BOOK', '$LIVE_BOOK')
		GROUP BY window_id HAVING count(DISTINCT portfolio_id) = 2) traded"
}

follow_windows() {
	local deadline next_redeem=0 traded=0
	# A window may be denied or missed; more than a few are a failure.
	deadline=$((SECONDS + (WINDOWS + 4) * LENGTH + 60))
	if [ "$WINDOWS" = 0 ]; then
		say 'trading until Ctrl-C'
		# From here on Ctrl-C ends the trading, not the demo; a second one ends it.
		trap 'INTERRUPTED=1; trap "exit 130" INT' INT
	fi
	while [ -z "$INTERRUPTED" ]; do
		components_live
		show_events
		if [ "$(kill_level)" != none ]; then
			say "trading was stopped ($(kill_level)); closing the books"
			return
		fi
		if ((SECONDS >= next_redeem)); then
			redeem
			next_redeem=$((SECONDS + 3))
		fi
		if [ "$WINDOWS" != 0 ]; then
			traded=$(traded_windows)
			if ((traded >= WINDOWS)); then
				MUST_HAVE_TRADED=true
				return
			fi
			if ((SECONDS >= deadline)); then
				show_trouble
				die "only $traded of $WINDOWS windows were traded in both books within the time"
			fi
		fi
		sleep "$POLL_SECONDS" || true
	done
}

kill_level() {
	ask 'SELECT level FROM arbees.kill_switch'
}

show_trouble() {
	{
		ask 'SELECT * FROM arbees_status()' -x || true
		ask "SELECT raised_at, severity, kind, message FROM arbees.alerts ORDER BY alert_id DESC LIMIT 10" || true
		tail -n 15 "$DEMO/log" "$DEMO/sim.log"
	} >&2
}

follow_replay() {
	local total=0 done_before=-1 done_now next_redeem=0 started=$SECONDS
	SIM_MAY_END=1
	MUST_HAVE_TRADED=true
	total=$(zcat "$REPLAY_WINDOWS" | wc -l)
	say "replaying $((total - 1)) windows"
	while [ ! -s "$DEMO/sim-report.json" ]; do
		components_live
		kill -0 "$SIM_PID" 2>/dev/null || [ -s "$DEMO/sim-report.json" ] || {
			tail -n 20 "$DEMO/sim.log" >&2
			die 'the simulator ended before the recording did'
		}
		if ((SECONDS >= next_redeem)); then
			redeem
			done_now=$(ask 'SELECT count(*) FROM arbees.windows WHERE venue_outcome IS NOT NULL')
			if [ "$done_now" != "$done_before" ]; then
				printf '%5d s  %s windows resolved; P&L %s\n' $((SECONDS - started)) "$done_now" "$(running_pnl)"
				done_before=$done_now
			fi
			next_redeem=$((SECONDS + 5))
		fi
		sleep "$POLL_SECONDS"
	done
}

running_pnl() {
	ask "SELECT string_agg(format('%s %s', mode, trim_scale(realized_pnl)), ', ' ORDER BY mode DESC) FROM (
		SELECT DISTINCT ON (portfolio_id) mode, realized_pnl FROM arbees.portfolio_ledger
		WHERE mode IN ('PAPER', 'LIVE') ORDER BY portfolio_id, seq DESC) last"
}

# No entries any more; what is held is settled by its window and then redeemed.
settle_everything() {
	local i left
	# Whoever stopped trading before us chose his level; it stays.
	if [ "$(kill_level)" = none ]; then
		ask "SELECT arbees_kill('pause', 'demo: all windows are traded')" >/dev/null
		say 'entries paused; waiting for the last windows to settle'
	fi
	for ((i = 0; i < (LENGTH + 60) * 2; i++)); do
		[ -n "$REPLAY" ] || show_events
		[ -n "$REPLAY" ] && [ $((i % 10)) != 0 ] || redeem
		left=$(left_open)
		if [ "$left" = 0 ]; then
			[ -n "$REPLAY" ] || show_events
			return 0
		fi
		sleep 0.5 || true
	done
	say 'something stayed open'
}

# Orders still working, positions not closed, winnings of LIVE not yet paid.
left_open() {
	ask "SELECT (SELECT count(*) FROM arbees.orders WHERE finished_at IS NULL AND mode IN ('PAPER', 'LIVE'))
		+ (SELECT count(*) FROM arbees.positions WHERE state <> 'CLOSED' AND mode IN ('PAPER', 'LIVE'))
		+ (SELECT count(*) FROM (SELECT DISTINCT ON (portfolio_id) claimable, reserved, mode FROM arbees.portfolio_ledger
			WHERE mode IN ('PAPER', 'LIVE') ORDER BY portfolio_id, seq DESC) last
			WHERE reserved <> 0 OR (mode = 'LIVE' AND claimable <> 0))"
}

#
# The closing account. The venue's numbers come from the venue, ours from the
# ledger and, a second time, from the fills and settlements alone.
#
report() {
	local venue_balance venue_claimable account status=0
	account=$(sim GET "/sim/account?address=$ADDRESS")
	venue_balance=$(json balance <<<"$account")
	venue_claimable=$(json claimable <<<"$account")

	echo
	say 'trades of both books, side by side'
	ask "
SELECT w.slug AS window, w.venue_outcome AS outcome,
	max(b.text) FILTER (WHERE b.mode = 'PAPER') AS paper, max(b.pnl) FILTER (WHERE b.mode = 'PAPER') AS paper_pnl,
	max(b.text) FILTER (WHERE b.mode = 'LIVE') AS live, max(b.pnl) FILTER (WHERE b.mode = 'LIVE') AS live_pnl
FROM (SELECT p.window_id, p.mode, trim_scale(sum(p.realized_pnl)) AS pnl,
		string_agg(format('%s %s at %s', trim_scale(p.entry_qty), i.outcome,
			round(p.entry_money / nullif(p.entry_qty, 0), 4)), ', ' ORDER BY p.position_id) AS text
	FROM arbees.positions p JOIN arbees.instruments i USING (instrument_id)
	WHERE p.mode IN ('PAPER', 'LIVE') AND p.entry_qty > 0 GROUP BY p.window_id, p.mode) b
JOIN arbees.windows w USING (window_id)
GROUP BY w.window_id ORDER BY w.opens_at $([ -z "$REPLAY" ] || echo 'DESC LIMIT 20')" \
		-P tuples_only=off -P format=aligned -P footer=off
	[ -z "$REPLAY" ] || { echo '(the last 20 windows)'; resolution_report || status=1; }

	echo
	say 'the books against the venue'
	ask "
WITH last AS (SELECT DISTINCT ON (portfolio_id) * FROM arbees.portfolio_ledger
	WHERE mode IN ('PAPER', 'LIVE') ORDER BY portfolio_id, seq DESC)
SELECT l.mode, trim_scale(l.deposits) AS deposits, trim_scale(l.cash) AS cash, trim_scale(l.claimable) AS claimable,
	trim_scale(l.fees) AS fees, trim_scale(l.cash + l.claimable - l.deposits) AS pnl,
	CASE l.mode WHEN 'LIVE' THEN trim_scale('$venue_balance'::numeric - $BALANCE + '$venue_claimable'::numeric) END
		AS venue_change
FROM last l ORDER BY l.mode DESC" -P tuples_only=off -P format=aligned -P footer=off

	echo
	say 'components'
	ask 'SELECT * FROM arbees_status()' -P tuples_only=off -P format=aligned -P expanded=on
	components
	echo
	verdicts "$venue_balance" "$venue_claimable" >"$DEMO.verdicts" || status=1
	cat "$DEMO.verdicts"
	if grep -q '^FAILED' "$DEMO.verdicts"; then
		status=1
	fi
	rm -f "$DEMO.verdicts"
	if [ "$status" = 0 ]; then
		say 'the books agree'
	else
		show_trouble
		say 'THE BOOKS DO NOT AGREE'
	fi
	return "$status"
}

# One line per component, out of arbees_health().
components() {
	local simulator=gone
	! kill -0 "$SIM_PID" 2>/dev/null || simulator=alive
	ask "
WITH h AS (SELECT arbees_health() AS j)
SELECT component, CASE WHEN well THEN 'alive' ELSE 'DOWN' END AS state, detail FROM (
	SELECT 1 AS n, 'server' AS component, true AS well, 'PostgreSQL ' || current_setting('server_version') AS detail
	UNION ALL SELECT 2, 'conductor', (j #>> '{conductor,alive}')::boolean, (j #>> '{conductor,ticks}') || ' ticks' FROM h
	UNION ALL SELECT 3, 'worker ' || (w ->> 'worker'), (w ->> 'alive')::boolean, 'pid ' || (w ->> 'pid') || ', ' || (w ->> 'roles')
		FROM h, jsonb_array_elements(j -> 'workers') w
	UNION ALL SELECT 4, 'trader of ' || (t ->> 'account'), (t ->> 'alive')::boolean, 'epoch ' || (t ->> 'epoch')
		FROM h, jsonb_array_elements(j -> 'traders') t
	UNION ALL SELECT 5, 'feed ' || (f ->> 'channel'), (f ->> 'connected')::boolean,
		format('%s messages, %s errors, %s reconnects', f ->> 'messages', f ->> 'errors', f ->> 'reconnects')
		FROM h, jsonb_array_elements(j -> 'feeds') f
	UNION ALL SELECT 6, 'journal', true, 'sealed through ' || coalesce(j #>> '{journal,through_id}', 'nothing yet') FROM h
	UNION ALL SELECT 7, 'simulator', '$simulator' = 'alive', 'port $SIM_PORT'
) c ORDER BY n, component" -P tuples_only=off -P format=aligned -P footer=off
}

# A close sells whole lots; what remains below one keeps its cost until its
# window resolves, which after a kill may come later than the last line here.
verdicts() {
	ask "
WITH last AS (SELECT DISTINCT ON (portfolio_id) * FROM arbees.portfolio_ledger
	WHERE mode IN ('PAPER', 'LIVE') ORDER BY portfolio_id, seq DESC),
trade AS (SELECT mode, sum(CASE side WHEN 'BUY' THEN -money ELSE money END - fee) AS change
	FROM arbees.fills WHERE mode IN ('PAPER', 'LIVE') AND settlement <> 'VOIDED' GROUP BY mode),
payout AS (SELECT mode, sum(settled_money) AS paid FROM arbees.positions
	WHERE mode IN ('PAPER', 'LIVE') GROUP BY mode),
own AS (SELECT l.*, l.cash + l.claimable - l.deposits AS pnl,
		coalesce(t.change, 0) + coalesce(p.paid, 0) AS pnl_of_fills
	FROM last l LEFT JOIN trade t USING (mode) LEFT JOIN payout p USING (mode))
SELECT CASE WHEN good THEN 'ok      ' ELSE 'FAILED  ' END || what FROM (
	SELECT 1 AS n, NOT $MUST_HAVE_TRADED OR (SELECT count(DISTINCT mode) = 2 FROM arbees.fills WHERE mode IN ('PAPER', 'LIVE')),
		'both books traded as much as was asked'
	UNION ALL
	SELECT 2, (SELECT pnl = '$1'::numeric - $BALANCE + '$2'::numeric FROM own WHERE mode = 'LIVE'),
		'LIVE: P&L equals the change of the venue''s balance plus claimable'
	UNION ALL
	SELECT 3, (SELECT cash = '$1'::numeric AND claimable = '$2'::numeric FROM own WHERE mode = 'LIVE'),
		'LIVE: cash and claimable are what the venue says'
	UNION ALL
	SELECT 4, (SELECT bool_and(pnl = pnl_of_fills AND pnl + cost_open = realized_pnl) FROM own WHERE mode = 'LIVE'),
		'LIVE: the ledger equals fills, fees and settlements'
	UNION ALL
	SELECT 5, (SELECT bool_and(pnl = pnl_of_fills AND pnl + cost_open = realized_pnl) FROM own WHERE mode = 'PAPER'),
		'PAPER: the ledger equals fills, fees and settlements'
	UNION ALL
	SELECT 6, $(left_open) = 0, 'nothing is left open'
	UNION ALL
	SELECT 7, NOT EXISTS (SELECT FROM arbees.orders WHERE mode = 'LIVE' AND venue_order_id IS NULL
			AND state NOT IN ('NEW', 'CANCELED', 'EXPIRED')), 'no venue order id is missing'
) AS v (n, good, what) ORDER BY n" | sed 's/^$/FAILED  a figure is missing/'
}

# Our resolution against the official one: equal wherever a tick carries the closing second.
resolution_report() {
	local bad
	echo
	say 'our resolution against the official outcome'
	ask "
SELECT CASE WHEN close_price_at = closes_at THEN 'tick at the closing second' ELSE 'no tick at the closing second' END AS windows,
	count(*) AS count, count(*) FILTER (WHERE our_outcome = venue_outcome) AS equal,
	count(*) FILTER (WHERE our_outcome <> venue_outcome) AS different,
	count(*) FILTER (WHERE our_outcome IS NULL OR venue_outcome IS NULL) AS unknown
FROM arbees.windows WHERE state <> 'SCHEDULED' GROUP BY 1 ORDER BY 1 DESC" \
		-P tuples_only=off -P format=aligned -P footer=off
	ask "
SELECT slug AS differs, our_outcome AS ours, venue_outcome AS official, open_price, close_price,
	closes_at - close_price_at AS tick_older_by
FROM arbees.windows WHERE state <> 'SCHEDULED' AND our_outcome IS DISTINCT FROM venue_outcome
ORDER BY opens_at" -P tuples_only=off -P format=aligned
	bad=$(ask "SELECT count(*) FROM arbees.windows WHERE state <> 'SCHEDULED' AND close_price_at = closes_at
		AND our_outcome IS DISTINCT FROM venue_outcome")
	if [ "$bad" != 0 ]; then
		say "FAILED: $bad windows with a tick at their closing second differ"
		return 1
	fi
}
