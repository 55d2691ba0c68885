.PHONY: install demo test check oldest docs site clean
PYTHON ?= python3
BIN = .venv/bin

install: .venv/installed

# Python compiles what is imported, when it is; much of what is installed never is.
.venv/installed: pyproject.toml constraints.txt
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed")'
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --no-compile --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	touch $@

demo: install
	$(BIN)/xlner demo --output demo-run

# Two processes, a thread each, as small machines have cores.
test: install
	OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadfile --no-loadscope-reorder

check: install
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/python .ci/docstrings.py
	$(BIN)/lint-imports

# The oldest versions that pyproject.toml allows, in an environment of their own.
oldest:
	$(PYTHON) -m venv build/oldest
	mkdir -p build && $(PYTHON) .ci/oldest.py > build/oldest.txt
	build/oldest/bin/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
		--constraint build/oldest.txt --editable '.[align,datasets,plots,segment,typology]' hypothesis pytest pytest-timeout
	build/oldest/bin/pytest tests/core tests/data tests/methods

# The pages that are made from the code.
docs: install
	$(BIN)/python docs/make_components.py
	$(BIN)/python docs/make_floors.py

# All pages as a site that works without network, in build/site.
site: install
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

clean:
	rm -rf .venv demo-run build dist src/*.egg-info
