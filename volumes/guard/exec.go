package guard

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/guard/stage"
)

// abortTimeout bounds the killing of a command, which takes milliseconds.
const abortTimeout = 5 * time.Second

// Exec runs a command beside the task, in its mount and PID namespaces and in a
// session of its own, and returns how its first process ended. It may be called
// from any goroutine while the task runs, several times at once; before Run and
// after the task's end it is an error. An *ExecError tells why a command did not
// start.
//
// The command reads nothing, and what it writes goes to this process's standard
// error, unless t names files; t.TTY is the task's alone and means nothing here.
//
// When ctx ends first, the command and all it forked get SIGKILL, whatever they
// did with process groups, and the error is ctx's cause.
func (g *Guard) Exec(ctx context.Context, t Task) (syscall.WaitStatus, error) {
	status, err := g.exec(ctx, stage.Task(t))
	if err != nil {
		return 0, fmt.Errorf("run a command beside the task: %w", err)
	}
	return status, nil
}

func (g *Guard) exec(ctx context.Context, t stage.Task) (syscall.WaitStatus, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	c := command{id: g.lastCommand.Add(1), ended: make(chan stage.Ended, 1)}
	select {
	case g.commands <- c:
	case <-g.readDone:
		return 0, errDied
	}
	t.TTY = nil
	if err := g.send(stage.Order{Command: &stage.Command{ID: c.id, Task: t}}); err != nil {
		return 0, err
	}
	ended, err := receive(ctx, g, c.ended)
	switch {
	case err != nil && !errors.Is(err, errDied):
		return 0, errors.Join(err, g.abort(ctx, c))
	case err != nil:
		return 0, err
	case ended.Failed != nil:
		return 0, execError(*ended.Failed)
	}
	return ended.Status, nil
}

// abort has a command killed, or finds that it has just ended.
func (g *Guard) abort(ctx context.Context, c command) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abortTimeout)
	defer cancel()
	err := g.send(stage.Order{Abort: c.id})
	if err == nil {
		_, err = receive(ctx, g, c.ended)
	}
	if errors.Is(err, errDied) {
		return nil // and everything with it
	}
	return err
}

// command is somebody who waits for the end of one.
type command struct {
	id    uint64
	ended chan stage.Ended // capacity 1, and exactly one is sent
}

// dispatch owns the commands under way: it hands the guard's last word on each
// to whoever waits for it, until the guard dies.
func (g *Guard) dispatch() {
	waiting := map[uint64]command{}
	for {
		select {
		case c := <-g.commands:
			waiting[c.id] = c
		case e := <-g.ended:
			if c, known := waiting[e.ID]; known {
				c.ended <- e
				delete(waiting, e.ID)
			}
		case <-g.readDone:
			return
		}
	}
}
