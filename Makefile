# Kheya: one Makefile, one archive per floor.
#
#   make                 kheyad and kheya in build/release/
#   make check           unit, golden, property and dialogue tests under ASan and UBSan, fuzz corpora replayed
#   make integration     real PostgreSQL, bearerbox and telco
#   make bench           figures, to the terminal and build/bench.json
#   make lint            cppcheck, codespell, shellcheck, banned calls
#   make CC=clang-14 ... the other compiler;  WERROR=1  warnings are errors
#   make CC=clang WERROR=1 warnings     its warnings alone: nothing is made
#   make install DESTDIR=... PREFIX=/usr

VARIANT  ?= release
CC       ?= cc
B        := build/$(VARIANT)
PREFIX   ?= /usr/local
VERSION  := 0.1.0

PKGS     := libevent libpq yaml-0.1 libsodium jansson libpcre2-8 libcurl
PKG_CFLAGS := $(patsubst -I%,-isystem %,$(shell pkg-config --cflags $(PKGS)))
PKG_LIBS := $(shell pkg-config --libs $(PKGS)) -lunistring -lm

WARN     := -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wstrict-prototypes -Wmissing-prototypes \
            -Wold-style-definition -Wpointer-arith -Wcast-qual -Wwrite-strings -Wundef -Wvla -Wnull-dereference \
            -Wconversion -Wimplicit-fallthrough -Wswitch-enum -Wdouble-promotion
ifeq ($(WERROR),1)
WARN     += -Werror
endif
CPPFLAGS := -D_GNU_SOURCE -Idaemon -DKHEYA_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS_release := -O2 -g -D_FORTIFY_SOURCE=2 -fstack-protector-strong -fPIE
LDFLAGS_release := -pie -Wl,-z,relro,-z,now
CFLAGS_asan := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=all
LDFLAGS_asan := -fsanitize=address,undefined
CFLAGS_debug := -O0 -g
CFLAGS_strict := -O2 -fPIE
CFLAGS_cover := -O0 -g --coverage
LDFLAGS_cover := --coverage
CFLAGS_fuzz := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=all
LDFLAGS_fuzz := -fsanitize=address,undefined
CFLAGS   := -std=c11 $(WARN) $(CFLAGS_$(VARIANT))
LDFLAGS  := $(LDFLAGS_$(VARIANT))

# Floors, and the archives each may link: its own and those below.  The three
# sides (wire, menu, store) do not see each other.
FLOORS   := base wire menu store engine app cli
below_base   := base
below_wire   := wire base
below_menu   := menu base
below_store  := store base
below_engine := engine menu base
below_app    := app engine wire menu store base
below_cli    := cli app engine wire menu store base
archives = $(foreach f,$(below_$(1)),$(B)/lib$(f).a)

floor_src = $(wildcard daemon/$(1)/*.c)
# app/main.c and cli/kheya.c hold a main(): they are in no archive
MAINS    := daemon/app/main.c daemon/cli/kheya.c
objs = $(patsubst %.c,$(B)/%.o,$(1))

.PHONY: all
all: $(B)/kheyad $(B)/kheya telco

define floor_rule
$(B)/lib$(1).a: $(call objs,$(filter-out $(MAINS),$(call floor_src,$(1))))
	@rm -f $$@
	@ar rcs $$@ $$^
endef
$(foreach f,$(FLOORS),$(eval $(call floor_rule,$(f))))

$(B)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(B)/kheyad: $(B)/daemon/app/main.o $(call archives,app)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

$(B)/kheya: $(B)/daemon/cli/kheya.o $(call archives,cli)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# The telco simulator shares no code with the daemon.
TELCO_SRC := $(wildcard tests/telco/*.c)
.PHONY: telco
telco: $(if $(TELCO_SRC),$(B)/telco)
$(B)/telco: $(call objs,$(TELCO_SRC))
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)

# the page is built in by .incbin, which -MMD does not see
$(B)/tests/telco/page.o: tests/telco/handset.html

# Unit tests: tests/unit/FLOOR/test_ROOM.c links FLOOR and those below, no more,
# so that a call which climbs or crosses a floor fails to link.
define unit_rule
$(B)/tests/unit/$(1)/%: $(B)/tests/unit/$(1)/%.o $(call archives,$(1))
	$(CC) $(LDFLAGS) -o $$@ $$^ $(PKG_LIBS) -lcmocka
endef
$(foreach f,$(FLOORS),$(eval $(call unit_rule,$(f))))
UNIT_SRC := $(wildcard tests/unit/*/test_*.c)
UNIT_BIN := $(patsubst %.c,$(B)/%,$(UNIT_SRC))
.PHONY: unit-tests
unit-tests: $(UNIT_BIN)

