#!/bin/sh
# Runs the official client's proof against a simulator of its own.
#
# usage: test/client/run.sh
#   BUILD      build folder (build/worker); holds arbees-sim, takes the client
#   ARBEES_SIM the simulator, if it is elsewhere
#   NODE       a Node to use, if it is new enough
#
# Exit 0: all passed; 1: something failed; 77: skipped, and said why.

set -u

here=$(cd "$(dirname "$0")" && pwd)
build=${BUILD:-$here/../../build/worker}
mkdir -p "$build" || exit 1
build=$(cd "$build" && pwd)
sim=${ARBEES_SIM:-$build/arbees-sim}
client=$build/client
sim_pid=

skip() {
	echo "client proof skipped: $1"
	exit 77
}

stop_sim() {
	if [ -n "$sim_pid" ]; then
		kill "$sim_pid" 2>/dev/null
		wait "$sim_pid" 2>/dev/null
		sim_pid=
	fi
}
trap stop_sim EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# The client wants Node 20.10 or newer.
new_enough() {
	[ -n "$1" ] && command -v "$1" >/dev/null 2>&1 &&
		"$1" -e 'const [a, b] = process.versions.node.split(".").map(Number);
			process.exit(a > 20 || (a === 20 && b >= 10) ? 0 : 1)' 2>/dev/null
}

# Installs the locked packages of folder $1 into folder $2, once per lock file.
install_packages() {
	if [ -f "$2/.installed" ] && cmp -s "$1/package-lock.json" "$2/.installed"; then
		return 0
	fi
	command -v npm >/dev/null 2>&1 || return 1
	mkdir -p "$2" &&
		cp "$1/package.json" "$1/package-lock.json" "$1/.npmrc" "$2/" &&
		(cd "$2" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >install.log 2>&1) &&
		cp "$1/package-lock.json" "$2/.installed"
}

[ -x "$sim" ] || skip "no simulator at $sim (make -C worker/sim)"

node=
for candidate in "${NODE:-}" node nodejs; do
	if new_enough "$candidate"; then
		node=$candidate
		break
	fi
done
if [ -z "$node" ]; then
	echo "client proof: Node here is older than 20.10 or missing, bringing one from npm"
	install_packages "$here/node" "$build/node" ||
		skip "no Node 20.10 or newer, and npm could not bring one"
	for candidate in "$build"/node/node_modules/node-linux-*/bin/node; do
		if new_enough "$candidate"; then
			node=$candidate
			break
		fi
	done
	[ -n "$node" ] || skip "npm brought no Node that runs here"
fi
install_packages "$here" "$client" || skip "npm could not install the official client (see $client/install.log)"
# Imports are resolved beside the script.
cp "$here"/*.mjs "$client/" || exit 1

ready=$client/ready.json
rm -f "$ready"
"$sim" --listen 127.0.0.1:0 --window 5m --seed 7 --ready-file "$ready" --die-with-parent 2>"$client/sim.log" &
sim_pid=$!
tries=0
while [ ! -f "$ready" ]; do
	tries=$((tries + 1))
	if [ "$tries" -gt 100 ] || ! kill -0 "$sim_pid" 2>/dev/null; then
		echo "the simulator did not start:"
		cat "$client/sim.log"
		exit 1
	fi
	sleep 0.1
done
(cd "$client" && "$node" proof.mjs "$ready")
status=$?
[ "$status" -eq 0 ] || cat "$client/sim.log"
exit "$status"
