# What a newcomer types. Needs python3 with venv and pip; everything else goes into .venv, once.

PYTHON ?= python3
HOST ?= 127.0.0.1
PORT ?= 8000
# How many tests run side by side: make test JOBS=1
JOBS ?= auto
# Arguments for pytest: make test ARGS="core/tests -k routing"
ARGS ?=

VENV := .venv
BIN := $(VENV)/bin
PROJECTS := pyproject.toml core/pyproject.toml $(wildcard plugins/*/pyproject.toml)
PLUGINS := $(patsubst %/pyproject.toml,%,$(wildcard plugins/*/pyproject.toml))
EDITABLE := -e "./core[standard,forms,templates,test,testing]" $(foreach plugin,$(PLUGINS),-e ./$(plugin))
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet --quiet
# The installed environment, and one of its own for the benchmark, whose peers would only be in the way elsewhere. Each
# is made again when a pyproject.toml is newer.
READY := $(VENV)/.ready
VENV_BENCH := .venv-bench
READY_BENCH := $(VENV_BENCH)/.ready

.DEFAULT_GOAL := help
.PHONY: help run test check format bench docs changelog clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(READY) ## Serve examples/quickstart on http://127.0.0.1:8000 (PORT=8001 for another port)
	@cd examples/quickstart && exec ../../$(BIN)/python -m uvicorn main:app \
		--host $(HOST) --port $(PORT) --no-access-log --timeout-graceful-shutdown 5

test: $(READY) ## Run every test of every package, and report the coverage
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --cov --cov-report= $(ARGS); status=$$?; \
		echo "coverage: $$($(BIN)/coverage report --format=total)% ($(BIN)/coverage report lists what is missing)"; exit $$status

check: $(READY) ## Run every static check: ruff, mypy, pyright, import-linter
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pyright
	$(BIN)/lint-imports

format: $(READY) ## Format the code and sort its imports
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

bench: $(READY_BENCH) ## Measure side by side with the peers (ARGS=--quick, ARGS="--only plain", ARGS=--help)
	$(VENV_BENCH)/bin/python -m benchmarks.run $(ARGS)

docs: ## List the pages of the documentation
	@find docs -name '*.md' | sort

changelog: $(READY) ## Gather changes/ into a changelog: DIST=plugins/cors VERSION=0.2.0
	@test -n "$(DIST)" && test -n "$(VERSION)" || { \
		echo "make changelog: say which and what, as in: make changelog DIST=plugins/cors VERSION=0.2.0"; exit 2; }
	$(BIN)/towncrier build --config pyproject.toml --dir $(DIST) --version $(VERSION)

clean: ## Remove the environment, caches and build results
	rm -rf $(VENV) $(VENV_BENCH) .coverage .mypy_cache .pytest_cache .ruff_cache .import_linter_cache .hypothesis htmlcov
	rm -rf core/dist plugins/*/dist
	find core plugins tests examples benchmarks -name __pycache__ -type d -prune -exec rm -rf {} + 2>/dev/null || true

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { \
		echo "Pegboard needs Python 3.11 or newer; $(PYTHON) is: $$($(PYTHON) --version 2>&1)"; \
		echo "Name another one: make run PYTHON=python3.12"; exit 1; }
	@echo "Creating the virtual environment in $(VENV) ..."
	@$(PYTHON) -m venv $(VENV)

# pip reads dependency groups from version 25.1 on, so the environment's own pip comes first.
$(READY): $(PROJECTS) | $(BIN)/python
	@echo "Installing Pegboard, its plugins and the tools into $(VENV) (once, about a minute) ..."
	@$(PIP) install --upgrade "pip>=25.1"
	@$(PIP) install $(EDITABLE) --group dev
	@touch $@

$(READY_BENCH): $(PROJECTS) | $(BIN)/python
	@echo "Installing Pegboard, its plugins and the benchmark's peers into $(VENV_BENCH) ..."
	@$(BIN)/python -m venv $(VENV_BENCH)
	@$(VENV_BENCH)/bin/python -m pip --disable-pip-version-check --quiet --quiet install --upgrade "pip>=25.1"
	@$(VENV_BENCH)/bin/python -m pip --disable-pip-version-check --quiet --quiet install $(EDITABLE) --group bench
	@touch $@
