# libkqlstream. GNU make; everything generated goes under build/.
#
#   make                 shared and static library, program, examples
#   make check           all tests (installs missing Debian packages first); last line "N passed, N failed, N skipped"
#   make demo bench docs install uninstall dist clean deps fuzz format
#
# Files are found by name, nobody edits this file to add one:
#   src/**/*.c *.cc      the library (*_avx2.c etc. get that instruction set on x86-64)
#   examples/*.c         build/kqlstream and build/examples/NAME, public headers only
#   tests/unit/*.c       one Criterion binary, build/tests/unit
#   tests/tools/NAME.c   build/tests/NAME (kql_cases.c -> kql-cases), may use internal headers
#   tests/plain/NAME.c   build/tests/plain/NAME, test programs without Criterion (also those for TSan: tests/threads)
#   tests/api/NAME.c     build/tests/api/NAME, test programs against the shared library and public headers only
#   tests/fuzz/fuzz_*.c  build/tests/fuzz/NAME (corpus replay) and, by `make fuzz`, libFuzzer programs
#   tests/bench/NAME.c   build/bench/NAME
#   tests/lib/*.c        helpers linked into all test programs
#
# Variables: SAN=asan|tsan|fuzz, DEBUG=1, WITH_ALL=0, WITH_ZLIB=0|1, WITH_DECIMAL=0|1, WITH_MAXMINDDB=0|1, WERROR=0, PREFIX, DESTDIR, V=1.

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.SECONDARY:

VERSION := 0.1.0
SOVERSION := 0
PREFIX ?= /usr/local
BINDIR ?= $(PREFIX)/bin
LIBDIR ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
DESTDIR ?=
WERROR ?= 1
V ?= 0
Q := $(if $(filter 1,$(V)),,@)

# ---- variant ------------------------------------------------------------------------------------------------------
CC := $(if $(filter default undefined,$(origin CC)),$(if $(filter fuzz,$(SAN)),clang,gcc),$(CC))
CXX := $(if $(filter default undefined,$(origin CXX)),$(if $(filter fuzz,$(SAN)),clang++,g++),$(CXX))
AR := $(if $(filter default undefined,$(origin AR)),ar,$(AR))
PKG_CONFIG ?= pkg-config
CFLAGS ?= $(if $(DEBUG),-O0 -g3,-O2 -g)
CXXFLAGS ?= $(CFLAGS)

ifeq ($(SAN),asan)
SANFLAGS := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifeq ($(SAN),tsan)
SANFLAGS := -fsanitize=thread -fno-omit-frame-pointer
else ifeq ($(SAN),fuzz)
SANFLAGS := -fsanitize=address,undefined,fuzzer-no-link -fno-sanitize-recover=undefined -fno-omit-frame-pointer
else ifneq ($(SAN),)
$(error SAN is asan, tsan or fuzz, not $(SAN))
endif
ifneq ($(SAN),)
override CFLAGS := $(patsubst -O2,-O1,$(CFLAGS))
endif
BUILD ?= build$(if $(SAN),/$(SAN))$(if $(DEBUG),/debug)
B := $(BUILD)

# ---- optional parts -----------------------------------------------------------------------------------------------
WITH_ALL ?= 1
probe = $(if $(filter 0,$(WITH_ALL)),0,$(if $(strip $(shell $(1) >/dev/null 2>&1 && echo y)),1,0))
ifeq ($(origin WITH_ZLIB),undefined)
WITH_ZLIB := $(call probe,$(PKG_CONFIG) --exists zlib)
endif
ifeq ($(origin WITH_DECIMAL),undefined)
WITH_DECIMAL := $(call probe,echo '\#include <bid_conf.h>' | $(CC) -E - && test -e "`$(CC) -print-file-name=libbidgcc000.a`")
endif
ifeq ($(origin WITH_MAXMINDDB),undefined)
WITH_MAXMINDDB := $(call probe,$(PKG_CONFIG) --exists libmaxminddb)
endif

PKGS := re2 libutf8proc libxxhash libmd json-c $(if $(filter 1,$(WITH_ZLIB)),zlib) $(if $(filter 1,$(WITH_MAXMINDDB)),libmaxminddb)
PKG_CFLAGS := $(shell $(PKG_CONFIG) --cflags $(PKGS) 2>/dev/null)
PKG_LIBS := $(shell $(PKG_CONFIG) --libs $(PKGS) 2>/dev/null) $(if $(filter 1,$(WITH_DECIMAL)),-l:libbidgcc000.a)
WITH_DEFS := $(if $(filter 1,$(WITH_ZLIB)),-DRTQ_WITH_ZLIB=1) $(if $(filter 1,$(WITH_DECIMAL)),-DRTQ_WITH_DECIMAL=1) \
	$(if $(filter 1,$(WITH_MAXMINDDB)),-DRTQ_WITH_MAXMINDDB=1)

