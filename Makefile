# The only door: people and CI call the same targets. `make` shows them.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
CACHED := .cache/.ready
ARGS   ?=
# Tests mostly wait, for brokers and processes that they end: more of them at once than there are cores.
WORKERS ?= 3
COMPILE := $(BIN)/uv pip compile --quiet --generate-hashes --python-version 3.11 --universal --no-header --no-emit-index-url

.DEFAULT_GOAL := help
.PHONY: help setup demo test crash bench leaks lint types lock picture clean

help: ## show this text
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) $(CACHED) ## make .venv from the lock and fetch Apache Kafka (instant when done before)
	@:

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Signaalhub needs Python 3.11 or newer; $(PYTHON) is older or absent. Try: make setup PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null \
	  || { echo "$(PYTHON) has no venv module. On Debian or Ubuntu: apt-get install python3-venv; then run make again."; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing the locked packages into $(VENV) (about a minute, once)"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock \
	  || { echo "The Python packages could not be installed: is the package registry reachable? Run make again when it is."; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

$(CACHED): $(STAMP) services/local/kafka-jars.lock
	@$(BIN)/python -m services.local.cache
	@touch $@

demo: setup ## play two months on real Kafka, then stay up (ARGS=--once: end, and fail on any difference)
	@$(BIN)/signaalhub demo $(ARGS)

test: setup ## all tests on real Kafka and PostgreSQL (ARGS="-m 'not real'": the quick ones)
	@$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --ignore=tests/real/crash $(ARGS)

crash: setup ## take a whole hub under load apart, time and again; ends with every record accounted for (minutes)
	@$(BIN)/python -m pytest -x -s tests/real/crash $(ARGS)

bench: setup ## measure the hub on this machine: a to g (ARGS=all; ARGS="a c": these; ARGS="--write docs/benchmarks.md")
	@$(BIN)/python -m services.local.bench $(ARGS)

leaks: setup ## search all that `make demo ARGS=--once` left behind for personal data that was sent in
	@$(BIN)/python -m tests.real.hub.leaks .signaalhub-demo

lint: $(STAMP) ## style, formatting and who may import whom
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

types: $(STAMP) ## mypy --strict
	@$(BIN)/mypy

lock: $(STAMP) ## resolve pyproject.toml into requirements.lock and requirements-image.lock again
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(COMPILE) --all-extras pyproject.toml -o requirements.lock
	@$(COMPILE) --extra build pyproject.toml -o requirements-image.lock

picture: $(STAMP) ## draw the topics of schemas/topics.yaml into schemas/README.md again
	$(BIN)/python -m services.local.picture

clean: ## remove everything that was made: environment, cache, data folders
	@rm -rf $(VENV) .cache .signaalhub* build *.egg-info .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis
