# Two commands do all the set-up: `make demo` shows the product, `make test` runs the test suite.
# They need Python >= 3.11 with venv, and make. Everything lands in .venv.

PYTHON ?= python3
# Without random worlds: what they reach differs from run to run.
RULES_TESTS = $(filter-out %_laws.py %_oracle.py,\
	$(wildcard tests/test_core_*.py tests/test_*_rules.py) tests/test_rules_versions.py)
# Test files at once: a third of a test's time is waiting, so more than there are cores.
WORKERS ?= 4
# Tests of many seconds each, such as services killed at random, are left to the thorough profile.
LASTING := $(if $(filter thorough,$(QUOTABOT_TEST_PROFILE)),,-m "not lasting")
BIN := .venv/bin
# setuptools warns of each editable installation; nobody can do anything about it.
PIP = PYTHONWARNINGS=ignore::UserWarning $(BIN)/python -m pip install --quiet --disable-pip-version-check
PACKAGES := bot handlers scheduler sandbox
CHECKED := $(PACKAGES) tests bench pictures deploy

.PHONY: help install demo dist docs test lint types imports unit format bench bench-large size pictures lock \
	coverage torture torture-real fuzz audit clean

help:
	@echo "make demo     a local WeCom and the bot beside it, in the browser"
	@echo "make test     everything that must be green: lint, types, imports, tests"
	@echo "              with QUOTABOT_TEST_PROFILE=thorough also the tests marked lasting, and three times as many"
	@echo "              examples in property tests; this is what .ci/run does"
	@echo "make test-days  all tests but PostgreSQL's, as on eight other days; needs Debian's faketime"
	@echo "make coverage the branches of the core and of the features' rules that no test of theirs takes"
	@echo "make dist     wheel, image recipe, SBOM and licences in dist/, tried in an empty environment with the tour"
	@echo "make torture  a bank's months with faults by seed, and its books"
	@echo "make torture-real  real processes, 200 kills and worse on both engines; half an hour"
	@echo "make docs     the pages of docs/ as a site in both languages, in build/site"
	@echo "make install  only the environment, with .venv/bin/quotabot in it"
	@echo "make fuzz     a million wrong callbacks by seed, and wrong files, words and answers: half an hour"
	@echo "make audit    known vulnerabilities of the locked packages; says so where nobody can be asked"
	@echo "make bench    what docs/performance.md shows, each beside a peer, in small: minutes"
	@echo "make bench-large  the same in its whole size: hours"
	@echo "make size     lines, rooms, longest functions of the product"
	@echo "make pictures the pictures of docs/images anew; needs a Chromium and a Chinese font"
	@echo "make lint | types | imports | unit | format | lock | clean   for developers"

# The stamp holds until the locked requirements or the project's metadata change.
.venv/installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("quotabot needs Python 3.11 or newer: set PYTHON=") if sys.version_info < (3, 11) else None'
	@echo "Making an environment in .venv ..."
	@$(PYTHON) -m venv .venv || { echo "On Debian: apt-get install python3-venv"; exit 1; }
	@echo "Installing $$(grep -c == requirements.txt) locked packages, for the first time from the network; this takes a minute ..."
	@$(PIP) --require-hashes -r requirements.txt
	@echo "Installing quotabot ..."
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/installed-dev: .venv/installed requirements-dev.txt
	@echo "Installing what developers need, $$(grep -c == requirements-dev.txt) locked packages in all ..."
	@$(PIP) --require-hashes -r requirements-dev.txt
	@touch $@

install: .venv/installed

demo: install
	@$(BIN)/quotabot demo

test: lint types imports unit

lint: .venv/installed-dev
	$(BIN)/ruff format --check $(CHECKED)
	$(BIN)/ruff check $(CHECKED)

types: .venv/installed-dev
	$(BIN)/mypy

imports: .venv/installed-dev
	$(BIN)/lint-imports --no-cache

unit: .venv/installed-dev
	$(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder $(LASTING)
	@$(if $(LASTING),echo "Left out: tests marked lasting. QUOTABOT_TEST_PROFILE=thorough make test runs them like .ci/run.",true)

DAYS = $(BIN)/python tests/other_days.py -n $(WORKERS) --dist loadfile

test-days: .venv/installed-dev
	$(DAYS)

# Two moments, and quick tests that ask the machine's clock.
test-days-quick: .venv/installed-dev
	$(DAYS) --quick

# The core and the pure rules of the features: each branch is taken by a test of their own.
coverage: .venv/installed-dev
	$(BIN)/coverage run -m pytest -q $(RULES_TESTS)
	$(BIN)/coverage report

format: .venv/installed-dev
	$(BIN)/ruff check --fix $(CHECKED)
	$(BIN)/ruff format $(CHECKED)

dist: .venv/installed
	$(BIN)/python deploy/dist.py dist

# A page that is missing, or a link to nothing, is an error. Needs no network.
docs: .venv/installed-dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

bench: .venv/installed-dev
	$(BIN)/python -m bench

# Ten banks, a quarter each; TORTURE="--seed 7 --seeds 1 --days 365" for one year.
TORTURE ?= --seeds 10 --days 90
torture: .venv/installed-dev
	cd tests && PYTHONPATH=..:. ../$(BIN)/python -m torture $(TORTURE)

# REAL="--engine sqlite --kills 20 --frozen 0" for a part of it.
torture-real: .venv/installed-dev
	cd tests && PYTHONPATH=..:. ../$(BIN)/python -m torture.real $(REAL)

# FUZZ="callbacks --seed 7 --cases 1000" for one part.
fuzz: .venv/installed-dev
	cd tests && PYTHONPATH=..:. ../$(BIN)/python -m fuzz $(FUZZ)

audit: .venv/installed-dev
	@$(BIN)/python deploy/audit.py

bench-large: .venv/installed-dev
	$(BIN)/python -m bench --large

size: .venv/installed
	$(BIN)/python -m bench.size

pictures: .venv/installed
	$(BIN)/python -m pictures

# One lock for every Python >= 3.11, with hashes and without any index address.
LOCK = $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-annotate --no-header

lock: .venv/installed-dev
	$(LOCK) pyproject.toml --group build --output-file requirements.txt
	$(LOCK) pyproject.toml --group build --group dev --constraint requirements.txt --output-file requirements-dev.txt

clean:
	rm -rf .venv build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .coverage .hypothesis .import_linter_cache
