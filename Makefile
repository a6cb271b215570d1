# Works with Python 3.11 and make alone: uv is fetched into .tools when it is not there.
UV := $(shell command -v uv 2>/dev/null || echo .tools/bin/uv)
PYTHON ?= python3
RUN = $(UV) run --quiet --no-sync

.DEFAULT_GOAL := help
.PHONY: help demo test check format docs pictures notebooks leaderboard attacks coverage survival perf perf-deep clean

help:  ## Say what there is
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/:/'

demo: .venv/base  ## Run the shipped study on embedded data: no download, under three minutes
	@.venv/bin/bench run band_search
	@echo
	@echo "From here the program is .venv/bin/bench; after 'source .venv/bin/activate' it is bench."

test: .venv/dev  ## Run the whole test suite
	@$(RUN) pytest -n auto --dist worksteal

check: .venv/dev  ## Lint, formatting, unused code and types
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) python tests/unused_names.py
	@$(RUN) basedpyright

format: .venv/dev  ## Format the code
	@$(RUN) ruff check --fix .
	@$(RUN) ruff format .

docs: .venv/dev  ## Build the site into build/docs, without network; warnings, dead links and pages that load anything are errors
	@$(RUN) sphinx-build --builder html --fresh-env --write-all --fail-on-warning --keep-going --quiet --doctree-dir build/doctrees docs build/docs
	@echo "The site is build/docs/index.html."

pictures: .venv/dev  ## Make the pictures of the gallery in docs/images again (a quarter of an hour)
	@$(RUN) python docs/pictures.py

leaderboard: .venv/dev  ## Make leaderboard/index.html again, the page of the embedded data
	@BANDBENCH_HOME=$(CURDIR)/build/leaderboard $(RUN) bench run detectors
	@BANDBENCH_HOME=$(CURDIR)/build/leaderboard $(RUN) bench run band_transfer
	@BANDBENCH_HOME=$(CURDIR)/build/leaderboard $(RUN) bench leaderboard --html leaderboard/index.html

notebooks: .venv/dev  ## Execute the notebooks of the docs and store them with their outputs (some minutes)
	@$(RUN) python tests/run_notebooks.py

attacks: .venv/dev  ## Draw docs/images/attacks.png, a picture and its spectrum after each attack on the spectrum
	@$(RUN) python tests/simulations/attack_sheet.py

coverage: .venv/dev  ## Simulate how often intervals hold the truth and write docs/explanation/coverage.md (a quarter of an hour)
	@$(RUN) python tests/simulations/coverage.py

survival: .venv/dev  ## Kill commands at random moments, fill disks, break stores, and write docs/explanation/survival.md (about an hour)
	@$(RUN) python tests/survival/measure.py

perf: .venv/dev  ## Measure the fast path and write docs/explanation/performance.md, section by section (three quarters of an hour, on a machine that does nothing else)
	@$(RUN) python tests/performance/measure.py

perf-deep: .venv/dev  ## Measure encoders on the device that there is, into docs/explanation/performance.md
	@$(RUN) python tests/performance/deep.py

clean:  ## Delete what make has made here; results and cache stay (bench cache prune)
	rm -rf .venv .tools build dist *.egg-info .pytest_cache .ruff_cache uv.lock

.tools/bin/uv:
	@echo "fetching uv into .tools"
	@$(PYTHON) -m venv .tools
	@.tools/bin/pip install --quiet --disable-pip-version-check 'uv>=0.8,<1'

# uv run would first bring the test tools, too: what the demo suggests names the program of the environment.
# Two stamps: the demo needs no test tools, the tests need everything.
# Byte code is written at once: on a machine that may not write it later, every command would compile its libraries anew.
COMPILE = .venv/bin/python -m compileall -q api bandbench benchmark datasets detectors leaderboard studies

.venv/base: pyproject.toml $(filter-out $(shell command -v uv 2>/dev/null),$(UV))
	@$(UV) sync --no-dev --inexact --compile-bytecode
	@$(COMPILE)
	@touch $@

.venv/dev: pyproject.toml $(filter-out $(shell command -v uv 2>/dev/null),$(UV))
	@$(UV) sync --compile-bytecode
	@$(COMPILE)
	@touch $@ .venv/base
