# scripts/lib.sh
#	What every script of the house shares: where things live, as whom they
#	run, and how a private PostgreSQL is built, started and stopped.
#
# Sourced by bash, never run. A script that starts processes calls
# on_exit_stop_all first: whatever it started is then gone when it ends, in
# whatever way it ends.

set -Eeuo pipefail
# A make above us must not hand its goals' variables and job slots to ours.
unset MAKEFLAGS MFLAGS MAKELEVEL
trap 'echo "arbees: ${0##*/} failed at line $LINENO: $BASH_COMMAND" >&2' ERR

PG_MAJOR=15
SYSTEM_LIB=/usr/lib/postgresql/$PG_MAJOR
SYSTEM_SHARE=/usr/share/postgresql/$PG_MAJOR

TOP=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)

# The private home lies outside the checkout, because the user postgres must
# read it when root runs us, and a checkout below /root he cannot read.
ARBEES_HOME=${ARBEES_HOME:-/var/tmp/arbees-$(id -u)-$(printf %s "$TOP" | sha256sum | cut -c1-8)}
PREFIX=$ARBEES_HOME/server
PGBIN=$PREFIX$SYSTEM_LIB/bin
PGXS_TEST=$SYSTEM_LIB/lib/pgxs/src/test

if [ "$(id -u)" = 0 ]; then
	SERVER_USER=postgres
else
	SERVER_USER=$(id -un)
fi

say() {
	printf 'arbees: %s\n' "$*"
}

die() {
	printf 'arbees: %s\n' "$*" >&2
	exit 1
}

# make takes a space for the end of a name, so it is said here and not by a compiler.
case $TOP$ARBEES_HOME in
	*[[:space:]]*) die "make cannot build below a path with a space in it: ${TOP@Q}, ARBEES_HOME ${ARBEES_HOME@Q}" ;;
esac

