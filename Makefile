# Everything a newcomer types. Each target sets up what it needs.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready

.PHONY: run test check bench chaos soak lock clean

run: $(READY)  ## set up, start the demonstration, show each invoice's way; ARGS=--once exits after the table
	$(BIN)/python -m hub demo $(ARGS)

test: $(READY) check  ## formatting, lint, types, layers, every test on real PostgreSQL and Kafka
	$(BIN)/python -m pytest --numprocesses 2 --no-loadscope-reorder $(ARGS)

check: $(READY)
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy shared services clients tests
	$(BIN)/lint-imports

bench: $(READY)  ## figures as JSON lines
	$(BIN)/python -m tests.load.bench $(ARGS)
	$(BIN)/python -m tests.faults.neighbours

chaos: $(READY)  ## push INVOICES (10000) while everything is killed again and again; one JSON line, exit 1 unless clean
	$(BIN)/python -m tests.faults.chaos

soak: $(READY)  ## push INVOICES (100000) and watch memory: JSON lines, exit 1 where it grows
	$(BIN)/python -m tests.faults.soak

$(READY): requirements.lock pyproject.toml
	@test "$$(uname -s)" = Linux || { echo "Sentral's local stack runs on Linux; this is $$(uname -s)."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
	  || { echo "Sentral needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version 2>&1). Try: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

lock:  ## resolve the dependencies anew (hashes, no download addresses)
	$(PYTHON) -m venv $(VENV)/uv && $(VENV)/uv/bin/pip install --quiet uv
	$(VENV)/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
	  --no-emit-index-url --no-emit-find-links --upgrade pyproject.toml --group dev -o requirements.lock

clean:
	rm -rf $(VENV) .data
