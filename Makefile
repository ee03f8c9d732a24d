# Two commands do everything on a fresh machine with Python 3.11+, pip and make: `make demo` and `make test`.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready

.PHONY: setup setup-hashed demo test test-slow test-lowest fast bench check viewer docs lowest hashes licences audit clean
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

# The same tree as setup, every file checked against its SHA-256; torch, whose builds differ, by its version.
setup-hashed:
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --constraint constraints.txt torch
	$(BIN)/python -m pip install --quiet --require-hashes --no-deps --requirement requirements-hashes.txt
	$(BIN)/python -m pip install --quiet --no-deps --editable .
	touch $(READY)

# After a change of pyproject.toml or constraints.txt; uv, https://docs.astral.sh/uv, makes the hashes.
lowest: setup
	$(BIN)/python tools/dependencies.py lowest

hashes:
	uv pip compile constraints.txt --no-deps --generate-hashes --no-annotate --quiet --no-emit-package torch \
		--custom-compile-command "make hashes" --output-file requirements-hashes.txt

licences: setup
	$(BIN)/python tools/dependencies.py licences

# Known vulnerabilities of the pinned versions; asks an advisory index on the network.
audit: setup
	$(BIN)/python -m pip install --quiet pip-audit
	$(BIN)/pip-audit --no-deps --disable-pip --requirement requirements-hashes.txt

# The least versions that pyproject.toml allows, in an environment of their own.
LOWEST := build/lowest
LOWEST_TESTS := tests/core tests/data tests/inference tests/engine tests/networks tests/prior tests/translator
test-lowest:
	$(PYTHON) -m venv $(LOWEST)
	$(LOWEST)/bin/python -m pip install --quiet --constraint constraints-lowest.txt torch
	$(LOWEST)/bin/python -m pip install --quiet --constraint constraints-lowest.txt pytest hypothesis beartype httpx \
		--editable ".[train,ros,rerun,serve,openvino,onnx,s3]"
	OMP_NUM_THREADS=1 $(LOWEST)/bin/python -m pytest -m "not slow and not real" $(LOWEST_TESTS)

# What browsers get of src/acdepth/viewer/cloud.js: one script with three.js; needs Node, and the network once.
viewer:
	mkdir -p build/viewer
	cd build/viewer && npm install --no-save --ignore-scripts three@0.187.0 esbuild@0.28.2
	cd build/viewer && node ../../src/acdepth/viewer/bundle.mjs

clean:
	rm -rf .venv runs build dist