# A name below /var/tmp can be taken by anybody, so what is there must be ours.
make_home() {
	if [ ! -e "$ARBEES_HOME" ] && [ ! -L "$ARBEES_HOME" ]; then
		mkdir -m 0755 -p "$ARBEES_HOME"
	fi
	[ ! -L "$ARBEES_HOME" ] && [ -d "$ARBEES_HOME" ] && [ -O "$ARBEES_HOME" ] ||
		die "$ARBEES_HOME is not a directory of $(id -un); remove it or set ARBEES_HOME"
	chmod 0755 "$ARBEES_HOME"
	[ ${#ARBEES_HOME} -le 60 ] ||
		die "ARBEES_HOME is longer than 60 bytes, too long for the path of a socket"
	as_server test -x "$ARBEES_HOME" ||
		die "user $SERVER_USER cannot enter $ARBEES_HOME; set ARBEES_HOME to a place it can"
}

# as_server runs a command as the user the server runs as, from a folder that
# user can read.
as_server() (
	cd "$ARBEES_HOME"
	if [ "$(id -u)" = 0 ]; then
		export HOME=$ARBEES_HOME USER=postgres LOGNAME=postgres
		exec setpriv --reuid=postgres --regid=postgres --init-groups "$@"
	fi
	exec "$@"
)

# server_dir makes a directory that belongs to the server's user alone.
server_dir() {
	install -d -m 0700 "$1"
	if [ "$(id -u)" = 0 ]; then
		chown postgres:postgres "$1"
	fi
}

# Builds and copies are made by one run at a time; a second one waits.
lock_home() {
	make_home
	exec 9>"$ARBEES_HOME/lock"
	flock 9
}

unlock_home() {
	exec 9>&-
}

#
# The private copy of the server tree.
#
# The server finds its share folder relative to its own binary, so a copy that
# keeps the two paths is complete, and the extension is installed there without
# touching the system's folders. Where the package postgresql-15 is not
# installed its archive is unpacked instead of installed: installing it would
# create and start a cluster of the system's.
#
package_version() {
	dpkg-query -W -f '${Version}' "$1" 2>/dev/null || true
}

unpack_server_package() {
	local into=$1 version
	version=$(package_version "postgresql-client-$PG_MAJOR")
	say "fetching the server's package (unpacked privately, not installed)"
	install -d "$into/deb"
	(
		cd "$into/deb"
		apt-get download -q "postgresql-$PG_MAJOR=$version" >download.log 2>&1 ||
			apt-get download -q "postgresql-$PG_MAJOR" >download.log 2>&1 ||
			{ cat download.log >&2; exit 1; }
	) || die "could not fetch postgresql-$PG_MAJOR; run apt-get update and try again"
	dpkg-deb -x "$into"/deb/postgresql-"$PG_MAJOR"_*.deb "$into"
	rm -rf "$into/deb" "$into/var" "$into/etc"
}

make_prefix() {
	local stamp fresh=$ARBEES_HOME/server.new
	stamp="server $(package_version postgresql-$PG_MAJOR)"
	stamp="$stamp client $(package_version postgresql-client-$PG_MAJOR)"
	if [ "$(cat "$PREFIX/.version" 2>/dev/null || true)" = "$stamp" ]; then
		return
	fi
	say "making the private copy of PostgreSQL $PG_MAJOR in $ARBEES_HOME"
	rm -rf "$fresh"
	install -d -m 0755 "$fresh$SYSTEM_LIB" "$fresh$SYSTEM_SHARE"
	[ -x "$SYSTEM_LIB/bin/postgres" ] || unpack_server_package "$fresh"
	# --no-preserve=ownership: the copy is ours, whoever owns the original.
	cp -a --no-preserve=ownership "$SYSTEM_LIB/." "$fresh$SYSTEM_LIB/"
	cp -a --no-preserve=ownership "$SYSTEM_SHARE/." "$fresh$SYSTEM_SHARE/"
	"$fresh$SYSTEM_LIB/bin/postgres" --version >/dev/null ||
		die "the private copy of the server does not run"
	printf %s "$stamp" >"$fresh/.version"
	rm -rf "$PREFIX"
	mv "$fresh" "$PREFIX"
}

make_and_install() {
	umask 022
	make -C "$TOP" -s -j"$(nproc)" all && make -C "$TOP" -s install DESTDIR="$PREFIX"
}

# build_all builds everything and installs it into the private copy.
build_all() {
	local log=$ARBEES_HOME/build.log
	make_prefix
	say "building (extension, worker, simulator)"
	if ! attend make_and_install >"$log" 2>&1; then
		cat "$log" >&2
		die "the build failed"
	fi
	grep -i 'warning' "$log" >&2 || true
}

# prepare does everything a script needs before it starts a server.
prepare() {
	"$TOP/scripts/setup" build "$@"
	lock_home
	sweep_runs
	build_all
	unlock_home
}

#
# Processes. Whatever a script starts is stopped and waited for when it ends.
# Should it be killed -9, its direct children get a parent-death signal, and a
# guard ends the rest: all that carry this run's mark in their environment.
#
STARTED_PIDS=()
RUN_DIRS=()
KEEP_RUN=${KEEP_RUN:-}
GUARD_PID=

on_exit_stop_all() {
	export ARBEES_RUN=$$.$RANDOM$RANDOM
	trap 'stop_all' EXIT
	trap 'exit 129' HUP
	trap 'exit 130' INT
	trap 'exit 143' TERM
	# The guard itself must not carry the mark.
	env -u ARBEES_RUN setpriv --pdeathsig TERM setsid "$TOP/scripts/guard" "$ARBEES_RUN" \
		</dev/null >/dev/null 2>&1 &
	GUARD_PID=$!
}

# attend COMMAND...: runs it in the background and waits, because bash acts on a
# signal during a wait, but only after the end of a command in the foreground.
attend() {
	"$@" 9>&- &
	STARTED_PIDS+=("$!:TERM")
	wait "$!"
}

# spawn LOG SIGNAL COMMAND...: starts COMMAND as the server's user in a session
# of its own, so that Ctrl-C reaches this script alone; pid in SPAWNED.
spawn() {
	local log=$1 signal=$2
	shift 2
	as_server_exec "$signal" "$@" >>"$log" 2>&1 </dev/null 9>&- &
	SPAWNED=$!
	STARTED_PIDS+=("$SPAWNED:$signal")
}

as_server_exec() {
	local signal=$1
	shift
	cd "$ARBEES_HOME"
	if [ "$(id -u)" = 0 ]; then
		export HOME=$ARBEES_HOME USER=postgres LOGNAME=postgres
		exec setpriv --reuid=postgres --regid=postgres --init-groups \
			--pdeathsig "$signal" setsid "$@"
	else
		exec setpriv --pdeathsig "$signal" setsid "$@"
	fi
}

# stop_pid PID SIGNAL: asks, waits ten seconds, then insists.
stop_pid() {
	local pid=$1 signal=$2 i
	kill -s "$signal" "$pid" 2>/dev/null || true
	for ((i = 0; i < 200; i++)); do
		kill -0 "$pid" 2>/dev/null || break
		# A child that ended but was not waited for still answers to signal 0.
		[ "$(cut -d' ' -f3 "/proc/$pid/stat" 2>/dev/null)" != Z ] || break
		sleep 0.05
	done
	kill -KILL "$pid" 2>/dev/null || true
	wait "$pid" 2>/dev/null || true
}

stop_all() {
	local i entry
	trap '' INT TERM HUP
	# Last started, first stopped: the server outlives what uses it.
	for ((i = ${#STARTED_PIDS[@]} - 1; i >= 0; i--)); do
		entry=${STARTED_PIDS[i]}
		stop_pid "${entry%%:*}" "${entry##*:}"
	done
	STARTED_PIDS=()
	if [ -n "$GUARD_PID" ]; then
		env -u ARBEES_RUN "$TOP/scripts/guard" --now "$ARBEES_RUN" $$ || true
		kill -KILL "$GUARD_PID" 2>/dev/null || true
		wait "$GUARD_PID" 2>/dev/null || true
	fi
	if [ -z "$KEEP_RUN" ]; then
		for entry in "${RUN_DIRS[@]:-}"; do
			[ -z "$entry" ] || rm -rf "$entry"
		done
	fi
}

# run_dir NAME: a directory for one run, removed at its end; path in RUN_DIR.
run_dir() {
	install -d -m 0755 "$ARBEES_HOME/run"
	RUN_DIR=$ARBEES_HOME/run/$1-$$
	rm -rf "$RUN_DIR"
	server_dir "$RUN_DIR"
	RUN_DIRS+=("$RUN_DIR")
}

# What a run that was killed -9 left on disk goes when its process is gone.
sweep_runs() {
	local dir
	for dir in "$ARBEES_HOME"/run/*-*; do
		[ -d "$dir" ] || continue
		kill -0 "${dir##*-}" 2>/dev/null || rm -rf "$dir"
	done
}

#
# Servers. One listens on a socket in its own directory only, so it needs no
# port of the machine's and cannot meet another one.
#
server_init() {
	local dir=$1
	server_dir "$dir/socket"
	as_server "$PGBIN/initdb" -D "$dir/data" -U postgres -A trust -N \
		-E UTF8 --locale=C.UTF-8 >"$dir.initdb.log" 2>&1 ||
		{ cat "$dir.initdb.log" >&2; die "initdb failed"; }
	rm -f "$dir.initdb.log"
	as_server tee -a "$dir/data/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$dir/socket'
unix_socket_permissions = 0700
timezone = 'UTC'
log_timezone = 'UTC'
datestyle = 'ISO'
log_line_prefix = '%m [%p] %q%a '
max_connections = 60
shared_buffers = '64MB'
CONF
}

# server_start DIR: runs the server in DIR as our child and waits for it.
server_start() {
	local dir=$1 i
	as_server touch "$dir/log"
	spawn "$dir/log" INT "$PGBIN/postgres" -D "$dir/data"
	SERVER_PID=$SPAWNED
	for ((i = 0; i < 1200; i++)); do
		if ! kill -0 "$SERVER_PID" 2>/dev/null; then
			cat "$dir/log" >&2
			die "the server did not start"
		fi
		if "$PGBIN/pg_isready" -q -h "$dir/socket" -U postgres -d postgres; then
			use_server "$dir"
			return
		fi
		sleep 0.05
	done
	die "the server did not answer within 60 s, see $dir/log"
}

use_server() {
	export PGHOST=$1/socket PGPORT=5432 PGUSER=postgres PGDATABASE=arbees
	export PATH=$PGBIN:$PATH
	unset PGPASSWORD PGSERVICE PGHOSTADDR PGOPTIONS PGSSLMODE PGAPPNAME
}

# sql QUERY [psql option...]: the answer alone, one line per row, | between columns.
sql() {
	local query=$1
	shift
	"$PGBIN/psql" -X -q -A -t -v ON_ERROR_STOP=1 "$@" -c "$query"
}
