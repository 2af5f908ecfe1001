# Both commands build .venv when it is missing or older than what it is built from.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# without its needs (COCO's tools among them), of which its linear probe imports none
PEERS := $(VENV)/peers
PYTEST := PYTHON=$(BIN)/python tools/offline.sh $(BIN)/python -m pytest

.PHONY: quickstart test test-browser test-all lint bench bench-compare peers reference clean

## fine-tune and compare real models on the embedded samples; prints the report's path last
quickstart: $(STAMP)
	$(BIN)/mmbench run quickstart --offline

## the tests that need neither a GPU nor much time, without network
test: $(STAMP)
	$(PYTEST) -n auto --dist loadfile -m "not slow and not gpu and not network and not browser"

## the report's page in headless Chromium, where there is one
test-browser: $(STAMP)
	$(PYTEST) tests/browser -m browser

## every test that this machine can run
test-all: $(STAMP)
	$(PYTEST)

## format, style, types, import contracts, file length, links of the docs
lint: $(STAMP)
	$(BIN)/ruff format --check mmbench tests tools benchmarks
	$(BIN)/ruff check mmbench tests tools benchmarks
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python tools/check_house.py

## time the parts that matter with pytest-benchmark, and save every round under .benchmarks/
bench: $(STAMP)
	$(PYTEST) tests/benchmarks --benchmark-enable --benchmark-only --benchmark-autosave \
		--benchmark-save-data --benchmark-disable-gc --benchmark-min-rounds=12 --benchmark-max-time=3 \
		--benchmark-warmup=on --benchmark-warmup-iterations=2

## the last two saves of make bench, by the gate's statistics; BASE=FILE takes another baseline
bench-compare: $(STAMP)
	$(BIN)/mmbench gate-benchmarks $(BASE)

## side by side with Trainer, CLIP_benchmark and plain loops: one table, records, a page
peers: $(STAMP)
	test -d $(PEERS)/clip_benchmark || $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check --constraint constraints.txt --no-deps --target $(PEERS) clip-benchmark
	PYTHON=$(BIN)/python tools/offline.sh $(BIN)/python -m benchmarks.peers --clip-benchmark $(PEERS)

## the committed example: the records and the report that the README quotes
reference: $(STAMP)
	rm -rf results/reference/quickstart reports/reference/quickstart
	$(BIN)/mmbench run quickstart --offline \
		--results results/reference/quickstart --reports reports/reference/quickstart
	$(BIN)/python tools/quote_report.py

$(STAMP): pyproject.toml constraints.txt
	$(BIN)/python -c pass 2>/dev/null || { rm -rf $(VENV); $(PYTHON) -m venv $(VENV); }
	$(BIN)/python -m pip install --quiet --disable-pip-version-check \
		--constraint constraints.txt --editable '.[samples,dev]'
	touch $(STAMP)

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .benchmarks
