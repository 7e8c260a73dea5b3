package docker_test

import (
	"context"
	"net/http"
	"regexp"
	"slices"
	"syscall"
	"testing"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/network"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// kindOfRequest matches the names in a request's path.
var kindOfRequest = regexp.MustCompile(`^/v[0-9.]+|/flocker-[0-9a-f-]+|/n[0-9a-f]{8}|/[0-9a-f]{64}|/busybox:latest`)

// request is of a kind, by method and path without names, and may have a deadline.
type request struct {
	kind    string
	bounded bool
}

// An engine that is stopped takes requests and answers none. Those that may not
// last as long as the container, or as the caller wants, have a deadline whatever
// the caller's context is.
func TestRequestsHaveDeadlines(t *testing.T) {
	main, other := madeNetwork(t, "10.213.4.0/24"), madeNetwork(t, "10.213.5.0/24")
	e := open(t, shared)
	all := make(chan request, 100)
	if err := e.Hook(func(q *http.Request) {
		_, bounded := q.Context().Deadline()
		all <- request{q.Method + " " + kindOfRequest.ReplaceAllString(q.URL.Path, ""), bounded}
	}); err != nil {
		t.Fatal(err)
	}
	c := task(t, "trap '' TERM; echo ready; while :; do sleep 0.1; done")
	c.Host.NetworkMode = container.NetworkMode(main)
	c.Networking.EndpointsConfig = map[string]*network.EndpointSettings{main: {}, other: {}}
	dir, device := dataset(t)
	ctx := context.WithoutCancel(t.Context())
	b := e.Body(c)
	for _, step := range []func() error{
		func() error { return e.Prepare(ctx, c, func(string) {}) },
		func() error {
			return b.Create(ctx, []volumes.BodyBind{{Volume: "v", Dataset: "id", Source: dir, Path: "/v", Device: device}})
		},
		func() error { _, err := b.Start(ctx); return err },
		func() error { wantOutput(t, c.Stdout, "ready"); return b.Signal(syscall.SIGKILL) },
		func() error { wantStatus(t, b, 137); return b.Remove(ctx) },
	} {
		if err := step(); err != nil {
			t.Error(err)
		}
	}
	wantBounded(t, all)
}

// wantBounded fails unless every request was bounded, but for those that last: for
// as long as the container, or as the engine makes it.
func wantBounded(t *testing.T, all chan request) {
	t.Helper()
	lasting := []string{"POST /containers/wait", "POST /containers/create"}
	var kinds []string
	for len(all) > 0 {
		r := <-all
		kinds = append(kinds, r.kind)
		if !r.bounded && !slices.Contains(lasting, r.kind) {
			t.Errorf("%s: no deadline", r.kind)
		}
	}
	for _, kind := range append(lasting,
		"GET /images/json", "GET /containers/json", "POST /networks/connect", "POST /containers/attach",
		"POST /containers/start", "POST /containers/kill", "DELETE /containers",
	) {
		if !slices.Contains(kinds, kind) {
			t.Errorf("no request %s among %q", kind, kinds)
		}
	}
}
