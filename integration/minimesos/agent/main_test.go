package agent_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// agentVariable makes the test binary an agent, so that tests can kill one.
const agentVariable = "AGENT_TEST_CONFIG"

func TestMain(m *testing.M) {
	if config := os.Getenv(agentVariable); config != "" {
		os.Exit(beAgent(config))
	}
	os.Exit(runAndLookForLeaks(m))
}

func beAgent(text string) int {
	var c agent.Config
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	usr1 := make(chan os.Signal, 1)
	signal.Notify(usr1, syscall.SIGUSR1)
	leave := make(chan struct{})
	go func() { <-usr1; close(leave) }()
	c.Leave = leave
	log, err := zap.NewDevelopment()
	if err != nil {
		return 2
	}
	c.Log = log
	if err := agent.Run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return 0
}