# ---- flags --------------------------------------------------------------------------------------------------------
WARN := -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wmissing-prototypes $(if $(filter 1,$(WERROR)),-Werror)
# gcc's flow warnings misfire under sanitizers (its manual says so).
ifneq ($(and $(SAN),$(if $(findstring clang,$(CC)),,gcc)),)
WARN += -Wno-maybe-uninitialized -Wno-stringop-overflow
endif
CXXWARN := -Wall -Wextra -Wconversion -Wshadow $(if $(filter 1,$(WERROR)),-Werror)
DEFS := -D_GNU_SOURCE -DRTQ_BUILD_VERSION='"$(VERSION)"' $(WITH_DEFS) '-DRTQ_API=__attribute__((visibility("default")))'
LIB_CFLAGS := -std=c11 $(WARN) $(CFLAGS) $(SANFLAGS) -fPIC -fvisibility=hidden -fno-math-errno -pthread -Iinclude -Isrc $(PKG_CFLAGS) $(DEFS)
LIB_CXXFLAGS := -std=c++17 $(CXXWARN) $(CXXFLAGS) $(SANFLAGS) -fPIC -fvisibility=hidden -pthread -Iinclude -Isrc $(PKG_CFLAGS) $(DEFS)
PUB_CFLAGS := -std=c11 $(WARN) $(CFLAGS) $(SANFLAGS) -pthread -D_GNU_SOURCE -Iinclude
TEST_CFLAGS := -std=c11 $(WARN) $(CFLAGS) $(SANFLAGS) -pthread -Iinclude -Isrc -Itests/lib $(PKG_CFLAGS) -D_GNU_SOURCE $(WITH_DEFS) \
	-DRTQ_TEST_BUILD='"$(B)"'
LINK := $(CXX) $(CXXFLAGS) $(SANFLAGS) -pthread $(LDFLAGS)
LIBS := $(PKG_LIBS) -lm

