# µScope. `make run` is all a user needs; `make help` lists the rest.
PYTHON ?= python3
# make itself hands PORT, MUSCOPE_DATA and every other setting on, from the environment or the command line.

.DEFAULT_GOAL := help
.PHONY: help run docs setup setup-dev test test-fast bench faults security check types js format constraints openapi client reproduce calibrate install-calibration clean

help: ## Show this list
	@echo "make <target> [PORT=8000] [MUSCOPE_DATA=data] [PYTHON=python3.12]"
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-20s %s\n", $$1, $$2 }' Makefile

run: setup ## Start µScope on this machine (installs it first if needed)
	@exec .venv/bin/muscope run

setup: ## Create .venv with what running needs
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one with PYTHON=" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py backend worker embedded

setup-dev: ## Create .venv with what tests and checks need too, and install the git hooks
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one with PYTHON=" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py backend worker embedded dev
	@.venv/bin/python scripts/hooks.py install

test: setup-dev ## Run all checks, then all tests: what CI runs; PYTEST_ARGUMENTS goes to pytest
	@.venv/bin/python scripts/browser.py
	@.venv/bin/python scripts/checks.py

test-fast: setup-dev ## Run the tests that start no processes and take seconds at most; PYTEST_ARGUMENTS="-k name" chooses
	@.venv/bin/python scripts/checks.py fast

types: setup-dev ## Run mypy only
	@.venv/bin/python scripts/checks.py types

check: setup-dev ## Run the checks only: lint, format, import rules, types
	@.venv/bin/python scripts/checks.py check

js: frontend/node_modules/.package-lock.json ## Check the scripts of the page (lint, types, unit tests); needs Node.js 20.19
	@cd frontend && npm run --silent check

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	@command -v npm >/dev/null || { echo "npm was not found: install Node.js 20.19 or newer" >&2; exit 1; }
	@cd frontend && npm ci --no-audit --no-fund --loglevel=error

format: setup-dev ## Format the code and fix what can be fixed
	@.venv/bin/ruff check --fix --quiet . || true
	@.venv/bin/ruff format .

constraints: setup-dev ## Write the installed versions to constraints.txt
	@.venv/bin/python scripts/constraints.py

openapi: setup-dev ## Write docs/openapi.json, and the options that tests of the page read
	@.venv/bin/python -m scripts.openapi

client: setup-dev ## Write the client's plain calls from its coroutines
	@.venv/bin/python -m scripts.client

docs: setup ## Build the documentation site into build/docs; the product builds its own
	@.venv/bin/python -m scripts.docs

reproduce: ## Test the claims of the paper at the size of a CPU, ONLY=f1 for one of them; goes on where it was stopped
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one with PYTHON=" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py backend worker embedded reproduce
	@OMP_NUM_THREADS=1 .venv/bin/python -m studies.reproduction $(ONLY)

calibrate: ## Test the verdict against known truth, ONLY=real runs one row; goes on where it was stopped
	@command -v $(PYTHON) >/dev/null || { echo "$(PYTHON) was not found: install Python 3.11 or newer, or name one with PYTHON=" >&2; exit 1; }
	@$(PYTHON) scripts/setup.py backend worker embedded reproduce tables
	@OMP_NUM_THREADS=1 .venv/bin/python -m studies.calibration $(ONLY)

install-calibration: setup-dev ## Show what the record of `make calibrate` changes in the product, and install it
	@.venv/bin/python -m studies.calibration.install

clean: ## Remove .venv and caches; data stays
	@rm -rf .venv frontend/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build *.egg-info
	@find backend worker studies benchmarks tests scripts alembic -name __pycache__ -type d -prune -exec rm -rf {} +

bench: setup-dev ## Measure against what people use today; ONLY=<row> runs one row
	@.venv/bin/python -m benchmarks $(ONLY)

faults: setup-dev ## Disturb a stack that trains and compare its exports; ONLY=kills, kills_postgres, network, backup_production, broker, disk, clock or soak, FAULTS=<n> from FIRST=<i>, MINUTES=<n> and PACE=<x> of soak
	@FAULTS=$(FAULTS) FIRST=$(FIRST) MINUTES=$(MINUTES) PACE=$(PACE) .venv/bin/python -m benchmarks $(if $(ONLY),$(addprefix faults_,$(ONLY)),faults)

security: setup-dev ## Attack a running stack and search its source; ONLY=s1 to s13 or permissions, REQUESTS=<n> and PART=<i>/<n> of s1
	@REQUESTS=$(REQUESTS) PART=$(PART) .venv/bin/python -m benchmarks $(if $(ONLY),$(addprefix security_,$(ONLY)),security)
