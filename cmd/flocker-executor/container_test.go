package main

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

// Whoever finishes a dead executor's work has its settings, wherever they came
// from, and the rest of its environment.
func TestEnvironHasAllSettings(t *testing.T) {
	t.Setenv("FLOCKER_EXECUTOR_LEASE", "2m")
	t.Setenv("FLOCKER_EXECUTOR_LOG_LEVEL", "debug")
	t.Setenv("FLOCKER_CONTROL_SERVICE_HOST", "control")
	given := []string{"--lease", "1m", "--docker-socket", "/run/other.sock", "--state-dir", "/state", "--default-size", "5GiB", "--flocker-port", "4524", "--raw-data"}
	s, _, err := parse(given, env("FLOCKER_EXECUTOR_LOG_LEVEL", "debug"))
	if err != nil {
		t.Fatal(err)
	}
	environ := s.environ()
	get := func(name string) string {
		for _, entry := range environ { // the first counts, as for os.Getenv
			if value, ok := strings.CutPrefix(entry, name+"="); ok {
				return value
			}
		}
		return ""
	}
	again, _, err := parse(nil, get)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s, again, cmp.AllowUnexported(settings{}), cmpopts.EquateComparable(flocker.Config{})); diff != "" {
		t.Errorf("settings got lost: %s", diff)
	}
	if !slices.Contains(environ, "FLOCKER_CONTROL_SERVICE_HOST=control") {
		t.Error("the environment got lost")
	}
}
