# `make run` and `make test` need Python 3.11 or newer, pip, and nothing else.
PYTHON ?= python3
VENV = .venv
BIN = $(VENV)/bin
# Benchmarks, which want a machine to themselves, are run by `make bench`.
PYTEST = $(BIN)/pytest --numprocesses auto --maxprocesses 8 --dist loadgroup -p no:benchmark

.PHONY: run test check wheel bench clean

run: $(VENV)/with-cli,sklearn,sweep
	$(BIN)/bpfast sweep digits --baseline

test: $(VENV)/with-dev
	$(BIN)/bpfast warmup
	$(PYTEST)
	NUMBA_ENABLE_CUDASIM=1 $(PYTEST) -k 'cuda and not among' tests/kernels/cuda tests/test_tutorial.py

check: $(VENV)/with-dev
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy

# For a release: with kernels for GPUs too, which are compiled where numba-cuda is.
wheel: $(VENV)/with-dev
	$(BIN)/python -m build --no-isolation --outdir dist

bench: $(VENV)/with-dev
	$(BIN)/pytest bench

clean:
	rm -rf $(VENV) build dist *.egg-info

# An empty file remembers that an environment holds these extras: to edit code installs nothing.
$(VENV)/with-%: pyproject.toml setup.cfg setup.py | $(VENV)/core
	@echo "installing bpfast[$*]; kernels are compiled meanwhile, where none are kept"
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable '.[$*]'
	touch $@

# The core comes first: kernels are compiled in the background while pip installs all else.
$(VENV)/core: | $(BIN)/python
	$(BIN)/python -m pip install --quiet 'setuptools>=77' numba
	$(BIN)/python -m pip install --quiet --no-build-isolation --editable .
	$(BIN)/python -c "import bpfast; bpfast.warmup(['float32']); bpfast.warmup(['float64'])" &
	touch $@

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)
