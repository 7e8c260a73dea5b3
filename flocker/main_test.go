package flocker_test

import (
	"flag"
	"fmt"
	"os"
	"runtime"
	"testing"
	"time"
)

// TestMain fails when a goroutine is left behind by any test.
func TestMain(m *testing.M) {
	flag.Parse()
	// They mostly wait for the clock, so more of them than processors may run.
	if err := flag.Set("test.parallel", "6"); err != nil {
		panic(err)
	}
	before := runtime.NumGoroutine()
	code := m.Run()
	// The fuzzing engine keeps some of its own.
	fuzzing := flag.Lookup("test.fuzz").Value.String() != ""
	if code == 0 && !fuzzing && !settled(before) {
		stacks := make([]byte, 1<<20)
		fmt.Fprintf(os.Stderr, "goroutines left behind:\n%s\n", stacks[:runtime.Stack(stacks, true)])
		code = 1
	}
	os.Exit(code)
}

func settled(before int) bool {
	deadline := time.After(5 * time.Second)
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for {
		if runtime.NumGoroutine() <= before {
			return true
		}
		select {
		case <-look.C:
		case <-deadline:
			return false
		}
	}
}
