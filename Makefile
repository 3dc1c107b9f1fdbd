# Type `make` for the list of targets. Environments are made on first use and again when the
# requirement files change. PYTHON=/path/to/python picks the Python; PORT=8001 the port of serve.

VENV := .venv
OLDEST := .venv-oldest
BIN := $(VENV)/bin
PYTHON ?=
PORT ?= 8000
PYODIDE ?=

# What a notebook prints must not depend on who runs it.
export D3C_PROGRESS := 0
export OMP_NUM_THREADS := 1
export OPENBLAS_NUM_THREADS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1
unexport PYTHONHOME
unexport PYTHONPATH

.DEFAULT_GOAL := help
.PHONY: help venv venv-oldest book lite test test-fast serve pdf notebooks results lint bench lock wheel clean \
        clean-all

help:  ## this list
	@awk -F ':.*## *' '/^[a-z-]+:.*## / { printf "make %-12s %s\n", $$1, $$2 }' Makefile

book: venv  ## make the environment, execute every chapter, build the book into _build/html
	@$(BIN)/python tools/build_book.py
	@$(MAKE) --no-print-directory lite
	@echo "The book is at $(CURDIR)/_build/html/index.html; \`make serve\` serves it."

lite: venv  ## build the live edition into _build/html/live (PYODIDE=folder-or-archive serves Pyodide too)
	@$(BIN)/python tools/build_lite.py $(if $(PYODIDE),--pyodide "$(PYODIDE)")

test:  ## every check, on the newest and the oldest supported versions
	@python=$$(sh tools/find_python.sh "$(PYTHON)") && "$$python" tools/run_checks.py

test-fast:  ## every check but the slow ones
	@python=$$(sh tools/find_python.sh "$(PYTHON)") && "$$python" tools/run_checks.py --fast

serve: venv  ## serve the built book at http://localhost:8000 (PORT=...)
	@test -f _build/html/index.html || { echo "No book is built yet: run \`make book\`." >&2; exit 1; }
	@echo "http://localhost:$(PORT)/ (Ctrl-C stops)"
	@$(BIN)/python -m http.server --directory _build/html --bind 127.0.0.1 $(PORT)

pdf: venv  ## print the built book into _build/book.pdf, with Chromium
	@$(BIN)/python tools/make_pdf.py

notebooks: venv  ## execute all chapters in place and normalise them (D3C_LEDGER=write updates the ledger)
	@$(BIN)/python tools/execute_notebooks.py

results: venv  ## run the recorded command of each stored result whose source has changed
	@$(BIN)/python tools/run_results.py

lint: venv  ## ruff on code and notebooks; notebooks normalised and executed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/python tools/normalise_notebooks.py --check

bench: venv  ## benchmarks, with ratios to the plain references
	@$(BIN)/python -m pytest tests/bench --benchmark-only

venv:  ## the environment of the book and the tests, in .venv
	@sh tools/make_venv.sh $(VENV) "$(PYTHON)" requirements.txt requirements-test.txt -- \
	    -r requirements.txt -r requirements-test.txt

venv-oldest:
	@sh tools/make_venv.sh $(OLDEST) "$(PYTHON)" tests/oldest.txt requirements-test.txt -- \
	    -r tests/oldest.txt -c requirements-test.txt

lock: venv  ## write requirements*.txt again from pyproject.toml, with the newest versions
	@$(BIN)/python -m pip install --quiet "uv>=0.8"
	@$(BIN)/python tools/lock.py

wheel: venv  ## build the package's wheel and sdist into dist/
	@$(BIN)/python -m pip install --quiet "build>=1.2"
	@rm -rf dist
	@$(BIN)/python -m build --outdir dist .

clean:  ## remove what was built, and caches
	rm -rf _build dist .pytest_cache .ruff_cache .hypothesis .benchmarks .jupyter_cache
	find d3c_minimal tests tools book -name __pycache__ -prune -exec rm -rf {} +
	find book -name .ipynb_checkpoints -prune -exec rm -rf {} +

clean-all: clean  ## clean, and remove the environments
	rm -rf $(VENV) $(OLDEST)