# Live tests of the store, on a real PostgreSQL (tests/integration/run_live_store).
$(B)/tests/integration/%: $(B)/tests/integration/%.o $(call archives,store)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka

# kheyad's desk alone, for tests/integration/test_desk_storm.py.
$(B)/tests/integration/live_desk: $(B)/tests/integration/live_desk.o $(call archives,app)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS) -lcmocka

# Fuzz harnesses: tests/fuzz/FLOOR_NAME.c with LLVMFuzzerTestOneInput().  Built
# with tests/fuzz/replay.c they replay the corpus; with VARIANT=fuzz and clang
# they search.
FUZZ_SRC := $(filter-out tests/fuzz/replay.c,$(wildcard tests/fuzz/*.c))
FUZZ_NAMES := $(patsubst tests/fuzz/%.c,%,$(FUZZ_SRC))
fuzz_floor = $(firstword $(subst _, ,$(1)))
define fuzz_rule
$(B)/tests/fuzz/$(1).replay: $(B)/tests/fuzz/$(1).o $(B)/tests/fuzz/replay.o $(call archives,$(call fuzz_floor,$(1)))
	$(CC) $(LDFLAGS) -o $$@ $$^ $(PKG_LIBS)
$(B)/tests/fuzz/$(1).fuzz: $(B)/tests/fuzz/$(1).o $(call archives,$(call fuzz_floor,$(1)))
	$(CC) $(LDFLAGS) -fsanitize=fuzzer -o $$@ $$^ $(PKG_LIBS)
endef
$(foreach n,$(FUZZ_NAMES),$(eval $(call fuzz_rule,$(n))))
.PHONY: fuzz-replays fuzzers
fuzz-replays: $(foreach n,$(FUZZ_NAMES),$(B)/tests/fuzz/$(n).replay)
fuzzers: $(foreach n,$(FUZZ_NAMES),$(B)/tests/fuzz/$(n).fuzz)

# Load generators and ceilings.
BENCH_SRC := $(wildcard tests/bench/*.c)
BENCH_BIN := $(patsubst %.c,$(B)/%,$(BENCH_SRC))
$(B)/tests/bench/%: $(B)/tests/bench/%.o $(call archives,app)
	$(CC) $(LDFLAGS) -o $@ $^ $(PKG_LIBS)
.PHONY: bench-programs bench
bench-programs: $(BENCH_BIN)
bench: all bench-programs
	tests/bench/run

# clang finds its warnings without an optimizer; gcc's (-Wnull-dereference) need a build with -O2, VARIANT=strict.
C_SRC := $(wildcard daemon/*/*.c tests/*/*.c tests/unit/*/*.c)
.PHONY: warnings
warnings: $(C_SRC:%=warnings/%)
warnings/%: %
	$(CC) $(CPPFLAGS) $(CFLAGS) -fsyntax-only $<

.PHONY: check integration lint fuzz
check:
	$(MAKE) VARIANT=asan all unit-tests fuzz-replays
	tests/run check
integration: all
	tests/run integration
lint:
	scripts/lint
fuzz:
	$(MAKE) VARIANT=fuzz CC=clang fuzzers
	tests/fuzz/run

MAN := $(wildcard daemon/*.[1-8] menus/*.[1-8] conf/*.[1-8])
.PHONY: install clean
install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/share/kheya
	install -m 755 $(B)/kheya $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(B)/kheyad $(DESTDIR)$(PREFIX)/sbin/
	cp -R menus sql conf API.md daemon/openapi.yaml $(DESTDIR)$(PREFIX)/share/kheya/
	for m in $(MAN); do d=$(DESTDIR)$(PREFIX)/share/man/man$${m##*.}; install -d $$d && install -m 644 $$m $$d/; done
clean:
	rm -rf build

-include $(shell find $(B) -name '*.d' 2>/dev/null)
