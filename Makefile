# Everything that CI runs is a target here.
GO        ?= go
VERSION   ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS   := -s -w -X main.version=$(VERSION)
STATIC    := CGO_ENABLED=0 $(GO) build -trimpath -ldflags '$(LDFLAGS)'
PACKAGES  := ./... ./.ci/report

.DEFAULT_GOAL := help

help: ## this list
	@awk -F ':.*## ' '/^[a-z0-9-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

build: ## bin/flocker-executor (static, stripped) and bin/minicluster
	VERSION='$(VERSION)' .ci/build bin/flocker-executor
	$(STATIC) -o bin/minicluster ./cmd/minicluster

cross: ## amd64 and arm64 build of everything, and what only other build tags compile
	GOARCH=amd64 .ci/build /dev/null
	GOARCH=arm64 .ci/build /dev/null
	GOARCH=arm64 CGO_ENABLED=0 $(GO) vet $(PACKAGES)
	CGO_ENABLED=0 $(GO) vet -tags mesos $(PACKAGES)

demo: build need-demo ## a task, its volume, two nodes: the whole story in a minute; DOCKER=1 for a container (root)
	@bin/minicluster demo $(if $(DOCKER),--docker)

# Programs that tests start are the tests' own with another argument 0, so that the race
# detector's pause at the end would be in every one's way.
test: export GORACE := atexit_sleep_ms=0
test: need-test ## all tests with -race: unit, integration, end to end (root)
	$(GO) test $(TESTFLAGS) -race -count=1 -timeout 600s $(PACKAGES)
	$(GO) test $(TESTFLAGS) -race -count=1 -timeout 600s -tags failpoint ./volumes/...
	$(GO) test $(TESTFLAGS) -race -count=1 -timeout 600s -tags mesos -run 'Real|Daemon|Command|Variant|Flocker|Binaries' ./integration/cluster

soak: need-test ## the long tests
	$(GO) test -race -count=1 -timeout 3600s -tags soak -run Soak $(PACKAGES)

bench: build need-test ## figures of this build beside what they are compared with; BENCH=tasks for one part (root)
	$(GO) run ./integration/bench $(BENCH)

fuzz: ## every fuzz target for a while
	.ci/fuzz

lint: ## golangci-lint with the import arrows of the design
	$(GO) -C .ci/tools build -o $(CURDIR)/.cache/golangci-lint github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	.cache/golangci-lint run $(PACKAGES)
	.cache/golangci-lint run --build-tags mesos ./integration/...

deps: ## rewrite the checked-in dependency list of the executor
	.ci/deps > cmd/flocker-executor/deps.txt

e2e-mesos: need-test ## the end-to-end tests on real Mesos daemons: MESOS_BIN=<folder of mesos-master, mesos-agent, ...> (root)
	@MESOS_BIN='$(MESOS_BIN)' .ci/e2e-mesos $(TESTFLAGS)

clean: ## remove what make built
	rm -rf bin .cache

need-demo:
	@.ci/need $(if $(DOCKER),docker,demo)

need-test:
	@.ci/need test

.PHONY: help build cross demo test soak bench fuzz lint deps e2e-mesos clean need-demo need-test
