# `make demo` shows Toubib at work, `make test` proves it. Both install what they need, and say so first.
DEPLOYMENT ?= doctolib
OPTIONS ?=
TOUBIB := .venv/bin/toubib
export PYTHON TESTS

.DEFAULT_GOAL := help
.PHONY: help setup demo check test drill format texts requirements features services clean

help: ## Show these commands
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1|\2/' | awk -F '|' '{ printf "%-20s %s\n", $$1, $$2 }'

setup: ## Install system packages (where missing) and .venv, as the demo needs them
	@scripts/system-packages demo
	@scripts/environment runtime

demo: setup ## Set up, seed and serve a demo (DEPLOYMENT=doctolib, OPTIONS="--port 8100")
	@$(TOUBIB) demo --deployment $(DEPLOYMENT) $(OPTIONS)

check: ## Check quickly while working: lint, types, imports, fast tests on SQLite (at most 8 minutes)
	@scripts/system-packages demo
	@scripts/environment dev
	@scripts/test check

test: ## Install what the tests need, then lint, types, imports, all tests on SQLite, PostgreSQL and in a browser (at most 25 minutes)
	@scripts/system-packages test
	@scripts/environment dev
	@scripts/test test

drill: ## Everything, the long tests too, as long as it takes
	@scripts/system-packages test
	@scripts/environment dev
	@scripts/test drill

format: ## Sort imports and mend what ruff can mend
	@scripts/environment dev
	@.venv/bin/ruff check --fix .

texts: ## Add texts that are not in the catalogues yet to the .po files, and say which need translating
	@.venv/bin/python -m toubib.testing.catalogues --write core/toubib plugins/*/toubib_*

features: ## Write docs/features.md from the results of the last `make test`
	@.venv/bin/python -m toubib.testing.features --results build/test --write docs/features.md

services: ## Write the README's table of outside services that were never reached
	@.venv/bin/python scripts/outside_services.py README.md

requirements: ## Pin requirements/*.in anew, with hashes
	@scripts/environment dev
	@scripts/pin

clean: ## Remove .venv and everything that builds, tests and the demo leave (committed files stay)
	rm -rf .venv build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache screenshots test-results
	rm -rf var/demo-* && (rmdir var 2>/dev/null || true)
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
	find . -name '*.egg-info' -type d -prune -exec rm -rf {} +
