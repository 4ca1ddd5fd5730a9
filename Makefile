# Every target is one line; `make help` prints them all.
SHELL := /bin/bash
.DEFAULT_GOAL := help

RONDO   := .rondo/bin/rondo
SUITES  := go run ./tools/cmd/suites
MODULES := $(notdir $(shell go list -m))
STACK   ?= minikube

## Run

.PHONY: up
up: rondo ## Start the whole platform on this machine (ARGS="--detach")
	@$(RONDO) up $(ARGS)

.PHONY: down
down: rondo ## Stop all that up has started
	@$(RONDO) down $(ARGS)

.PHONY: status
status: rondo ## Show each part and its state
	@$(RONDO) status $(ARGS)

.PHONY: logs
logs: rondo ## Show the parts' logs (ARGS="api")
	@$(RONDO) logs $(ARGS)

## Test

.PHONY: test
test: ## Run every suite, from unit tests to the browser
	@$(SUITES) $(ARGS)

.PHONY: test-unit
test-unit: ## Run the tests that need nothing but Go (seconds)
	@$(SUITES) -short $(ARGS)

.PHONY: test-conformance
test-conformance: ## Check the sidecar's edges on a real one: the gate of a Dapr upgrade
	@$(SUITES) -only conformance $(ARGS)

.PHONY: test-platform
test-platform: ## Prove what the stacks declare: by Pulumi's engine, an API server, promtool, and images
	@$(SUITES) -only engine,schema,rules,images $(ARGS)

.PHONY: test-cluster
test-cluster: ## Deploy to the real cluster that RONDO_KUBECONFIG names, and use it
	@$(SUITES) -only cluster $(ARGS)

.PHONY: test-stack
test-stack: ## Drive the real stack from end to end
	@$(SUITES) -only stack $(ARGS)

.PHONY: test-browser
test-browser: ## Drive the web application in a browser
	@$(SUITES) -only browser $(ARGS)

.PHONY: bench
bench: rondo ## Load the running stack and print each number with its goal
	@go run ./tools/cmd/bench $(ARGS)

.PHONY: eval
eval: ## Measure the parser on the corpus, with its marks (ARGS="-v": what is wrong)
	@cd services/api/assistant && go run ./eval $(ARGS) testdata/*.jsonl

.PHONY: screenshots
screenshots: ## Picture every room of the running stack (ARGS="-readme": only README's)
	@go run ./tools/cmd/screenshots $(ARGS)

## Change

.PHONY: generate
generate: ## Make again all that is generated: schemas, queries, templates, pictures
	@for module in $(MODULES); do (cd $$module && go generate ./...) || exit; done

.PHONY: preview
preview: rondo ## Show all that STACK=minikube or STACK=aks is made of, without a cluster
	@$(RONDO) preview --stack $(STACK) $(ARGS)

.PHONY: images
images: rondo ## Build the services' images, and load them into minikube if it runs
	@$(RONDO) images $(ARGS)

.PHONY: lint
lint: $(MODULES:%=lint/%) lint/workflows ## Lint every module, and the workflows

.PHONY: lint/workflows
lint/workflows: rondo
	@$(RONDO) tool actionlint -shellcheck= -pyflakes=

.PHONY: scan
scan: rondo ## Look for secrets in every commit
	@$(RONDO) tool gitleaks git --redact --no-banner .

.PHONY: fmt
fmt: $(MODULES:%=fmt/%) ## Format every module

.PHONY: tidy
tidy: $(MODULES:%=tidy/%) ## Bring every go.mod up to date

define module-targets
.PHONY: test/$(1) lint/$(1) fmt/$(1) tidy/$(1)
test/$(1): ; cd $(1) && go test ./...
lint/$(1): rondo ; cd $(1) && ../$(RONDO) tool golangci-lint run --allow-parallel-runners ./...
fmt/$(1): rondo ; cd $(1) && ../$(RONDO) tool golangci-lint fmt ./...
tidy/$(1): ; cd $(1) && GOWORK=off go mod tidy
endef
$(foreach module,$(MODULES),$(eval $(call module-targets,$(module))))

.PHONY: rondo
rondo: # go build knows what is up to date
	@go build -o $(RONDO) ./tools/cmd/rondo

.PHONY: help
help: ## Show this
	@awk '/^## / { printf "\n%s\n", substr($$0, 4) } /^[a-z-]+:.*## / { split($$0, part, /:.*## /); printf "  make %-18s %s\n", part[1], part[2] }' $(MAKEFILE_LIST)
	@printf '\nOf one module (%s):\n  make test/MODULE lint/MODULE fmt/MODULE tidy/MODULE\n' "$(MODULES)"
