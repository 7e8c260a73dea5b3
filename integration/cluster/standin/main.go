//go:build mesos

// Command standin is minimesos behind the command lines of mesos-master and
// mesos-agent, as far as clusters of real daemons use them: called by one of
// these names it takes that one's flags and refuses all others, as they do.
// Called flocker-agent it is the test's dataset agent, configured by a file. It
// shows that such a cluster starts, restarts and ends its daemons; it is no
// Mesos.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/moby/sys/reexec"
)

func main() {
	if reexec.Init() {
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	err := run(ctx, filepath.Base(os.Args[0]), os.Args[1:])
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(ctx context.Context, name string, args []string) error {
	switch name {
	case "mesos-master":
		return runMaster(ctx, args)
	case "mesos-agent":
		return runAgent(ctx, args)
	case "flocker-agent":
		return runFlockerAgent(ctx)
	}
	return fmt.Errorf("%s does nothing here", name)
}
