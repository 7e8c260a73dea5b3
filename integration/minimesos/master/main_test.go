package master_test

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// TestMain fails when a goroutine of this module outlives the tests.
func TestMain(m *testing.M) {
	code := m.Run()
	if left := leaked(); code == 0 && left != "" {
		fmt.Fprintf(os.Stderr, "goroutines left:\n%s\n", left)
		code = 1
	}
	os.Exit(code)
}

// leaked gives handlers of closed connections a moment to end.
func leaked() string {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		left := goroutines()
		if left == "" {
			return ""
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return left
		}
	}
}

func goroutines() string {
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	var left []string
	for i, g := range strings.Split(string(stacks), "\n\n") {
		if i > 0 && strings.Contains(g, "flocker-executor") {
			left = append(left, g)
		}
	}
	return strings.Join(left, "\n\n")
}
