package agent_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"
)

// runAndLookForLeaks fails a run that leaves goroutines or processes behind.
func runAndLookForLeaks(m *testing.M) int {
	before := runtime.NumGoroutine()
	code := m.Run()
	if code != 0 {
		return code
	}
	http.DefaultClient.CloseIdleConnections()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(5 * time.Second); ; <-tick.C {
		goroutines, children := runtime.NumGoroutine(), children()
		if goroutines <= before && len(children) == 0 {
			return 0
		}
		if time.Now().After(deadline) {
			stacks := make([]byte, 1<<20)
			fmt.Fprintf(os.Stderr, "left behind: %d goroutines, children %q\n%s\n", goroutines-before, children, stacks[:runtime.Stack(stacks, true)])
			return 1
		}
	}
}

// children are the living children of this process; the dead are reaped: an
// agent that ends leaves its executors to init, which here is the test.
func children() []string {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err != nil || pid <= 0 {
			break
		}
	}
	lists, err := filepath.Glob("/proc/self/task/*/children")
	if err != nil {
		return []string{err.Error()}
	}
	var found []string
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err == nil {
			found = append(found, strings.Fields(string(text))...)
		}
	}
	return found
}
