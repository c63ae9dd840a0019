# The doors of the project. Each works in a fresh clone: the first one used makes .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.stamp
PIP := $(BIN)/python -m pip -qq --disable-pip-version-check --no-input
PACKAGES := refmodel proofs fuzz tests
UV := uv==0.13.9

# Further arguments of pytest, of `refmodel fuzz`, of the ladder and of `uv pip compile` (LOCK_ARGS=--upgrade).
PYTEST_ARGS ?=
FUZZ_ARGS ?= --time 60s
LADDER_ARGS ?=
LOCK_ARGS ?=

MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help check test test-slow coverage prove fuzz bench bench-fuzz lint lock clean

help: ## say what each door does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

check: $(STAMP) ## check the model: what `refmodel check` does
	@$(BIN)/refmodel check

test: $(STAMP) ## run the quick tests (PYTEST_ARGS=... adds arguments)
	@$(BIN)/python -m pytest $(PYTEST_ARGS)

test-slow: $(STAMP) ## run the tests marked slow
	@$(BIN)/python -m pytest -m slow $(PYTEST_ARGS)

coverage: $(STAMP) ## run the quick tests with branch coverage; fails under 95 %
	@$(BIN)/python -m pytest --cov --cov-report=term $(PYTEST_ARGS)

prove: $(STAMP) ## run the Z3 proofs
	@$(BIN)/refmodel prove

fuzz: $(STAMP) ## fuzz for a minute (FUZZ_ARGS="--time 1h" for longer)
	@$(BIN)/refmodel fuzz $(FUZZ_ARGS)

bench: $(STAMP) ## measure speed
	@$(BIN)/python -m tests.bench

bench-fuzz: $(STAMP) ## measure how soon wrong variants are found (hours; goes on where it was; LADDER_ARGS=--all)
	@$(BIN)/python -m fuzz.ladder $(LADDER_ARGS)

lint: $(STAMP) ## check style, format and types
	@$(BIN)/ruff check $(PACKAGES)
	@$(BIN)/ruff format --check $(PACKAGES)
	@$(BIN)/mypy --strict $(PACKAGES)

lock: ## write requirements.lock anew (LOCK_ARGS=--upgrade takes newer versions)
	@set -e; tmp=$$(mktemp -d); trap 'rm -rf "$$tmp"' EXIT; \
	$(PYTHON) -m venv "$$tmp"; \
	"$$tmp/bin/python" -m pip -qq --disable-pip-version-check install $(UV); \
	"$$tmp/bin/uv" pip compile --quiet --universal --python-version 3.11 --all-extras --generate-hashes \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" \
	  $(LOCK_ARGS) -o requirements.lock pyproject.toml

clean: ## remove .venv and everything the tools leave behind
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .coverage .coverage.* htmlcov build dist
	@find $(PACKAGES) -type d -name __pycache__ -prune -exec rm -rf {} + 2>/dev/null || true

# A PYTHON that is named, and is not the one .venv was made with, makes .venv anew.
ifneq ($(origin PYTHON),file)
ifneq ($(PYTHON),$(shell cat $(VENV)/.made-with 2>/dev/null))
.PHONY: $(STAMP)
endif
endif

$(STAMP): requirements.lock pyproject.toml
	@command -v $(PYTHON) >/dev/null || { echo "make: no $(PYTHON) found; name one: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "make: refmodel needs Python 3.11 or newer, and $(PYTHON) is older; name one: make PYTHON=python3.13" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || \
	  { echo "make: $(PYTHON) has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@echo "Setting up $(VENV) with $$($(PYTHON) -V) from requirements.lock (once; about a minute)"
	@[ "$$(cat $(VENV)/.made-with 2>/dev/null)" = "$(PYTHON)" ] || $(PYTHON) -m venv --clear $(VENV)
	@echo "$(PYTHON)" >$(VENV)/.made-with
	@# The lock is whole: no resolver (pip looks past pins for extras such as coverage[toml]).
	@$(PIP) install --only-binary :all: --no-deps --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation -e .
	@touch $@
