.DEFAULT_GOAL := help
PYTHON ?= python3
BIN := .venv/bin
INSTALLED := .venv/installed

help:  ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

demo: $(INSTALLED)  ## Run the daily job on the bundled sample
	@$(BIN)/photofinish demo

test: $(INSTALLED) .venv/apt  ## Check style and types, and run all tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/mypy
	@$(BIN)/pytest -n auto --dist loadfile

install: $(INSTALLED)  ## Make the environment in .venv

lock:  ## Write requirements.lock anew from pyproject.toml (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
		--no-emit-index-url --no-annotate --no-strip-extras --no-header --upgrade -q -o requirements.lock

# The lock is a whole closure, so pip resolves nothing; it checks the hashes and installs.
$(INSTALLED): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("photofinish needs Python 3.11 or newer; this is %d.%d. Name another with make PYTHON=..." % v)'
	@echo "Making the environment in .venv (about a minute, once)"
	@$(PYTHON) -m venv --clear .venv || { echo "No venv module here; getting virtualenv instead"; \
		$(PYTHON) -m pip install --quiet --target .venv/tool virtualenv \
		&& PYTHONPATH=.venv/tool $(PYTHON) -m virtualenv --quiet .venv; }
	@$(BIN)/pip --disable-pip-version-check install --quiet --no-deps --require-hashes -r requirements.lock
	@$(BIN)/pip --disable-pip-version-check install --quiet --no-deps --no-build-isolation --editable .
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

.PHONY: help demo test install lock
