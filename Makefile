# The commands of this project. Each sets up what it needs, says so, and does nothing twice.
SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help run build test bench fuzz check fmt runtime

AGENT_TARGET := x86_64-unknown-linux-gnu
STAMPS := target/stamps
UI_SOURCES := $(shell find ui -path ui/node_modules -prune -o -path ui/dist -prune -o -type f -print 2>/dev/null)
AGENT_SOURCES := Cargo.toml Cargo.lock $(shell find crates/agent crates/api crates/xterm-rs-bridge -type f 2>/dev/null)

help: ## Show this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /\1\t/' | expand -t 10

run: ## Open the window (without a display: the same UI at a printed URL)
	@setup/run.sh

build: $(STAMPS)/ui agent ## Build target/release/{sandpit,sandpitd,sandpit-agent}
	@setup/system.sh run
	cargo build --release --locked -p sandpit -p sandpit-gateway --features sandpit/custom-protocol

test: ## Install what the tests need and run every test
	@setup/test.sh

bench: ## Measure what the design promises, beside its peers
	@setup/bench.sh

fuzz: ## Try hostile input for a minute at each of its tests
	@setup/fuzz.sh

check: ## Formatting, lints, types, licences: what CI runs beside the tests
	@setup/check.sh

fmt: ## Format everything
	cargo fmt --all
	cd ui && npx biome check --write .
	cd tests && ../ui/node_modules/.bin/biome check --write .

runtime: ## Prepare the code runtime of sandboxes
	@setup/runtime.sh

# The agent is static, so that it runs in any image.
.PHONY: agent
agent: $(STAMPS)/agent
$(STAMPS)/agent: $(AGENT_SOURCES)
	@mkdir -p $(STAMPS) target/release
	@echo "▸ Building the agent"
	RUSTFLAGS="-C target-feature=+crt-static" cargo build --profile agent --locked --target $(AGENT_TARGET) -p sandpit-agent
	install -m 755 target/$(AGENT_TARGET)/agent/sandpit-agent target/release/sandpit-agent
	@touch $@

$(STAMPS)/node: ui/package-lock.json
	@mkdir -p $(STAMPS)
	@echo "▸ Installing the UI's packages"
	@cd ui && npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: ui
ui: $(STAMPS)/ui
$(STAMPS)/ui: $(STAMPS)/node $(UI_SOURCES)
	@echo "▸ Building the UI"
	@cd ui && npm run --silent build
	@touch $@

$(STAMPS)/tests-node: tests/package-lock.json
	@mkdir -p $(STAMPS)
	@echo "▸ Installing the tests' packages"
	@cd tests && npm ci --no-audit --no-fund --ignore-scripts --legacy-peer-deps --loglevel=error
	@touch $@
