# Two commands do everything on a fresh machine with Python 3.11+, pip and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup demo test test-slow fast bench check viewer docs clean
setup: $(READY)

# Remade whenever the pins or the dependencies change; torch first, so that nothing else chooses a build of it.
$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --editable ".[train,ros,rerun,serve,openvino,onnx,s3-test,docs,dev]"
	touch $(READY)

demo: setup
	$(BIN)/acdepth demo

# Tests, style, types and the import contract.
test: check
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow" -n auto

test-slow: setup
	OMP_NUM_THREADS=1 $(BIN)/pytest -m slow -n auto

# The fastest answer while editing: under a minute.
fast: setup
	$(BIN)/ruff check .
	OMP_NUM_THREADS=1 $(BIN)/pytest -m "not slow and not real" -x -n 2 --ignore tests/world --ignore tests/demo

# What a CPU is asked, ours and its twin in turns, in under ten minutes; its numbers go to docs/performance.md.
BENCH := runs/benchmarks
bench: setup
	mkdir -p $(BENCH)
	$(BIN)/python benchmarks/inference.py --out $(BENCH)/inference.json
	$(BIN)/python benchmarks/weather.py --out $(BENCH)/weather.json
	$(BIN)/python benchmarks/training.py --rounds 3 --out $(BENCH)/training.json
	$(BIN)/python benchmarks/evaluation.py --frames 24 --rounds 1 --out $(BENCH)/evaluation.json
	$(BIN)/python benchmarks/growth.py --out $(BENCH)/growth.json
	$(BIN)/python benchmarks/tables.py $(BENCH)

# The site of the documentation, in build/site.
docs: setup
	$(BIN)/zensical build --strict

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/pyright
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

# What browsers get of src/acdepth/viewer/cloud.js: one script with three.js; needs Node, and the network once.
viewer:
	mkdir -p build/viewer
	cd build/viewer && npm install --no-save --ignore-scripts three@0.187.0 esbuild@0.28.2
	cd build/viewer && node ../../src/acdepth/viewer/bundle.mjs

clean:
	rm -rf .venv runs build dist
