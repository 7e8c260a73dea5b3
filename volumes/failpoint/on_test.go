//go:build failpoint

package failpoint_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// times makes the test program hit the first point so often.
const times = "FAILPOINT_TEST_TIMES"

func TestMain(m *testing.M) {
	if n := os.Getenv(times); n != "" {
		for range len(n) {
			failpoint.Hit(failpoint.Points[0])
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func TestHitKills(t *testing.T) {
	first, second := failpoint.Points[0], failpoint.Points[1]
	for _, c := range []struct {
		variable, hits string
		killed         bool
	}{
		{"", "x", false},
		{second, "x", false},
		{first, "x", true},
		{first + "#1", "x", true},
		{first + "#3", "xx", false},
		{first + "#3", "xxx", true},
	} {
		cmd := exec.Command("/proc/self/exe")
		cmd.Env = append(os.Environ(), failpoint.Variable+"="+c.variable, times+"="+c.hits)
		err := cmd.Run()
		if killed := err != nil && strings.Contains(err.Error(), "signal: killed"); killed != c.killed {
			t.Errorf("%q after %d hits: %v", c.variable, len(c.hits), err)
		}
	}
}

func TestFaults(t *testing.T) {
	t.Setenv(failpoint.Faults, "no-pin,pause-stage=/a/fifo")
	if !failpoint.Fault("no-pin") || failpoint.Fault("private") || failpoint.FaultValue("pause-stage") != "/a/fifo" || failpoint.FaultValue("no-pin") != "" {
		t.Error("the list of faults is misread")
	}
}
