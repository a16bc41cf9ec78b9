# Two commands: `make run` and `make test`. They need Python 3.11 or newer, make and PyPI.

PYTHON ?= python3
VENV_PYTHON := .venv/bin/python
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help install run web services app test coverage prove bench bench-full lint format seed reset lock vendor messages manage shell shots

help: ## List what you can make
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' Makefile

install: ## Make .venv and install what this checkout needs (the other targets do it themselves)
	@$(PYTHON) dev/bootstrap.py

run: install ## Start everything; PORT=8123 picks the web port, Ctrl-C ends it
	@$(VENV_PYTHON) -m dev run

app: install ## Write an app of your product; NAME=projects MODEL=Project KOREAN=프로젝트
	@$(VENV_PYTHON) -m dev app "$(NAME)" "$(MODEL)" "$(KOREAN)"

test: install ## Run the tests; ARGS="-k signup -x" goes to pytest
	@$(VENV_PYTHON) -m dev test $(ARGS)

coverage: install ## The same, and which lines the tests ran
	@$(VENV_PYTHON) -m dev test -n logical --cov --cov-report=term $(ARGS)

prove: install ## Attack every promise and write docs/promises.md; ARGS=--minutes=10 is short, and writes nothing
	@$(VENV_PYTHON) -m dev prove $(ARGS)

bench: install ## Measure beside stock django-tenants, 10 and 100 tenants; writes docs/performance.md
	@$(VENV_PYTHON) -m dev bench $(ARGS)

bench-full: install ## The same with 1,000 and 3,000 tenants, for an hour and more; stock's are copied off the clock
	@$(VENV_PYTHON) -m dev bench --size full $(ARGS)

lint: install ## Check format, types, layers, guards, migrations, deployment settings, module sizes
	@$(VENV_PYTHON) -m dev.lint $(ARGS)

format: install ## Format the code, and mend what ruff can mend by itself
	@.venv/bin/ruff check --quiet --fix .
	@.venv/bin/ruff format .

web: install ## Start web alone, for a debugger: beside the servers of `make run`, or its own
	@$(VENV_PYTHON) -m dev web

services: install ## Start the servers alone, and print the environment that reaches them
	@$(VENV_PYTHON) -m dev services

seed: install ## Fill the development database with example organisations
	@$(VENV_PYTHON) -m dev seed $(ARGS)

reset: install ## Forget the development database, mail and secrets
	@$(VENV_PYTHON) -m dev reset

lock: install ## Pin requirements/*.in again; ARGS=--upgrade takes newer versions
	@$(VENV_PYTHON) -m dev.requirements $(ARGS)

vendor: install ## Fetch the browser's assets again, at their pinned versions
	@$(VENV_PYTHON) -m dev.vendor $(ARGS)

messages: install ## Compile the message catalogues
	@$(VENV_PYTHON) -m dev.messages

manage: install ## Run a management command; ARGS="list_tenants"
	@$(VENV_PYTHON) -m dev manage $(ARGS)

shell: install ## Open Django's shell; ARGS="--tenant acme" or "--public" says whose data
	@$(VENV_PYTHON) -m dev manage shell $(ARGS)

shots: install ## Photograph the pages of a running `make run`
	@$(VENV_PYTHON) -m dev.screenshots $(ARGS)
