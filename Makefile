# Everything a person needs: make run, make test. `make help` lists the rest.
PYTHON ?= python3
PY := .venv/bin/python
BOOTSTRAP := $(PYTHON) config/bootstrap.py
NAME ?=
MODEL_PORT ?= 9100
export PATH := $(CURDIR)/.venv/bin:$(PATH)

.DEFAULT_GOAL := help
.PHONY: help run install test test-fast test-frontend lint lint-python lint-rest schema bench example-model clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

run: ## Install what is missing, then start Winnow (PORT=8000 WINNOW_DATA_DIR=./data)
	@$(BOOTSTRAP) run
	@exec $(PY) manage.py serve

install: ## Install all that development needs, and start nothing
	@$(BOOTSTRAP) test

test: ## Run every test: front end, Python, and the browser
	@$(BOOTSTRAP) test
	cd frontend && npm test --silent
	$(PY) -m pytest -n 2 -m "not e2e"
	$(PY) -m pytest tests/e2e -n 3 --maxschedchunk 1 --reruns 1 -rR

test-fast: ## Run the Python tests that need no browser and no running server
	@$(BOOTSTRAP) test
	$(PY) -m pytest -n 2 -m "not e2e and not slow"

test-frontend: ## Run the front end's own tests
	@$(BOOTSTRAP) test
	cd frontend && npm test --silent

lint: ## Check style, types, import rules, the API schema and the migrations
	@$(BOOTSTRAP) test
	$(PY) -m ruff check .
	$(PY) -m ruff format --check .
	@$(MAKE) --no-print-directory --jobs 2 lint-python lint-rest

lint-python:
	$(PY) -m mypy

lint-rest:
	cd frontend && npm run lint --silent && npm run typecheck --silent
	.venv/bin/lint-imports --no-logo
	$(PY) manage.py spectacular --validate --fail-on-warn --file /dev/null
	$(PY) manage.py makemigrations --check --dry-run
	@cp frontend/src/api/schema.d.ts build/schema-before.d.ts
	cd frontend && npm run generate-api --silent
	@cmp build/schema-before.d.ts frontend/src/api/schema.d.ts || { echo "The front end's types did not fit the API; make schema wrote them anew: commit them."; exit 1; }

schema: ## Make the front end's types from the API's schema
	@$(BOOTSTRAP) test
	cd frontend && npm run generate-api --silent

bench: ## List the benchmarks; NAME=prefill runs one
	@$(BOOTSTRAP) test
	@$(PY) -m benchmarks $(NAME)

example-model: ## Start the sample model server that the tutorial uses (MODEL_PORT=9100)
	@$(BOOTSTRAP) run
	@exec $(PY) examples/winnow_json_server.py --port $(MODEL_PORT)

clean: ## Remove what was built; the data directory stays
	rm -rf .venv frontend/node_modules frontend/dist build
