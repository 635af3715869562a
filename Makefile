.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
ROOTLY := $(if $(filter 0,$(shell id -u)),,sudo -n)
export CHROMIUM
# One more than processors: some tests wait for servers.
WORKERS ?= $(shell echo $$(( $$(nproc) + 1 )))
INSTALLED := .venv/installed

help:  ## Show this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(INSTALLED)  ## Run the daily job on the bundled sample
	@$(BIN)/photofinish demo

test: $(INSTALLED) browser .venv/apt  ## Check style and types, and run all tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@PYTHONDONTWRITEBYTECODE= $(BIN)/pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder

bench: $(INSTALLED)  ## Measure beside pandas, plain SQL and dlt (about an hour), print one table
	@$(BIN)/python -m bench

bench-l: $(INSTALLED)  ## Measure on fifty million rows, more than memory should hold
	@$(BIN)/python -m bench --size L --repeat 1

audit: $(INSTALLED)  ## Look for known vulnerabilities in the lock and for unsafe code
	@$(BIN)/bandit -q -c pyproject.toml -r flows sources warehouse && echo "bandit: no findings in flows, sources and warehouse."
	@$(BIN)/python .ci/audit.py

# The tests of the page drive a real browser; without one they are skipped and say so.
browser:
	@command -v chromium >/dev/null || command -v google-chrome >/dev/null || test -n "$(CHROMIUM)" || { \
		echo "No Chromium here; getting it with apt-get"; \
		$(ROOTLY) apt-get update -qq && $(ROOTLY) apt-get install -y -qq --no-install-recommends \
			chromium fonts-dejavu-core fonts-liberation >/dev/null; } || \
		echo "Could not get it: the tests of the page in a browser are skipped. Install Chromium, or name one with make test CHROMIUM=PATH"

screenshots: $(INSTALLED) browser  ## Make the pictures in docs/images from a home (PHOTOFINISH_HOME)
	@$(BIN)/python docs/images/make.py

install: $(INSTALLED)  ## Make the environment in .venv

lock:  ## Write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-strip-extras --no-header --upgrade -q -o requirements.lock

# The lock is a whole closure, so pip resolves nothing; it checks the hashes and installs.
# requirements-eee.lock is apart because its package asks for Python 3.12, and what the tests use of it does not need it.
$(INSTALLED): requirements.lock requirements-eee.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("photofinish needs Python 3.11 or newer; this is %d.%d. Name another with make PYTHON=..." % v)'
	@echo "Making the environment in .venv (about a minute, once)"
	@$(PYTHON) -m venv --clear .venv || { echo "No venv module here; getting virtualenv instead"; \
		$(PYTHON) -m pip install --quiet --target .venv/tool virtualenv \
		&& PYTHONPATH=.venv/tool $(PYTHON) -m virtualenv --quiet .venv; }
	@$(BIN)/pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip --disable-pip-version-check install --quiet --no-deps --ignore-requires-python --require-hashes -r requirements-eee.lock
	@PYTHONWARNINGS=ignore $(BIN)/pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
# Where Python is told to keep no compiled modules, as in many containers, every command would compile ours anew.
	@$(BIN)/python -m compileall -q flows sources warehouse
	@touch $(INSTALLED)

# Programs that tests start. Each line of the list: a Debian package, and a file that is there once it is.
# Where they cannot be installed, the tests that need them are skipped and say so.
.venv/apt: tests/apt.txt $(INSTALLED)
	@missing=$$(while read -r package file; do ls $$file >/dev/null 2>&1 || echo $$package; done < $<); \
	if [ -n "$$missing" ]; then \
		root=$$([ "$$(id -u)" = 0 ] || echo "sudo -n"); \
		echo "Installing for the tests:" $$missing; \
		{ $$root apt-get update -qq && DEBIAN_FRONTEND=noninteractive $$root apt-get install -yqq $$missing; } >/dev/null 2>&1 \
			|| echo "Could not. Tests that need them are skipped; install them yourself:" $$missing; \
	fi
	@touch $@

.PHONY: help demo test browser screenshots audit bench bench-l install lock
