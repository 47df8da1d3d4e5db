# A short front to Meson. The program ends up at build/rehearse. JOBS=N limits what runs at the same time.
PREFIX ?= /usr/local
JOBS ?= $(shell nproc)
NATIVE := --native-file build/deps/native.ini

.PHONY: all demo test lint bench install clean setup asan tsan fuzz

all: setup build/build.ninja
	@ninja -C build -j $(JOBS) --quiet

setup:
	@scripts/setup build

build/build.ninja:
	@meson setup build $(NATIVE) >build/setup.log || { cat build/setup.log; exit 1; }

# The same program with AddressSanitizer and UndefinedBehaviorSanitizer; what the tests run.
asan: setup
	@test -e build/asan/build.ninja || meson setup build/asan $(NATIVE) -Db_sanitize=address,undefined -Doptimization=1 >build/setup.log
	@ninja -C build/asan -j $(JOBS) --quiet

tsan: setup
	@test -e build/tsan/build.ninja || meson setup build/tsan $(NATIVE) -Db_sanitize=thread -Doptimization=1 >build/setup.log
	@ninja -C build/tsan -j $(JOBS) --quiet

demo: all
	@build/rehearse run examples/register-app

test: all asan
	@scripts/setup test
	@scripts/test $(JOBS)

# The other compiler must be content too.
lint: all
	@scripts/setup test
	@test -e build/clang/build.ninja || CC=clang meson setup build/clang $(NATIVE) >build/setup.log
	@ninja -C build/clang -j $(JOBS) --quiet
	@scripts/lint

# libFuzzer looks for inputs that break a parser, SECONDS for each target (TARGETS: only these); what it finds is kept in tests/fuzz/corpus.
fuzz: setup
	@scripts/setup test
	@test -e build/fuzz/build.ninja || CC=clang meson setup build/fuzz $(NATIVE) -Dfuzz=true -Db_sanitize=address,undefined -Db_lundef=false -Doptimization=1 >build/setup.log
	@ninja -C build/fuzz -j $(JOBS) --quiet tests/fuzz/fuzz
	@scripts/fuzz $(or $(SECONDS),60) $(TARGETS)

bench: all
	@scripts/setup bench
	@bench/run

install: all
	@meson configure build -Dprefix=$(PREFIX) && meson install -C build

clean:
	@rm -rf build/asan build/tsan build/clang build/fuzz
	@test ! -e build/build.ninja || ninja -C build clean
