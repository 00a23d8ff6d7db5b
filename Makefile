# `make run` starts the planner, `make test` proves it. Both install what they need into .venv; nothing is set up by hand.

VENV := .venv
PY := $(VENV)/bin/python
PIP_INSTALL := $(PY) -m pip install --quiet --no-input --disable-pip-version-check --require-hashes
LOCK := $(VENV)/bin/uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --fork-strategy fewest \
	--generate-hashes --no-header --no-annotate --no-emit-index-url $(if $(UPGRADE),--upgrade)

PYTHONS := $(PYTHON) python3.13 python3.12 python3.11 python3
CHROMIUM_NAMES := chromium chromium-browser google-chrome-stable google-chrome
PORT ?= 8501
ARGS ?=

.DEFAULT_GOAL := help
.PHONY: help setup run test check bench lock golden test-tools
.DELETE_ON_ERROR:

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(VENV)/.developer ## install everything for development into .venv

run: $(VENV)/.runtime ## start the planner on http://127.0.0.1:8501 (PORT=9000 for another port)
	@echo "The planner is at http://127.0.0.1:$(PORT) (stop it with Ctrl+C)"
	@exec $(PY) -m streamlit run app.py --server.address 127.0.0.1 --server.port $(PORT) --server.headless true

test: check test-tools ## check, then every test (ARGS="-k split" for some of them)
	@$(PY) -m pytest $(ARGS)

check: $(VENV)/.developer ## style, types and the direction of imports
	@failed=0; \
	$(PY) -m ruff check --quiet . || failed=1; \
	$(PY) -m mypy --no-error-summary || failed=1; \
	$(VENV)/bin/lint-imports --no-logo || failed=1; \
	exit $$failed

bench: $(VENV)/.developer test-tools ## measure the hot paths, the slider in a browser too
	@$(PY) -m pytest tests/benchmarks tests/browser/test_slider_speed.py --benchmark-enable --benchmark-only $(ARGS)

golden: $(VENV)/.developer ## write tests/golden anew; read the diff before you commit it
	@$(PY) -m pytest --regenerate-golden $(ARGS)

lock: $(VENV)/.developer ## write both lock files from pyproject.toml (UPGRADE=1 for the newest releases)
	@$(LOCK) -o requirements.lock
	@$(LOCK) --extra dev -c requirements.lock -o requirements-dev.lock

# --- what the targets above stand on -------------------------------------------------------------------------------

PYTHON_ADVICE := "Python 3.11 or newer was not found. Install it, or name one: make PYTHON=/path/to/python3.12"
TOOLS_ADVICE := "The tests need a Chromium browser and the PDF tools pdftotext and pdftoppm." \
	"  Debian:  sudo apt-get install chromium poppler-utils" \
	"  Fedora:  sudo dnf install chromium poppler-utils" \
	"  macOS:   brew install --cask chromium && brew install poppler" \
	"  A browser in another place: make test CHROMIUM=/path/to/browser"

# $(call apt,PACKAGES,ADVICE): as root on Debian install the packages, anywhere else say what is missing and stop.
define apt
if [ "$$(id -u)" = 0 ] && [ -f /etc/debian_version ]; then \
	echo "Installing $(1) (Debian packages)"; \
	apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(1) >/dev/null; \
else \
	printf '%s\n' "Missing: $(1)." $(2) >&2; exit 1; \
fi
endef

# A name on the path is not enough: version managers put names there that only print an error.
define find_python
found=""; for name in $(PYTHONS); do \
	if "$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then found="$$name"; break; fi; \
done
endef

# An environment that works is kept; one that was left half made, or lost its interpreter, is made again.
$(VENV)/.created:
	@set -e; \
	if ! $(PY) -c 'import pip, sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then \
		$(find_python); \
		if [ -z "$$found" ]; then \
			$(call apt,python3 python3-venv,$(PYTHON_ADVICE)); \
			$(find_python); \
		fi; \
		if [ -z "$$found" ]; then \
			printf '%s\n' $(PYTHON_ADVICE) >&2; exit 1; \
		fi; \
		if ! "$$found" -c 'import ensurepip, venv' >/dev/null 2>&1; then \
			package="$$("$$found" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"; \
			$(call apt,$$package,"$$found cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install $$package"); \
		fi; \
		echo "Making $(VENV) with $$("$$found" --version)"; \
		"$$found" -m venv --clear $(VENV); \
	fi; \
	touch $@

$(VENV)/.runtime: requirements.lock $(VENV)/.created
	@echo "Installing the packages of requirements.lock into $(VENV) (about a minute)"
	@$(PIP_INSTALL) -r requirements.lock
	@touch $@

$(VENV)/.developer: requirements-dev.lock $(VENV)/.created
	@echo "Installing the packages of requirements-dev.lock into $(VENV) (about a minute)"
	@$(PIP_INSTALL) -r requirements-dev.lock
	@touch $@ $(VENV)/.runtime  # the developers' lock holds all of the users'

# The browser tests drive a real Chromium, the report tests read real PDF pages. A missing one fails, it never skips.
test-tools:
	@missing=""; \
	[ -n "$$CHROMIUM" ] || for name in $(CHROMIUM_NAMES); do command -v "$$name" >/dev/null && break; done \
		|| missing="chromium"; \
	{ command -v pdftotext && command -v pdftoppm; } >/dev/null || missing="$${missing:+$$missing }poppler-utils"; \
	if [ -n "$$missing" ]; then \
		$(call apt,$$missing,$(TOOLS_ADVICE)); \
	fi
export CHROMIUM
