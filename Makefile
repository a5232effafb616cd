# RiskBoard's commands. A fresh machine needs Python 3.11, pip, make and a C compiler.
PYTHON ?= python3.11
PORT ?= 8000
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
INSTALLED_TEST := $(VENV)/.installed-test
PIP := $(BIN)/python -m pip --disable-pip-version-check
# Two test processes: each already runs probe processes of its own.
TEST_PROCESSES ?= 2

.DEFAULT_GOAL := help

.PHONY: help run setup test test-slow lint format bench validity clean requirements

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

run: $(INSTALLED) ## set up, then the board at http://127.0.0.1:8000 with a demo assessment
	@$(BIN)/python manage.py serve --demo --port $(PORT)

setup: $(INSTALLED_TEST) ## the installation alone, test parts included

# Tests start many processes: compiled modules are kept for them, also where the environment says otherwise.
test test-slow: export PYTHONDONTWRITEBYTECODE :=

test: $(INSTALLED_TEST) ## set up, then every test but the slow ones
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal -m "not slow"

test-slow: $(INSTALLED_TEST) ## the long tests: kill storms, whole data sets
	$(BIN)/python -m pytest -n $(TEST_PROCESSES) --dist worksteal -m slow

lint: $(INSTALLED_TEST) ## style, types and templates
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/djlint --lint --quiet templates

format: $(INSTALLED_TEST) ## let ruff write the code as `make lint` wants it
	$(BIN)/ruff check --fix --quiet .
	$(BIN)/ruff format .

bench: $(INSTALLED_TEST) ## measure the project itself into benchmarks/results/
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks

validity: $(INSTALLED_TEST) ## fail where planted faults are found worse than before
	OMP_NUM_THREADS=1 $(BIN)/python -m benchmarks.validity check

clean: ## remove what can be made again; var/ (your data) stays
	rm -rf $(VENV) staticfiles .pytest_cache .ruff_cache .mypy_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

requirements: $(INSTALLED_TEST) ## compile the pins again after a change of requirements*.in
	$(PIP) install --quiet pip-tools
	cd . && for part in requirements requirements-test; do \
	  $(BIN)/pip-compile --quiet --strip-extras --no-header --no-annotate --no-emit-index-url --no-emit-options \
	    --no-emit-find-links --no-emit-trusted-host --output-file $$part.txt $$part.in && \
	  sed -i 's/+cpu//; /unsafe in a requirements file/d; /^# setuptools/d' $$part.txt; done

$(VENV)/bin/python:
	@command -v $(PYTHON) >/dev/null || { echo "RiskBoard needs Python 3.11: install it, or name one: make PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)"
	@$(PYTHON) -m venv $(VENV)

$(INSTALLED): requirements.txt | $(VENV)/bin/python
	@echo "Installing what RiskBoard runs on (about a minute, most of it PyTorch) ..."
	@$(PIP) install --progress-bar on -r requirements.txt
	@touch $@

$(INSTALLED_TEST): requirements-test.txt $(INSTALLED)
	@echo "Installing what its tests need ..."
	@$(PIP) install --progress-bar on -r requirements-test.txt
	@touch $@
