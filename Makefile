# The project's commands. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=
# Test processes beside each other; ARGS="-n 0" for one.
JOBS ?= 2
# How many kills a fault test survives.
KILLS ?= 200
# How many entries eight writers append.
APPENDS ?= 3200
# What `make faults` runs: the tests with long versions.
LONG ?= tests/faults tests/commitments tests/security tests/tracker/test_backups.py
# How many made-up requests of each kind `make fuzz` sends, and which ones.
EXAMPLES ?= 100
# How many bad values it sends to forms, headers, filters, places and bodies.
CALLS ?= 10000
SEED ?= $(shell date +%s)
export HOST PORT

PYTEST := $(BIN)/python -m pytest -p tests.services -n $(JOBS)
DEVELOPING := SECRET_KEY=check-only-not-a-secret DEBUG=on
# Production settings with made-up values.
PRODUCTION = DEBUG=off SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
  ALLOWED_HOSTS=tracker.example.org TRACKER_SITE_URL=https://tracker.example.org

.DEFAULT_GOAL := help
.PHONY: help run manage test faults mutations fuzz check screenshots bench contract messages format lock

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

run: $(VENV)/.embedded  ## Run the whole tracker here (HOST, PORT)
	@$(BIN)/python -m config.embedded

manage: $(VENV)/.embedded  ## A command on its data: ARGS="verify_history"
	@$(BIN)/python -m config.embedded $(or $(ARGS),help)

test: $(VENV)/.develop  ## Run the suite on SQLite and on PostgreSQL (ARGS narrows)
	TEST_DATABASE=sqlite $(PYTEST) $(ARGS)
	TEST_DATABASE=postgresql $(PYTEST) $(ARGS)

check: $(VENV)/.develop  ## Linters, types, imports, migrations, production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(DEVELOPING) $(BIN)/mypy commitments tracker config
	$(DEVELOPING) $(BIN)/lint-imports
	$(BIN)/bandit -q -ll -c pyproject.toml -r commitments tracker config
	git ls-files -z ':!tests' ':!requirements' ':!locale' ':!docs/*.json' ':!docs/contract' | xargs -0 $(BIN)/detect-secrets-hook --exclude-lines '//(user|tracker|site):password@|-not-a-secret'
	$(BIN)/python scripts/audit.py
	$(DEVELOPING) $(BIN)/python manage.py makemigrations --check --dry-run
	$(DEVELOPING) $(BIN)/python manage.py spectacular --format openapi-json --validate --fail-on-warn | diff docs/openapi.json -
	$(BIN)/python -m scripts.messages --check
	$(BIN)/python scripts/breaking.py docs/contract docs/openapi.json
	@echo "manage.py check --deploy, on production settings"
	@$(PRODUCTION) $(BIN)/python manage.py check --deploy --fail-level WARNING
	SECRET_KEY=check POSTGRES_PASSWORD=check POSTGRES_SITE_PASSWORD=check $(BIN)/docker-compose --env-file .env.example config -q

faults: $(VENV)/.develop  ## Kill workers and brokers by the hundred (KILLS, APPENDS, ARGS)
	TEST_DATABASE=$${TEST_DATABASE:-postgresql} FAULT_KILLS=$(KILLS) APPENDS=$(APPENDS) $(BIN)/python -m pytest -p tests.services -n 0 -s -m faults $(LONG) $(ARGS)

mutations: $(VENV)/.develop  ## Take each protection away: tests must notice (ARGS)
	$(BIN)/python -m tests.mutations $(ARGS)

fuzz: $(VENV)/.develop  ## Send made-up requests for long (EXAMPLES, CALLS, SEED, ARGS)
	EXAMPLES=$(EXAMPLES) CALLS=$(CALLS) SEED=$(SEED) $(BIN)/python -m pytest \
	  -p tests.services -n 0 -s tests/tracker/api/test_fuzz.py \
	  tests/tracker/test_filters.py tests/security/test_bad_input.py $(ARGS)

screenshots: $(VENV)/.develop  ## Pictures of every page into var/screenshots (ARGS=--docs)
	$(BIN)/python scripts/screenshots.py $(ARGS)

bench: $(VENV)/.bench  ## Measure, beside others, in one run (ARGS names parts)
	$(BIN)/python -m bench $(ARGS)

contract: $(VENV)/.develop  ## Write the API's contract anew: docs/openapi.json
	$(DEVELOPING) $(BIN)/python manage.py spectacular --format openapi-json --validate --fail-on-warn > docs/openapi.json

messages: $(VENV)/.develop  ## Take the texts of the pages anew for translation, and compile
	$(BIN)/python -m scripts.messages

format: $(VENV)/.develop  ## Put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Installed again only when the locked requirements change.
$(VENV)/.embedded: requirements/embedded.txt
	$(call install,embedded)

$(VENV)/.develop: requirements/develop.txt
	$(call install,develop)

$(VENV)/.bench: $(VENV)/.develop requirements/bench.txt
	$(call install,bench)

# Compiled at once: where bytecode is not written later, each start would take seconds.
define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "The tracker needs Python 3.11 or newer; name one with PYTHON=..."; exit 1; }
@test -x $(BIN)/pip || $(PYTHON) -m venv $(VENV) || \
  { echo "Python cannot make environments here; install its venv module (python3-venv)."; exit 1; }
@echo "Installing requirements/$(1).txt"
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt
@$(BIN)/python -m compileall -qq $(VENV)/lib || true
@touch $@
endef

LOCK := uv pip compile -q pyproject.toml --extra sentry --extra mail --universal --generate-hashes --no-header --no-emit-index-url

lock:  ## Resolve the requirement files anew (needs uv on the PATH)
	$(LOCK) -o requirements/production.txt
	$(LOCK) --group embedded -c requirements/production.txt -o requirements/embedded.txt
	$(LOCK) --group dev -c requirements/embedded.txt -o requirements/develop.txt
	$(LOCK) --group bench -c requirements/develop.txt -o requirements/bench.txt
	! grep -nE 'https?://' requirements/*.txt
