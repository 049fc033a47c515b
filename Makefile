# merflow: the two commands of the README, and what they are made of.
PYTHON ?= python3
CORES ?= all
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.made

.PHONY: help environment reproduce test test-fast lint report readme clean

help:  ## list the targets
	@grep -E '^[a-z-]+:.*##' Makefile | sed -E 's/:.*## /\t/' | expand -t 16

environment: $(STAMP)  ## make .venv from requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@echo "merflow: making the environment in $(VENV) from requirements.lock (2 to 4 minutes, once)"
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@$(BIN)/python -m compileall -q $(VENV)/lib > /dev/null || true
	@touch $(STAMP)

reproduce: $(STAMP)  ## demo corpus, tables, figures: everything
	@echo "merflow: snakemake --cores $(CORES): clips, faces, features, probes, fusion, ensemble, tables"
	$(BIN)/snakemake --cores $(CORES)

test: $(STAMP)  ## all tests: units, then the whole graph on small corpora (20 to 25 minutes)
	@echo "merflow: unit tests and the whole graph on small corpora, on 2 cores"
	@( OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -rs -m "not slow" \
	  && OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 --dist loadfile -rs -m slow --durations 5 ) || { \
	  echo "merflow: a test failed; its output stands above; alone: $(BIN)/python -m pytest -k NAME"; \
	  exit 1; }
	@echo "merflow: all tests passed; they lie in tests/unit (by noun) and tests/workflow"

test-fast: $(STAMP)  ## unit tests only
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n 2 -m "not slow"

lint: $(STAMP)  ## ruff, snakefmt, mypy, snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check --line-length 100 Snakefile workflow/rules
	$(BIN)/mypy
	$(BIN)/python .ci/lint_workflow.py
	$(BIN)/python .ci/readme_table.py --check

report: $(STAMP)  ## one HTML file with tables and figures (works offline)
	$(BIN)/snakemake --cores 1 --report results/report.html
	@echo "merflow: open results/report.html"

readme: $(STAMP)  ## put the demo's Table 1 into README.md
	$(BIN)/python .ci/readme_table.py

clean:  ## remove what can be made again, but not the environment
	rm -rf results/corpus results/faces results/noise results/features results/runs results/private results/logs .snakemake
