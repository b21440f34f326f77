# Makefile: builds the extension with PGXS and the worker with worker/Makefile;
# leads to the scripts that run the whole. make help explains every target.

EXTENSION = arbees
EXTVERSION = $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" arbees.control)

PG_CONFIG ?= /usr/lib/postgresql/15/bin/pg_config
BUILD = $(CURDIR)/build

# Targets that need no PGXS: they work on a machine that lacks pg_config.
HOUSE = help docs demo test crash-matrix chaos smoke bench bench-check up psql down vectors format lint

.PHONY: $(HOUSE) debug-library debug-worker worker-all worker-install worker-clean
.DEFAULT_GOAL := all

help:
	@echo 'arbees: a trading risk desk inside PostgreSQL'
	@echo
	@echo '  make demo         watch windows traded in PAPER and LIVE against the simulator'
	@echo '                    WINDOWS=3 (0: until Ctrl-C) LENGTH=20 (seconds)'
	@echo '                    REPLAY=folder SPEED=n (a recorded day, n times as fast; 0: as fast as it goes)'
	@echo '  make test         every test; ends with "N passed, N failed, N skipped"'
	@echo '                    ONLY="regress isolation tap unit vectors client" runs some groups'
	@echo '  make crash-matrix who dies x at which point of an order x what the venue does: every cell'
	@echo '  make chaos        random faults and kills, SEEDS=1..200 (or "17 23"), JOBS=2 at a time; a seed replays'
	@echo '  make smoke        server, extension, one PAPER order to its fill, one kill'
	@echo '  make up           leave a private server running, print how to reach it'
	@echo '  make psql         open psql there'
	@echo '  make down         stop and remove it'
	@echo '  make bench        speed against floors of the same run; ONLY=prefix BENCH_JSON=file'
	@echo '  make bench-check  compare with test/bench/ratchet.json; TIGHTEN=1 lowers its limits'
	@echo '  make vectors FILE=any.json   check signing vectors'
	@echo '  make docs         write docs/risk-controls.md from the checks of the gate and their tests'
	@echo '  make all          build the extension, the worker and the simulator'
	@echo '  make install      install them (DESTDIR= and PG_CONFIG= as PGXS has them)'
	@echo '  make format       format the C code'
	@echo '  make lint         clang-tidy, cppcheck, layers, shell syntax'
	@echo '  make clean        remove what was built; the private home stays'
	@echo
	@echo 'demo, test, smoke, bench and up first install missing Debian packages (sudo when not root).'
	@echo 'No target touches the clusters of the system. ARBEES_HOME=dir moves the private home.'

# exec: a signal to make must reach the script, not a shell in between.
demo:
	@exec env WINDOWS='$(WINDOWS)' LENGTH='$(LENGTH)' REPLAY='$(REPLAY)' SPEED='$(SPEED)' scripts/demo

test:
	@exec env ONLY='$(ONLY)' test/run

crash-matrix:
	@exec env MATRIX=all ONLY=tap ONLY_TAP='040*' test/run

chaos:
	@exec env SEEDS='$(SEEDS)' JOBS='$(JOBS)' test/chaos/run

smoke:
	@scripts/smoke

bench:
	@exec env ONLY='$(ONLY)' BENCH_JSON='$(BENCH_JSON)' test/bench/run

bench-check:
	@exec env TIGHTEN='$(TIGHTEN)' test/bench/check

up:
	@scripts/server up

psql:
	@scripts/server psql

down:
	@scripts/server down

docs:
	@scripts/risk-controls write

vectors:
	@scripts/vectors '$(FILE)'

format:
	@scripts/setup lint
	@scripts/format

lint:
	@scripts/setup build lint
	@scripts/lint

worker-all:
	+@$(MAKE) -C worker BUILD='$(BUILD)' all

worker-install:
	+@$(MAKE) -C worker BUILD='$(BUILD)' install-to='$(DESTDIR)$(bindir)' install

worker-clean:
	+@$(MAKE) -C worker BUILD='$(BUILD)' clean
	rm -rf '$(BUILD)'

ifneq ($(filter-out $(HOUSE),$(or $(MAKECMDGOALS),all)),)
ifeq ($(wildcard $(PG_CONFIG)),)

# Nothing to include yet: install the packages, then start over.
all install installcheck:
	@scripts/setup build
	+@$(MAKE) $@

clean:
	rm -rf '$(BUILD)'

else

MODULE_big = arbees
SOURCES = $(sort $(wildcard src/*.c src/*/*.c))
OBJS = $(SOURCES:.c=.o)

SQL_PARTS = $(sort $(wildcard sql/tables/*.sql)) $(sort $(wildcard sql/api/*.sql))
INSTALL_SQL = arbees--$(EXTVERSION).sql
DATA_built = $(INSTALL_SQL)
DATA = $(wildcard sql/updates/arbees--*--*.sql)

# Tests run through make test; this keeps make installcheck working for packagers.
REGRESS_OPTS = --inputdir=test --outputdir=. --load-extension=arbees --schedule=test/schedule
ISOLATION_OPTS = --inputdir=test --outputdir=. --load-extension=arbees --schedule=test/isolation_schedule

EXTRA_CLEAN = $(SOURCES:.c=.d) arbees--*.sql results regression.diffs regression.out tmp_check

PG_CPPFLAGS = -I$(CURDIR)/src -MMD -MP
PG_CFLAGS = -std=gnu11 -Wall -Wextra -Werror -Wshadow -Wdeclaration-after-statement -Werror=vla \
	-Wmissing-prototypes -Wstrict-prototypes \
	-Wno-unused-parameter -Wno-sign-compare -Wno-missing-field-initializers

override with_llvm = no
PGXS := $(shell $(PG_CONFIG) --pgxs)
include $(PGXS)

$(OBJS): Makefile
-include $(SOURCES:.c=.d)

# The library as tests of crashes want it, with its debug points; never installed.
DEBUG_SOURCES = $(shell grep -l '"core/debug_point.h"' $(SOURCES))
DEBUG_OBJS = $(DEBUG_SOURCES:%.c=$(BUILD)/debug/%.o)
-include $(DEBUG_OBJS:.o=.d)

$(BUILD)/debug/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(CPPFLAGS) -DARBEES_DEBUG -c -o $@ $<

$(BUILD)/debug/arbees.so: $(DEBUG_OBJS) $(filter-out $(DEBUG_SOURCES:.c=.o),$(OBJS))
	$(CC) $(CFLAGS) -shared -o $@ $^ $(LDFLAGS) $(SHLIB_LINK)

debug-library: $(BUILD)/debug/arbees.so

debug-worker:
	+@$(MAKE) -C worker BUILD='$(BUILD)' debug-worker

# An installation must not replace what somebody made first, so it creates
# plainly; upgrade scripts take the same parts as they are.
$(INSTALL_SQL): $(SQL_PARTS) arbees.control Makefile
	@{ printf '%s\n' '\echo Use "CREATE EXTENSION arbees" to load this file. \quit'; \
	   cat $(SQL_PARTS) | sed -e 's/^CREATE OR REPLACE /CREATE /'; } > $@.tmp
	@mv $@.tmp $@

all: worker-all
install: worker-install
clean: worker-clean

endif
endif
