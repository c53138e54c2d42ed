# Thermal Assets: `make demo` sets everything up and diagnoses a sample data set; `make test` sets up and tests.
SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -eu -o pipefail -c

# Without compiled modules every process would compile the libraries again.
unexport PYTHONDONTWRITEBYTECODE

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
IMAGES ?= 1600
SEED ?= 7
READY := $(VENV)/.ready

.PHONY: setup demo test lint ui bench docs clean help

help:            ## show this list
	@grep -E '^[a-z]+:.*##' Makefile | sed -E 's/^([a-z]+):.*## /\1\t/'

setup: $(READY)  ## make .venv with the pinned versions (with uv when it can)

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit("Thermal Assets needs Python 3.11 or newer: make PYTHON=python3.11") if sys.version_info < (3, 11) else None'
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	if command -v uv >/dev/null && uv --version >/dev/null 2>&1; then
		uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group dev --editable .
	elif $(BIN)/python -m pip install --quiet uv; then
		$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --constraint constraints.txt --group dev --editable .
	else
		$(BIN)/python -m pip install --quiet --upgrade 'pip>=25.1'
		$(BIN)/python -m pip install --quiet --constraint constraints.txt --group dev --editable .
	fi
	touch $(READY)

demo: setup      ## sample data, full diagnosis, where to look
	$(BIN)/thermal-assets synth demo/sample --images $(IMAGES) --seed $(SEED)
	$(BIN)/thermal-assets diagnose demo/sample/images --annotations demo/sample/annotations --profile aihub-235 --home demo/home --lens thermal_mobilenet

test: setup      ## lint, types, tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

lint: setup      ## format and check
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy

ui: setup        ## the Dagster UI of the demo
	$(BIN)/thermal-assets ui --home demo/home

bench: setup     ## ratios against peers and bounds; takes a while
	$(BIN)/python -m benchmarks

docs: setup      ## write the generated pages of docs/ again
	$(BIN)/python -m thermal_assets.documentation

clean:           ## remove the environment and the demo
	rm -rf $(VENV) demo
