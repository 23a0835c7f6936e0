# Accord. Needed: Python ≥ 3.11 and make. `make help` lists the targets.

PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
MANAGE  = $(BIN)/python manage.py
PIP     = $(BIN)/python -m pip --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo demo-reset start forecast test check format messages frontend requirements clean

help: ## List the targets
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

# --- Running -------------------------------------------------------------------------------------------

demo: $(VENV)/.runtime ## Run the demo company (everything included; Ctrl-C stops, running again keeps the data)
	@exec $(MANAGE) up --demo

demo-reset: $(VENV)/.runtime ## Forget the demo's data, so that the next `make demo` starts over
	@$(MANAGE) forget

start: $(VENV)/.runtime ## Run an empty installation; prints the one-time link that sets it up
	@exec $(MANAGE) up

forecast: $(VENV)/.forecast ## Install what forecasts of metrics need (half a gigabyte; two years of months)

# --- Developing ----------------------------------------------------------------------------------------

test: $(VENV)/.develop ## Run the tests (own PostgreSQL unless DATABASE_URL is set); ARGS="-k name" narrows
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m "not long" $(ARGS)

test-long: $(VENV)/.develop ## Run the tests that take minutes: much real data, the main job without scripts and in Chinese
	@$(BIN)/python -m pytest -n 2 --no-loadscope-reorder -m long $(ARGS)

check: $(VENV)/.develop ## Lint, types, import contracts, migrations, translations, templates, production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/djlint templates --lint --quiet
	$(MANAGE) makemigrations --check --dry-run
	$(MANAGE) check_translations
	@echo "Django's checks with the settings of production"
	@env -u DEBUG -u EMAIL_URL DATABASE_URL=postgresql://accord_app:x@localhost/accord REDIS_URL=redis://localhost \
		ALLOWED_HOSTS=accord.example SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(64))') \
		FIELD_ENCRYPTION_KEYS=$$($(BIN)/python -c 'from cryptography.fernet import Fernet as F; print(F.generate_key().decode())') \
		$(MANAGE) check --deploy --fail-level WARNING

format: $(VENV)/.develop ## Format the code
	$(BIN)/ruff check --fix --exit-zero .
	$(BIN)/ruff format .

messages: $(VENV)/.develop ## Collect new texts into locale/ and compile it (needs gettext)
	$(MANAGE) makemessages -l zh_Hans --no-location --no-wrap $(foreach folder,.venv .accord node_modules tests docs static frontend staticfiles,-i $(folder))
	$(MANAGE) compilemessages --ignore .venv --ignore node_modules

frontend: ## Rebuild static/ from frontend/ (needs Node.js; the results are committed)
	npm ci
	npm run build

requirements: $(VENV)/.develop ## Pin requirements*.txt anew from pyproject.toml
	$(BIN)/python -m piptools compile $(PINNING) --output-file requirements.txt pyproject.toml
	$(BIN)/python -m piptools compile $(PINNING) --extra forecast --constraint requirements.txt --output-file requirements-forecast.txt pyproject.toml
	$(BIN)/python -m piptools compile $(PINNING) --extra forecast --extra dev --constraint requirements-forecast.txt --output-file requirements-dev.txt pyproject.toml

PINNING = --quiet --generate-hashes --strip-extras --allow-unsafe --no-emit-index-url --no-emit-trusted-host \
	--no-emit-find-links --no-header

clean: ## Remove what tools left behind (not the data, not the environment)
	rm -rf .pytest_cache .ruff_cache .mypy_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -not -path './.venv/*' -prune -exec rm -rf {} +

# --- The environment -----------------------------------------------------------------------------------

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo "Accord needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1 || true)."; \
		echo "Name another one, for example: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) comes without venv; on Debian and Ubuntu: apt install python3-venv"; exit 1; }
	@echo "Making the Python environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.txt | $(VENV)/bin/python
	@echo "Installing the requirements …"
	@$(PIP) install --quiet --require-hashes -r requirements.txt
	@touch $@

$(VENV)/.forecast: requirements-forecast.txt | $(VENV)/.runtime
	@echo "Installing what forecasts need …"
	@$(PIP) install --quiet --require-hashes -r requirements-forecast.txt
	@touch $@

$(VENV)/.develop: requirements-dev.txt | $(VENV)/.runtime
	@echo "Installing the developers' requirements …"
	@$(PIP) install --quiet --require-hashes -r requirements-dev.txt
	@touch $@
