# `make run` and `make test` need Python 3.11 or newer, pip, and nothing else.
PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
# Benchmarks, which want a machine to themselves, are run by `make bench`.
PYTEST = $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist loadgroup -p no:benchmark

.PHONY: run test check bench clean

run: $(VENV)/with-cli,sklearn,sweep
	$(BIN)/bpfast sweep digits --baseline

test: $(VENV)/with-dev
	$(BIN)/bpfast warmup --dtype float32 & $(BIN)/bpfast warmup --dtype float64; wait
	$(PYTEST)
	NUMBA_ENABLE_CUDASIM=1 $(PYTEST) -k 'cuda and not among' tests/kernels/cuda tests/test_tutorial.py

check: $(VENV)/with-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

bench: $(VENV)/with-dev
	$(BIN)/pytest bench

clean:
	rm -rf $(VENV) build dist *.egg-info

# An empty file remembers that an environment holds these extras: to edit code installs nothing.
$(VENV)/with-%: pyproject.toml setup.cfg | $(BIN)/python
	$(BIN)/python -m pip install --quiet --editable '.[$*]'
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
