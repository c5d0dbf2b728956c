# Each target works from a clean clone on a machine with Python and nothing else prepared.

PORT ?= 8000
JSON ?=
BACKUP ?=
FRESH ?=
TESTS ?=
CASES ?= 2000
PEOPLE ?= 1000000
PLANTED ?=
CLIENTS ?= 500
READER ?=
PAGES ?=

.PHONY: help run drill test test-slow test-deep test-planted test-pages test-container screenshots test-scale check freeze format messages docs lock audit sbom install install-dev bench

help: ## List the targets
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' Makefile | awk -F'|' '{ printf "%-21s%s\n", $$1, $$2 }'

# Five processes import the same modules: the first one compiles them for all, whatever the environment says.
run: install ## Serve a demonstration (PORT=8000; FRESH=1 starts over; JSON=file for scripts)
	@echo "Starting PostgreSQL, after a compilation the first time …"
	@PYTHONDONTWRITEBYTECODE= exec .venv/bin/python manage.py demo --port "$(PORT)" $(if $(JSON),--json "$(JSON)") $(if $(FRESH),--fresh)

drill: install ## Practise a restore in a temporary database, with the time of each step (BACKUP=file of an earlier backup)
	@exec .venv/bin/python manage.py drill $(if $(BACKUP),--backup "$(BACKUP)")

test: install-dev ## Run the suite, a browser included (TESTS=tests/consent for some, the slow among them too)
	@exec .make/test $(if $(TESTS),$(TESTS),-m "not slow")

test-slow: install-dev ## Run the slow proofs: killed processes, days in a browser, thousands of rows (tests/slow.py; CI runs both)
	@exec .make/test -m slow

test-deep: install-dev ## Try thousands of requests on every operation of the API (CASES=2000), and thousands of faults
	@SCHEMATHESIS_CASES="$(CASES)" FAULTS=all GATE_STEPS=20000 TWO_PEOPLE_TRIES=1000 .venv/bin/python -m pytest -n 2 tests/api/test_every_response.py \
		tests/api/test_bad_input.py tests/children/test_authority_model.py tests/accounts/test_staff_by_two.py tests/faults tests/sandbox/test_console.py \
		tests/rights/test_year.py tests/rights/test_copy_sections.py tests/rights/test_every_kind.py tests/rights/deep_timing.py \
		tests/rights/deep_dovecot.py tests/single_sign_on/deep_provider.py \
		tests/retention/disposals/test_years.py tests/consent/test_decision_properties.py tests/consent/test_widening.py

test-planted: install-dev ## Plant faults in a copy; a test must catch each (PLANTED=decisions for some; takes minutes)
	@.venv/bin/python -m tests.planted $(PLANTED)

test-pages: install-dev ## Open every page of the console as each role in both languages, in Chromium (PAGES=part of the address; an hour)
	@PAKTALEEM_BROWSER="$$(.make/browser)" PAGES="$(or $(PAGES),/)" .venv/bin/python -m pytest -n 2 tests/pages

test-container: install-dev ## Build the image of docs/deploy with buildah and mmdebstrap, and start it (minutes; fetches packages)
	@.venv/bin/python -m pytest tests/deploy/deep_container.py

test-scale: install-dev ## Load every console page with a million people of 500 clients (PEOPLE=…, CLIENTS=…, READER=amina, PAGES=holding/; takes minutes)
	@SCALE_PEOPLE="$(PEOPLE)" SCALE_CLIENTS="$(CLIENTS)" SCALE_READER="$(READER)" SCALE_PAGES="$(PAGES)" .venv/bin/python -m pytest -s tests/scale/test_lists.py tests/scale/deep_limited_staff.py

check: install-dev ## Lint, words, types, layers, migrations, settings
	@exec .make/check

freeze: ## Add the digests of new migrations to tools/migrations.sha256; those of landed ones stay
	@git ls-files '*/migrations/0*.py' '*/sql/previous/*' | while read -r file; do \
		grep -q "  $$file$$" tools/migrations.sha256 || sha256sum "$$file" >> tools/migrations.sha256; done
	@LC_ALL=C sort -k 2 -o tools/migrations.sha256 tools/migrations.sha256

bench: install-dev ## Measure beside pgbench, into docs/performance.md (BENCH_DIR=folder keeps the filled database)
	@.venv/bin/python -m tools.bench

screenshots: install-dev ## Take the pictures of docs/screenshots from a new demonstration
	@PAKTALEEM_BROWSER="$$(.make/browser)" .venv/bin/python -m tools.screenshots

format: install-dev ## Format code and templates
	@.venv/bin/python -m ruff check --fix-only --quiet .
	@.venv/bin/python -m ruff format .
	@find . -name '*.html' -path '*/templates/*' -not -path './.*' -exec .venv/bin/djade {} + \
	    || find . -name '*.html' -path '*/templates/*' -not -path './.*' -exec .venv/bin/djade --check {} +

messages: install-dev ## Update and compile the Urdu catalogue
	@.venv/bin/python -m tools.messages

docs: install-dev ## Write the parts of docs/ that are generated from the code (webhook events, remedies, problem types)
	@.venv/bin/python -m tools.docs

# Hashed requirements and not uv.lock, which writes the address of a registry beside every package.
lock: ## Resolve the dependencies into the lock files (UPGRADE=1 takes newer versions)
	@exec .make/lock $(if $(UPGRADE),--upgrade)

audit: ## Look for known vulnerabilities in what production installs (OSV; needs the internet)
	@exec .make/audit vulnerabilities

sbom: ## Write the bill of materials of what production installs (CycloneDX, .tools/sbom.cdx.json)
	@exec .make/audit sbom

install:
	@.make/install

install-dev:
	@.make/install dev
