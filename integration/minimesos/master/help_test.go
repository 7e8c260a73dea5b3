package master_test

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

// patience bounds every single wait of these tests.
const patience = 10 * time.Second

// web is what all tests speak HTTP with. A master that does not answer fails
// the test instead of stopping it, and no connection outlives its request: an
// idle one could belong to an earlier master that had the same port.
var web = &http.Client{Transport: &http.Transport{DisableKeepAlives: true, ResponseHeaderTimeout: patience}}

// bounded is the test's context with an end, for waits that the master answers.
func bounded(t testing.TB) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	return ctx
}

// startMaster gives the test a master of its own. Its clock stands still, so
// that nothing but the test decides what falls due and when.
func startMaster(t testing.TB, cfg master.Config) *master.Master {
	t.Helper()
	cfg.StandStill = true
	return runMaster(t, cfg)
}

// runMaster is startMaster with a clock that runs.
func runMaster(t testing.TB, cfg master.Config) *master.Master {
	t.Helper()
	m := master.New(cfg)
	if err := m.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return m
}

// offerAgain makes a round of offers, which else comes once a second.
func offerAgain(t testing.TB, m *master.Master) {
	t.Helper()
	if err := m.Allocate(bounded(t)); err != nil {
		t.Fatal(err)
	}
}

func expect(t testing.TB, what string, got, want any) {
	t.Helper()
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}
