# One entry point for people and for CI. Everything runs inside .venv, which is made on first use from the lock.
# Works with GNU make 3.81, the one that macOS has.

SHELL := /bin/bash
.DEFAULT_GOAL := help
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready
PYTHON ?=
EXAMPLE := projects/example_demand_forecast
SALES := $(EXAMPLE)/data/online_retail.parquet
SHARED_SALES := ../shared/data/online_retail.parquet
BENCH ?= *
DEPLOYS := tests/deploy tests/testing tests/compile $(addprefix tests/e2e/,test_records.py test_reproduce.py)
RUNS := $(addprefix tests/e2e/,test_repair_and_resume.py test_run.py)
CLASSES := $(VENV)/spark-classes.jsa
FAST_JAVA := JDK_JAVA_OPTIONS="-XX:TieredStopAtLevel=1 '-XX:SharedArchiveFile=$(CURDIR)/$(CLASSES)' -Xlog:cds*=off"

.PHONY: help setup demo test test-runs test-rest test-deploys test-matrix check format bench soak data link-data lock hooks clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(READY) ## make .venv from the lock (every other target does so when it must)

demo: $(READY) link-data ## run the demand forecast end to end on local Spark
	$(BIN)/framework run example_demand_forecast --env local

# The tests start many JVMs that live for seconds: the first compiler alone and an archive of the classes that Spark loads
# take away more than half of what each costs. The runtime's tests go by themselves: they use classic Spark too, and a
# process has either that or Spark Connect. Three parts of about the same length run side by side, as most of their tests
# wait for an engine.
test: ## everything that must pass: check, then all tests but the soak
	$(MAKE) -j2 check $(CLASSES)
	$(MAKE) -j3 test-runs test-rest test-deploys

test-runs: $(CLASSES)
	$(FAST_JAVA) $(BIN)/pytest -m "not soak" --durations=5 tests/runtime
	$(FAST_JAVA) $(BIN)/pytest -m "not soak" --durations=15 $(RUNS)

test-rest: $(CLASSES)
	$(FAST_JAVA) $(BIN)/pytest -m "not soak" --durations=15 \
	  $(addprefix --ignore=,tests/runtime $(RUNS) $(DEPLOYS))

test-deploys: $(CLASSES)
	$(FAST_JAVA) $(BIN)/pytest -m "not soak" --durations=15 $(DEPLOYS)

$(CLASSES): $(READY) tests/class_archive.py
	$(BIN)/python tests/class_archive.py $@

test-matrix: $(READY) ## the runtime's tests with older versions of Spark
	$(BIN)/python tests/runtime/run_matrix.py

check: $(READY) ## ruff, mypy --strict and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(READY) ## let ruff write the format and the simple fixes
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(READY) link-data ## measure; BENCH=local_run picks one (bench/README.md)
	@found=0; for file in bench/$(BENCH).py; do \
	  case "$$file" in bench/_*) continue;; esac; [ -e "$$file" ] || continue; \
	  found=1; echo "== $$file"; $(BIN)/python "$$file" || exit 1; \
	done; [ $$found = 1 ] || { echo "No bench/$(BENCH).py. There is: $$(ls bench)" >&2; exit 1; }

soak: $(READY) ## long counts, not part of make test
	$(BIN)/pytest -m soak --durations=15 --timeout=3600

data: $(READY) ## download the real sales of the example, checked by their content hash
	PYTHONPATH=$(EXAMPLE)/src $(BIN)/python -m example_demand_forecast.data $(SALES)

# The example also runs without the real sales, on a generated sample. A file that is there already is never replaced.
link-data:
	@if [ -e $(SHARED_SALES) ] && [ ! -e $(SALES) ]; then \
	  mkdir -p $(dir $(SALES)) && ln -sf "$$(cd $(dir $(SHARED_SALES)) && pwd)/$(notdir $(SHARED_SALES))" $(SALES); \
	fi

# An argument such as UPGRADE="--upgrade" or UPGRADE="--upgrade-package mlflow" goes to the resolver; without it pins stay.
lock: ## write requirements.lock anew from pyproject.toml, keeping pins where it can
	@[ -x $(BIN)/uv ] || $(MAKE) --no-print-directory setup
	$(BIN)/uv pip compile pyproject.toml --output-file requirements.lock --quiet --universal --generate-hashes \
	  --all-extras --group build --group dev --group example \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)
	cd projects/example_demand_forecast && $(CURDIR)/$(BIN)/uv pip compile pyproject.toml --no-config --quiet --universal \
	  --python-version 3.11 --no-annotate --output-file requirements.lock \
	  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" $(UPGRADE)

hooks: $(READY) ## check every commit before it is made
	$(BIN)/pre-commit install

clean: ## remove what can be made again; local tables and runs under .framework stay
	rm -rf $(VENV) .matrix .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache build dist
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# A name may be a shim that points nowhere, or a Python without venv: so each is tried, not just looked up.
$(READY): requirements.lock pyproject.toml
	@if ! $(BIN)/python -c 'import pip' 2>/dev/null; then \
	  found=; fits='import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 13))'; \
	  for name in $(PYTHON) python3.12 python3.11 python3 python; do \
	    if "$$name" -c "$$fits" >/dev/null 2>&1; then found="$$name"; break; fi; \
	  done; \
	  if [ -z "$$found" ]; then \
	    echo "Error: no Python 3.11 or 3.12 with the venv module on PATH" >&2; \
	    echo "  install one, or name it: make PYTHON=/path/to/python3.12 $(MAKECMDGOALS)" >&2; exit 1; \
	  fi; \
	  echo "Making $(VENV) with $$("$$found" --version), once; this takes some minutes"; \
	  rm -rf $(VENV) && "$$found" -m venv $(VENV); \
	fi
	@$(BIN)/pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $(READY)
