package executor

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// watch is the checks of a running task. A nil runner means that it has none.
// Its owner is the task's goroutine.
type watch struct {
	runner  *checks.Runner
	cancel  context.CancelFunc
	stopped bool // nothing is told any more
}

// watch begins the checks of the task.
func (t *task) watch() *watch {
	if t.spec.Check == nil && t.spec.Health == nil {
		return &watch{}
	}
	ctx, cancel := context.WithCancel(t.listener.ctx)
	c := checks.Config{Check: t.spec.Check, Health: t.spec.Health, Run: t.beside, Log: t.log}
	if t.container != nil {
		c.Run, c.Dial = t.inContainer, t.container.Dial
	}
	return &watch{cancel: cancel, runner: checks.Start(ctx, c)}
}

// beside runs a check's command as the task runs: in its view, as its user,
// within its limits. What it writes is no output of the task's.
func (t *task) beside(ctx context.Context, c checks.Command) (int, error) {
	command := t.spec.Command
	command.Program, command.Argv, command.Env, command.Stdout = c.Program, c.Argv, c.Env, command.Stderr
	status, err := t.held.Exec(ctx, command)
	if err != nil {
		return 0, err
	}
	if !status.Exited() {
		return 0, fmt.Errorf("terminated with signal %s", signalName(status.Signal()))
	}
	return status.ExitStatus(), nil
}

// results is where news comes; nil when none will.
func (w *watch) results() <-chan checks.Result {
	if w.runner == nil || w.stopped {
		return nil
	}
	return w.runner.Results()
}

// connected pauses the checks while nobody could be told (default_executor.cpp
// does; the results would be old when the agent is back).
func (w *watch) connected(there bool) {
	switch {
	case w.runner == nil || w.stopped:
	case there:
		w.runner.Resume()
	default:
		w.runner.Pause()
	}
}

// stop ends the checks when the end of the task begins: nothing is told of them
// any more. It waits for nothing.
func (w *watch) stop() {
	if w.runner != nil {
		w.cancel()
	}
	w.stopped = true
}

// close joins the checks.
func (w *watch) close() {
	if w.runner != nil {
		w.cancel()
		w.runner.Close()
	}
}

// checked passes on what is new. A health check that has failed too often ends
// the task as a KILL without a policy does.
func (t *task) checked(e *ending, w *watch, r checks.Result) {
	if r.Check != nil {
		t.seen(t.info.Check, *r.Check)
	}
	if r.Health == nil {
		return
	}
	t.judged(*r.Health)
	if r.Health.Kill {
		t.obey(e, w, order{kind: orderUnhealthy, at: time.Now(), err: errors.New(r.Health.Message)})
	}
}
