# One file that says how everything is run. Each target sets up what it needs, once; a second run does nothing twice.
#
#   make demo           the guide's canary release, played live on the embedded cluster (about half a minute)
#   make test           lint, types, import contracts and all tests
#   make shells         zsh, fish, bash-completion by Debian's packages: completion is tested in what is there, else skipped
#   make bench          how long commands take, against the bare interpreter (bench-watch, bench-layout: watches, drawing)
#   make bench-sandbox  the embedded cluster: its start, and 200 releases at once (about 45 seconds)
#   make soak           1,000 releases with random commands on the sandbox's controllers, invariants checked at every step
#   make torture        campaigns of seeded faults, long: about fifteen minutes
#   make conformance    the recorded command lines and releases of the reference

SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# The first interpreter on the PATH that is new enough and can make virtual environments; PYTHON=… overrides.
find-python = for p in $(or $(PYTHON),python3 python3.14 python3.13 python3.12 python3.11 python); do \
	  if command -v "$$p" >/dev/null 2>&1 && "$$p" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
	    echo "$$p"; exit 0; fi; done
found-python = $(or $(shell $(find-python)),$(error Python 3.11 or newer with its venv module is needed (Debian: apt-get install python3 python3-venv); set PYTHON=/path/to/python3 to choose one))

# What pip says is shown when it fails, the last line of it.
PIP_LOG := $(VENV)/pip.log
pip-install = $(BIN)/python -m pip install -q $(1) >$(PIP_LOG) 2>&1 || { \
	  echo "Error: the packages of $(2) could not be installed: $$(tail -n 1 $(PIP_LOG)) (all of it: $(PIP_LOG); without a network nothing can be fetched)" >&2; exit 1; }

RUNTIME := $(VENV)/.runtime-ready
DEV := $(VENV)/.dev-ready

.PHONY: shells soak bench-sandbox demo test lint types contracts check-tests torture wheel sbom audit bench bench-compare conformance completions lock clean bench-watch bench-layout
.DEFAULT_GOAL := help

help:
	@sed -n 's/^#   //p' Makefile

$(VENV)/pyvenv.cfg:
	@python="$(found-python)"; echo "Setting up $(VENV) with $$python"; "$$python" -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

$(RUNTIME): $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	@echo "Installing the packages of requirements.lock (once; a minute or two)"
	@$(call pip-install,--require-hashes -r requirements.lock,requirements.lock)
	@$(call pip-install,--no-deps --no-build-isolation -e .,this folder)
	@$(BIN)/python -m compileall -q kubectl_rollouts
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.lock
	@echo "Installing the packages of requirements-dev.lock (once; a minute or two)"
	@$(call pip-install,--require-hashes -r requirements-dev.lock,requirements-dev.lock)
	@touch $@

demo: $(RUNTIME)
	@$(BIN)/kubectl-rollouts sandbox demo

shells:
	@if command -v fish >/dev/null && command -v zsh >/dev/null && [ -e /usr/share/bash-completion ]; then exit 0; fi; \
	  { [ "$$(id -u)" = 0 ] && apt-get -qq update && \
	  apt-get -qq install -y --no-install-recommends bash-completion fish zsh; } </dev/null >/dev/null 2>&1 || \
	  echo "fish and zsh cannot be installed here (that needs root and apt-get): their completion is not tested"

test: lint types contracts check-tests

lint: $(DEV)
	$(BIN)/ruff check
	$(BIN)/ruff format --check

types: $(DEV)
	$(BIN)/mypy

contracts: $(DEV)
	$(BIN)/lint-imports

check-tests: $(DEV)
	$(BIN)/pytest -n auto

torture: $(DEV)
	$(BIN)/python -m tests.torture $(ARGS)

# The wheel: the same commit gives the same bytes.
WHEELS ?= dist
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 1767225600)
wheel: $(RUNTIME)
	SOURCE_DATE_EPOCH=$(SOURCE_DATE_EPOCH) $(BIN)/python -m hatchling build -t wheel -d $(WHEELS)

SBOM ?= sbom.cdx.json
sbom: $(RUNTIME)
	$(BIN)/python -m tests.supply.sbom > $(SBOM)

# Known vulnerabilities of what is locked: needs the network, and an environment of its own.
audit: requirements.lock
	@test -x .venv-audit/bin/pip-audit || { python3 -m venv .venv-audit && .venv-audit/bin/pip install -q pip-audit==2.10.1; }
	.venv-audit/bin/pip-audit --strict --require-hashes --disable-pip -r requirements.lock

bench: $(RUNTIME)
	@$(BIN)/python -m compileall -q kubectl_rollouts
	$(BIN)/python -m benchmarks $(ARGS)

bench-watch: $(RUNTIME)
	@$(BIN)/python -m compileall -q kubectl_rollouts
	$(BIN)/python -m benchmarks.watching $(ARGS)

bench-layout: $(RUNTIME)
	$(BIN)/python -m benchmarks.layout

bench-sandbox: $(RUNTIME)
	@$(BIN)/python -m compileall -q kubectl_rollouts
	$(BIN)/python -m benchmarks.sandbox_start
	$(BIN)/python -m benchmarks.sandbox_load $(ARGS)

soak: $(DEV)
	$(BIN)/python -m tests.sandbox.controllers.soak $(RELEASES) $(SEED)

RELEASES ?= 1000
SEED ?= 0

bench-compare: $(RUNTIME)
	$(BIN)/python -m benchmarks --compare $(BASE) $(ARGS)

# The recorded facts are kept in tests/; CONFORMANCE names another copy, with more cases.
CONFORMANCE ?= tests/conformance
conformance: $(RUNTIME)
	$(BIN)/python $(CONFORMANCE)/run.py check -q -j 4 --cli $(BIN)/kubectl-rollouts
	$(BIN)/kubectl-rollouts sandbox run -- sh -c '$(BIN)/python $(CONFORMANCE)/trace.py check --cli $(BIN)/kubectl-rollouts --server "$$KUBECTL_ROLLOUTS_SANDBOX"'

completions: $(RUNTIME)
	$(BIN)/python -m kubectl_rollouts.cli.completion_scripts completions

# For maintainers: write the lock files anew (needs uv).
lock:
	uv pip compile pyproject.toml --group build --generate-hashes --universal --python-version 3.11 -q --no-header -o requirements.lock
	uv pip compile pyproject.toml --group dev --generate-hashes --universal --python-version 3.11 -q --no-header -c requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .venv-audit build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
