package main

import (
	"context"
	"fmt"
	"io"
	"os/signal"
	"syscall"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// runRecover returns what dead executors of this node have left; for people and
// for timers. SIGTERM and SIGINT end it between two requests.
func runRecover(s *settings, getenv func(string) string, out io.Writer) int {
	log := s.log()
	defer func() { _ = log.Sync() }() // a terminal cannot be synced
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	report, err := volumes.Recover(ctx, s.volumes(getenv, "", log), s.dryRun)
	fmt.Fprintln(out, report)
	if err != nil {
		log.Error("recovery is not complete", zap.Error(err))
		return failed
	}
	return ok
}
