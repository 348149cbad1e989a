# newsieve: `make demo` shows it at work, `make test` checks it. Both make .venv first if it is not there.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help demo test test-browser test-frameworks bench bench-extractors format train check clean

help:
	@echo "make demo   install into .venv and take an example page apart"
	@echo "make test   install what tests need, then ruff, mypy and pytest"
	@echo "make test-browser  look at the HTML report in Chromium (apt-get install chromium chromium-driver)"
	@echo "make test-frameworks  try the adapters in scikit-learn, datatrove, Dolma and Spark (needs Java)"
	@echo "make bench  measure the speed and write BENCHMARKS.md (ten minutes, 4 GB of temporary files)"
	@echo "make bench-extractors PAGES=pages.jsonl HTML=html/ CACHE=ELSEWHERE  compare with extractors (40 minutes)"
	@echo "make check  validate the corpus in data/"
	@echo "make train  fit models/default on data/ (REAL=pages.jsonl,more.jsonl adds files)"
	@echo "make format let ruff format the code"

$(BIN)/newsieve: pyproject.toml
	@echo "== making $(VENV) and installing newsieve"
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml $(BIN)/newsieve
	@echo "== installing what training and tests need"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test]"
	@touch $@

demo: $(BIN)/newsieve
	@echo "== newsieve classify examples/page.txt"
	@$(BIN)/newsieve classify examples/page.txt
	@echo
	@echo "== newsieve clean examples/page.txt   (what remains)"
	@$(BIN)/newsieve clean examples/page.txt
	@echo
	@echo "== newsieve report examples/pages.jsonl --by publisher"
	@$(BIN)/newsieve report examples/pages.jsonl --by publisher

test: $(VENV)/.test
	@echo "== ruff"
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@echo "== mypy"
	@$(BIN)/mypy
	@echo "== pytest"
	@$(BIN)/python -m pytest -n 2 --dist worksteal tests/test_floor.py tests  # the longest first

$(VENV)/.browser: pyproject.toml $(VENV)/.test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[browser]"
	@touch $@

test-browser: $(VENV)/.browser
	@$(BIN)/python -m pytest -m browser tests/predict/credibility/test_browser.py

$(VENV)/.frameworks: pyproject.toml $(VENV)/.test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[test-frameworks]"
	@# Of Dolma only the compiled mixer is run, which needs none of the old versions that Dolma's Python code asks for.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps "dolma>=1.1" \
		|| echo "Dolma could not be installed; its mixer's test is left out"
	@touch $@

test-frameworks: $(VENV)/.frameworks
	@echo "== pytest, in the frameworks"
	@$(BIN)/python -m pytest -m frameworks -rs -n 2 --dist loadfile tests/integrations

bench: $(VENV)/.bench
	@$(BIN)/python benchmarks/speed.py --large 2000

$(VENV)/.bench: pyproject.toml $(VENV)/.test
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[speed]"
	@touch $@

bench-extractors: $(VENV)/.extractors
	@$(BIN)/python benchmarks/extractors.py --pages $(PAGES) --html $(HTML) --cache $(CACHE)

$(VENV)/.extractors: pyproject.toml $(VENV)/.test
	@# pip before 24 fails on two packages that ask for the same extra of lxml under two spellings.
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade pip
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable ".[bench]"
	@touch $@

check: $(VENV)/.test
	@$(BIN)/python -m train check data

comma := ,
train: $(VENV)/.test
	@$(BIN)/python -m train fit --data data $(foreach file,$(subst $(comma), ,$(REAL)),--data $(file)) --out models/default

format: $(VENV)/.test
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

clean:
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache
