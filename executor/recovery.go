package executor

import (
	"context"
	"time"
)

// startRecovery cleans up behind dead executors, beside everything else. What it
// returns joins that: a short task must not cut it off, so it may take its time
// when the task is over, up to the release timeout, unless end says that there
// is none.
func startRecovery(ctx, end context.Context, o Options) (finish func()) {
	ctx, cancel := context.WithCancel(ctx)
	done := make(chan struct{})
	go func() {
		defer close(done)
		o.Recover(ctx)
	}()
	return func() {
		select {
		case <-done:
		case <-end.Done():
		case <-time.After(o.ReleaseTimeout):
		}
		cancel()
		<-done
	}
}