# ---- files --------------------------------------------------------------------------------------------------------
OS_SKIP := src/os/windows
SRC := $(sort $(shell find src -path $(OS_SKIP) -prune -o -name '*.c' -print))
SRCXX := $(sort $(shell find src -name '*.cc'))
OBJ := $(SRC:%.c=$(B)/obj/%.o) $(SRCXX:%.cc=$(B)/obj/%.o)
HEADERS := $(wildcard include/rtq/*.h)
STATIC := $(B)/libkqlstream.a
SHARED := $(B)/libkqlstream.so.$(SOVERSION)
PROGRAM := $(if $(wildcard examples/kqlstream.c),$(B)/kqlstream)
EXAMPLES := $(patsubst examples/%.c,$(B)/examples/%,$(filter-out examples/kqlstream.c,$(wildcard examples/*.c)))

TESTLIB_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/lib/*.c))
UNIT_OBJ := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/unit/*.c)))
UNIT := $(if $(UNIT_OBJ),$(if $(filter tsan fuzz,$(SAN)),,$(B)/tests/unit))
TOOL_NAMES := $(patsubst tests/tools/%.c,%,$(wildcard tests/tools/*.c))
TOOLS := $(foreach n,$(TOOL_NAMES),$(B)/tests/$(subst _,-,$(n)))
PLAIN := $(patsubst tests/plain/%.c,$(B)/tests/plain/%,$(wildcard tests/plain/*.c))
THREADS := $(patsubst tests/threads/%.c,$(B)/tests/threads/%,$(wildcard tests/threads/*.c))
API := $(patsubst tests/api/%.c,$(B)/tests/api/%,$(wildcard tests/api/*.c))
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
REPLAY := $(FUZZ_NAMES:%=$(B)/tests/fuzz/%)
BENCH := $(patsubst tests/bench/%.c,$(B)/bench/%,$(wildcard tests/bench/*.c))
# TSan looks at the programs with threads and at the public interface; the rest has nothing for it.
TESTS := $(if $(filter tsan,$(SAN)),$(THREADS) $(API),$(UNIT) $(TOOLS) $(PLAIN) $(THREADS) $(API) $(REPLAY))

.PHONY: coverage all lib check check-run tests demo bench bench-programs docs install uninstall dist clean deps fuzz fuzzers format lint check-quick
all: lib $(PROGRAM) $(EXAMPLES)
lib: $(STATIC) $(SHARED) $(B)/libkqlstream.so

# ---- library ------------------------------------------------------------------------------------------------------
# Objects depend on the flags they were built with, so that switching WITH_X or CFLAGS rebuilds.
FLAGS_TEXT := $(subst ','"'"',$(CC) $(CXX) $(LIB_CFLAGS) $(LIB_CXXFLAGS) $(LDFLAGS) $(LIBS))
ifneq ($(filter-out clean deps uninstall dist format check demo,$(or $(MAKECMDGOALS),all)),)
$(shell mkdir -p $(B) && { printf '%s\n' '$(FLAGS_TEXT)' | cmp -s - $(B)/flags || printf '%s\n' '$(FLAGS_TEXT)' >$(B)/flags; })
endif
$(B)/flags: ;

ifneq ($(filter x86_64%,$(shell $(CC) -dumpmachine 2>/dev/null)),)
$(B)/obj/%_avx2.o: ISA := -mavx2 -mbmi -mbmi2 -mlzcnt -mpopcnt
$(B)/obj/%_sse42.o: ISA := -msse4.2 -mpopcnt
endif

$(B)/obj/src/%.o: src/%.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(filter 0,$(V)),echo "  CC $<";) $(CC) $(LIB_CFLAGS) $(ISA) -MMD -MP -c -o $@ $<
$(B)/obj/src/%.o: src/%.cc $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(filter 0,$(V)),echo "  CXX $<";) $(CXX) $(LIB_CXXFLAGS) -MMD -MP -c -o $@ $<

$(STATIC): $(OBJ)
	$(Q)rm -f $@ && $(AR) qcs $@ $(OBJ)
$(SHARED): $(OBJ) src/libkqlstream.map
	$(Q)$(if $(filter 0,$(V)),echo "  LD $@";) $(LINK) -shared -Wl,-soname,libkqlstream.so.$(SOVERSION) -Wl,--version-script=src/libkqlstream.map \
		-Wl,--as-needed -o $@ $(OBJ) $(LIBS)
$(B)/libkqlstream.so: $(SHARED)
	$(Q)ln -sf $(<F) $@

# ---- program and examples: public headers only --------------------------------------------------------------------
$(B)/obj/examples/%.o: examples/%.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(filter 0,$(V)),echo "  CC $<";) $(CC) $(PUB_CFLAGS) -MMD -MP -c -o $@ $<
# Linked statically: it runs from build/ and from any PREFIX.
$(B)/kqlstream: $(B)/obj/examples/kqlstream.o $(STATIC)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
$(B)/examples/%: $(B)/obj/examples/%.o $(B)/libkqlstream.so
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -Wl,-rpath,'$$ORIGIN/..' -o $@ $< -L$(B) -lkqlstream

# ---- tests --------------------------------------------------------------------------------------------------------
tests: lib $(PROGRAM) $(EXAMPLES) $(TESTS)

$(B)/obj/tests/api/%.o: tests/api/%.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(filter 0,$(V)),echo "  CC $<";) $(CC) $(PUB_CFLAGS) -Itests/lib -MMD -MP -c -o $@ $<
$(B)/obj/tests/%.o: tests/%.c $(B)/flags
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(filter 0,$(V)),echo "  CC $<";) $(CC) $(TEST_CFLAGS) -MMD -MP -c -o $@ $<

$(B)/tests/unit: $(UNIT_OBJ) $(TESTLIB_OBJ) $(STATIC)
	$(Q)mkdir -p $(@D)
	$(Q)$(if $(filter 0,$(V)),echo "  LD $@";) $(LINK) -o $@ $(UNIT_OBJ) $(TESTLIB_OBJ) $(STATIC) $(LIBS) -lcriterion
define tool_rule
$(B)/tests/$(subst _,-,$(1)): $(B)/obj/tests/tools/$(1).o $(patsubst %.c,$(B)/obj/%.o,$(wildcard tests/tools/$(1)/*.c)) $(TESTLIB_OBJ) $(STATIC)
	$(Q)mkdir -p $$(@D)
	$(Q)$(LINK) -o $$@ $$^ $(LIBS)
endef
$(foreach n,$(TOOL_NAMES),$(eval $(call tool_rule,$(n))))
$(B)/tests/plain/%: $(B)/obj/tests/plain/%.o $(TESTLIB_OBJ) $(STATIC)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
$(B)/tests/threads/%: $(B)/obj/tests/threads/%.o $(TESTLIB_OBJ) $(STATIC)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
$(B)/tests/api/%: $(B)/obj/tests/api/%.o $(B)/libkqlstream.so
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -Wl,-rpath,'$$ORIGIN/../..' -o $@ $< -L$(B) -lkqlstream
$(B)/tests/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(B)/obj/tests/fuzz/replay_main.o $(TESTLIB_OBJ) $(STATIC)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIBS)
$(B)/fuzz/%: $(B)/obj/tests/fuzz/fuzz_%.o $(TESTLIB_OBJ) $(STATIC)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -fsanitize=fuzzer -o $@ $^ $(LIBS)
$(B)/bench/%: $(B)/obj/tests/bench/%.o $(TESTLIB_OBJ) $(STATIC)
	$(Q)mkdir -p $(@D)
	$(Q)$(LINK) -o $@ $^ $(LIBS)

# Two steps, because the packages installed by the first decide what the second finds.
PARALLEL = $(if $(findstring jobserver,$(MAKEFLAGS)),,-j$(shell nproc 2>/dev/null || echo 2))
SUB = $(MAKE) --no-print-directory $(PARALLEL)
deps:
	@sh .ci/deps install build test
check:
	@sh .ci/deps install build test
	@+$(SUB) tests
	@+$(SUB) SAN=asan tests
	@+$(SUB) SAN=tsan tests
	@CC='$(CC)' CXX='$(CXX)' sh tests/run.sh $(B)
# Without sanitizers and lints: the quick round while developing.
check-quick: tests
	@QUICK=1 sh tests/run.sh $(B)
lint:
	@ONLY=check CC='$(CC)' CXX='$(CXX)' sh tests/run.sh $(B)
demo:
	@sh .ci/deps install build
	@+$(SUB) all
	@if test -e examples/demo.sh; then sh examples/demo.sh $(B); else echo "there is no examples/demo.sh yet"; fi
bench-programs: all $(BENCH) $(TOOLS)
bench:
	@+$(SUB) bench-programs
	@if test -e tests/bench/run.sh; then sh tests/bench/run.sh $(B); else for p in $(BENCH); do $$p || exit 1; done; fi
fuzzers: $(FUZZ_NAMES:%=$(B)/fuzz/%)
fuzz:
	@sh .ci/deps install build fuzz
	@+$(SUB) SAN=fuzz fuzzers

# ---- the rest -----------------------------------------------------------------------------------------------------
format:
	clang-format -i $$(find include src examples tests -name '*.[ch]' -o -name '*.cc')
# What of KQL runs, found out by asking the program; the part on what is missing needs ../shared.
coverage: all
	python3 tests/tools/coverage.py $(B) $(wildcard ../shared/kql/inventory.tsv) >$(B)/kql-coverage.md && mv $(B)/kql-coverage.md docs/kql-coverage.md

docs:
	@command -v doxygen >/dev/null || { echo "doxygen is missing: make deps" >&2; exit 1; }
	@mkdir -p $(B)/docs
	@{ cat docs/Doxyfile; echo 'PROJECT_NUMBER = $(VERSION)'; echo 'OUTPUT_DIRECTORY = $(B)/docs'; } >$(B)/docs/Doxyfile
	doxygen $(B)/docs/Doxyfile
	@echo "docs: $(B)/docs/html/index.html"

install: all
	install -d '$(DESTDIR)$(BINDIR)' '$(DESTDIR)$(LIBDIR)/pkgconfig' '$(DESTDIR)$(INCLUDEDIR)/rtq'
	install -m 644 $(HEADERS) '$(DESTDIR)$(INCLUDEDIR)/rtq'
	install -m 644 $(STATIC) '$(DESTDIR)$(LIBDIR)'
	install -m 755 $(SHARED) '$(DESTDIR)$(LIBDIR)'
	ln -sf libkqlstream.so.$(SOVERSION) '$(DESTDIR)$(LIBDIR)/libkqlstream.so'
	$(if $(PROGRAM),install -m 755 $(PROGRAM) '$(DESTDIR)$(BINDIR)')
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' -e 's|@VERSION@|$(VERSION)|' \
		-e 's|@REQUIRES@|$(PKGS)|' -e 's|@LIBS_PRIVATE@|-lstdc++ -lm -pthread $(if $(filter 1,$(WITH_DECIMAL)),-l:libbidgcc000.a)|' \
		pkgconfig/kqlstream.pc.in >'$(DESTDIR)$(LIBDIR)/pkgconfig/kqlstream.pc'
uninstall:
	rm -f '$(DESTDIR)$(BINDIR)/kqlstream' '$(DESTDIR)$(LIBDIR)/libkqlstream.a' '$(DESTDIR)$(LIBDIR)/libkqlstream.so' \
		'$(DESTDIR)$(LIBDIR)/libkqlstream.so.$(SOVERSION)' '$(DESTDIR)$(LIBDIR)/pkgconfig/kqlstream.pc' \
		$(HEADERS:include/rtq/%='$(DESTDIR)$(INCLUDEDIR)/rtq/%')
	-rmdir '$(DESTDIR)$(INCLUDEDIR)/rtq'
dist:
	mkdir -p build
	git archive --format=tar.gz --prefix=kqlstream-$(VERSION)/ -o build/kqlstream-$(VERSION).tar.gz HEAD
	@echo build/kqlstream-$(VERSION).tar.gz
clean:
	rm -rf build

DEPFILES := $(shell find $(B)/obj -name '*.d' 2>/dev/null)
-include $(DEPFILES)
