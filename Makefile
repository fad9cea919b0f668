# The project's commands. `make run` and `make test` are all a newcomer needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help run test check format lock

help:  ## Show this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

run: $(VENV)/.embedded  ## Run the whole tracker here (HOST, PORT)
	@$(BIN)/python -m config.embedded

test: $(VENV)/.develop  ## Run the suite on SQLite and on PostgreSQL (ARGS narrows)
	TEST_DATABASE=sqlite $(BIN)/python -m pytest -p tests.services $(ARGS)
	TEST_DATABASE=postgresql $(BIN)/python -m pytest -p tests.services $(ARGS)

check: $(VENV)/.develop  ## Linters, types, imports, migrations, production settings
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	SECRET_KEY=check-only-not-a-secret DEBUG=on $(BIN)/mypy commitments tracker config
	$(BIN)/lint-imports
	SECRET_KEY=check-only-not-a-secret DEBUG=on $(BIN)/python manage.py makemigrations --check --dry-run
	SECRET_KEY=$$($(BIN)/python -c 'import secrets; print(secrets.token_urlsafe(50))') \
	  $(BIN)/python manage.py check --deploy --fail-level WARNING

format: $(VENV)/.develop  ## Put the code into the house's format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Installed again only when the locked requirements change.
$(VENV)/.embedded: requirements/embedded.txt
	$(call install,embedded)

$(VENV)/.develop: requirements/develop.txt
	$(call install,develop)

define install
@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
  { echo "The tracker needs Python 3.11 or newer; set PYTHON=..."; exit 1; }
@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
@echo "Installing requirements/$(1).txt"
@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/$(1).txt
@$(BIN)/python -m compileall -q $(VENV)/lib || true
@touch $@
endef

lock:  ## Resolve the requirement files anew (needs uv on the PATH)
	uv pip compile -q pyproject.toml --generate-hashes --no-header --no-emit-index-url --universal -o requirements/production.txt
	uv pip compile -q pyproject.toml --group embedded --generate-hashes --no-header --no-emit-index-url --universal -c requirements/production.txt -o requirements/embedded.txt
	uv pip compile -q pyproject.toml --group dev --generate-hashes --no-header --no-emit-index-url --universal -c requirements/embedded.txt -o requirements/develop.txt
