package replay_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// The test binary is three programs: the tests, an agent (so that it can be
// killed) and the executor that agents start.
const (
	agentVerb = "replay-agent"
	stubVerb  = "replay-stub"
)

func TestMain(m *testing.M) {
	if len(os.Args) > 2 && os.Args[1] == agentVerb {
		os.Exit(runAgent(os.Args[2]))
	}
	if len(os.Args) > 2 && os.Args[1] == stubVerb {
		os.Exit(runStub(os.Args[2]))
	}
	flag.Parse()
	// The replays wait far more than they compute.
	if err := flag.Set("test.parallel", "12"); err != nil {
		os.Exit(fail(err))
	}
	os.Exit(m.Run())
}

// runAgent is an agent process: SIGTERM ends it, SIGUSR1 makes it leave.
func runAgent(file string) int {
	text, err := os.ReadFile(file)
	if err != nil {
		return fail(err)
	}
	var c agent.Config
	if err := json.Unmarshal(text, &c); err != nil {
		return fail(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	usr1 := make(chan os.Signal, 1)
	signal.Notify(usr1, syscall.SIGUSR1)
	leave := make(chan struct{})
	c.Leave = leave
	go func() {
		<-usr1
		close(leave)
	}()
	if err := agent.Run(ctx, c); err != nil {
		return fail(err)
	}
	return 0
}

func fail(err error) int {
	fmt.Fprintln(os.Stderr, err)
	return 1
}
