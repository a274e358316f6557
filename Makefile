# Everything a developer runs; `make` lists it.
#
# Each cargo command works on the whole workspace with one profile and one set of features, so that nothing is
# compiled twice. Binaries are where cargo puts them: in CARGO_TARGET_DIR, else in target.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help run test check bench abuse release fmt openapi assets console frontend format lints build tests-sqlite tests-postgresql clients schemathesis breaking packages dependencies

PORT ?= 4000
EMULATOR_HTTP_PORT ?= 4100
EMULATOR_HTTPS_PORT ?= 4143
DATABASE_URL ?= sqlite://data/tenantry.db
TENANT_POLICY ?= open

TARGET := $(or $(CARGO_TARGET_DIR),target)
BIN := $(TARGET)/debug
ALL := --workspace $(if $(CI),--locked)
PART := @.ci/part
# cargo-nextest runs the same tests in parallel processes; without it, cargo does.
TESTS := cargo $(if $(shell command -v cargo-nextest),nextest run,test) --no-fail-fast $(ALL)

help: ## Lists the commands.
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/  make \1\t\2/' | expand -t 18
	@echo
	@echo "  Ports of make run: PORT ($(PORT)), EMULATOR_HTTP_PORT ($(EMULATOR_HTTP_PORT)), EMULATOR_HTTPS_PORT ($(EMULATOR_HTTPS_PORT))."

run: assets console ## Starts the service with SQLite and the Entra ID emulator, until Ctrl-C.
	cargo build $(ALL)
	APP_ENV=development \
	HOST=127.0.0.1 \
	PORT=$(PORT) \
	DATABASE_URL='$(DATABASE_URL)' \
	AZURE_AUTHORITY_HOST=http://localhost:$(EMULATOR_HTTP_PORT) \
	AZURE_TENANT_ID=common \
	AZURE_CLIENT_ID=a0000000-0000-4000-8000-00000000000a \
	AZURE_CLIENT_SECRET=emulator-secret \
	AZURE_PUBLIC_CLIENT_ID=a0000000-0000-4000-8000-00000000000a \
	GRAPH_URL=http://localhost:$(EMULATOR_HTTP_PORT) \
	TENANT_POLICY=$(TENANT_POLICY) \
	PUBLIC_URL=http://localhost:$(PORT) \
	DOCS_CLIENT_ID=a0000000-0000-4000-8000-00000000000b \
	EMULATOR_HTTP_PORT=$(EMULATOR_HTTP_PORT) \
	EMULATOR_HTTPS_PORT=$(EMULATOR_HTTPS_PORT) \
	EMULATOR_DATA_DIR=data/emulator \
	$(BIN)/entra-emulator --wait http://localhost:$(PORT)/healthz -- $(BIN)/tenantry serve

test: packages assets frontend format lints build tests-sqlite tests-postgresql clients schemathesis breaking dependencies ## Installs what tests need and runs all of them, on SQLite and PostgreSQL.

check: format lints build tests-sqlite ## The fast part of the tests: format, lints, and everything on SQLite.

bench: release ## Measures speed against two other servers, in a release build (docs/performance.md).
	python3 tests/bench/run.py --bin $(TARGET)/release --data $(TARGET)/bench

abuse: release ## Measures what others feel while somebody floods the service, in a release build.
	python3 tests/bench/abuse.py --bin $(TARGET)/release --data $(TARGET)/bench

release:
	cargo build --release $(ALL) --bins --example hello
	cargo build --release --locked --manifest-path tests/bench/plain/Cargo.toml --target-dir $(TARGET)

fmt: ## Formats the code.
	cargo fmt --all

openapi: ## Writes openapi/openapi.json anew, from the handlers.
	cargo build $(ALL)
	@mkdir -p openapi
	$(BIN)/tenantry openapi > openapi/openapi.json.new
	mv openapi/openapi.json.new openapi/openapi.json
	$(BIN)/tenantry openapi --connector > docs/recipes/power-automate/connector.swagger.json

console: ## Builds the console, which the next build of the service embeds.
	cd frontend && { cmp -s package-lock.json node_modules/.installed || { npm ci --no-audit --no-fund --silent && cp package-lock.json node_modules/.installed; }; }
	cd frontend && npm run --silent build

assets: ## Fetches the scripts of the API documentation pages from the npm registry.
	node frontend/docs-assets/fetch.mjs

# The parts of `test` and `check`, each with its time.

packages:
	$(PART) packages .ci/packages

format:
	$(PART) format cargo fmt --all --check

frontend:
	$(PART) frontend frontend/check

lints:
	$(PART) lints cargo clippy $(ALL) --all-targets -- -D warnings

build:
	$(PART) build cargo build $(ALL) --all-targets

tests-sqlite:
	$(PART) tests-sqlite env -u TEST_POSTGRES_URL $(TESTS) --all-targets

tests-postgresql:
	$(PART) tests-postgresql tests/with-postgres $(TESTS) --test it

# Microsoft's own clients against the emulator and the service, as processes.
clients:
	$(PART) clients tests/clients/run

# Every operation of the document, called in all manners that schemathesis can think of.
schemathesis:
	$(PART) schemathesis tests/clients/run schemathesis

# What the document would break for a client of an earlier one.
breaking:
	$(PART) breaking .ci/breaking

dependencies:
	$(PART) dependencies .ci/dependencies
