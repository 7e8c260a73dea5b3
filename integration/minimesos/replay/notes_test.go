package replay_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// quiet is how long "nothing comes" is watched.
const quiet = 150 * time.Millisecond

// before makes sure that an executor's request comes from a running one.
func (r *rig) before(ctx context.Context, p *replay.Player, e replay.Entry) error {
	if e.Actor != replay.Executor || strings.HasPrefix(e.Note, "poll ") {
		return nil
	}
	if r.stubs.last() == nil {
		if err := r.awaitStub(ctx, ""); err != nil {
			return err
		}
	}
	return r.learnToken(ctx, p, e.Request.Get("Authorization"))
}

// awaitStub waits for an executor process, of the executor called id unless
// that is "".
func (r *rig) awaitStub(ctx context.Context, id string) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	for {
		s, err := r.stubs.await(ctx)
		if err != nil {
			return fmt.Errorf("%w; the agent says: %s", err, r.log())
		}
		if id == "" || s.env("MESOS_EXECUTOR_ID") == id {
			return nil
		}
	}
}

// note does what happened outside HTTP.
func (r *rig) note(ctx context.Context, p *replay.Player, e replay.Entry) error {
	if e.Actor == replay.Operator {
		return r.operate(ctx, p, e)
	}
	switch {
	case strings.HasPrefix(e.Note, "executor process exits with code "):
		return r.endExecutor(ctx, p, "exit "+strings.TrimPrefix(e.Note, "executor process exits with code "))
	case e.Note == "executor sends SIGKILL to itself":
		return r.endExecutor(ctx, p, "kill 9")
	case e.Note == "executor sends SIGTERM to itself":
		return r.endExecutor(ctx, p, "kill 15")
	case strings.Contains(e.Note, "executor process started"):
		return r.awaitStub(ctx, "")
	case e.Note == "executor process context at start":
		return r.checkContext(ctx, p, e.Data)
	case strings.HasPrefix(e.Note, "no ACKNOWLEDGED for uuid"), strings.HasPrefix(e.Note, "no KILL on the new stream"):
		return p.Quiet(ctx, replay.Executor, quiet)
	case strings.HasPrefix(e.Note, "the stream is still open"):
		return r.expectOpen(p)
	case e.Note == "the stream has been closed by the agent":
		return p.Await(ctx, "the agent to close the stream", func() bool { return len(p.Open(replay.Executor)) == 0 })
	case e.Note == "MESOS_EXECUTOR_AUTHENTICATION_TOKEN":
		return r.tokenNote(ctx, p, e.Data)
	}
	return ignored(e)
}

// operate does what the operator did to the agent.
func (r *rig) operate(ctx context.Context, p *replay.Player, e replay.Entry) error {
	switch {
	case e.Note == "agent process started":
		if err := r.flags(e.Data); err != nil {
			return err
		}
		return r.startAgent(ctx)
	case strings.HasPrefix(e.Note, "agent killed with SIGKILL"):
		if err := r.signalAgent(syscall.SIGKILL); err != nil {
			return err
		}
		return r.awaitAgent(ctx)
	case e.Note == "agent gets SIGTERM":
		return r.signalAgent(syscall.SIGTERM)
	case e.Note == "agent gets SIGUSR1":
		return r.signalAgent(syscall.SIGUSR1)
	case e.Note == "agent process has ended":
		return r.awaitAgent(ctx)
	case e.Note == "executor processes alive 1.5 s later: 0":
		return r.awaitNoStub(ctx)
	}
	return r.observe(p, e)
}

// endExecutor ends the executor that started last. Its streams end with it.
func (r *rig) endExecutor(ctx context.Context, p *replay.Player, how string) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	s := r.stubs.last()
	if s == nil {
		if err := r.awaitStub(ctx, ""); err != nil {
			return err
		}
		s = r.stubs.last()
	}
	for _, i := range p.Open(replay.Executor) {
		if r.trace.Entries[i].End == nil {
			p.Close(i)
		}
	}
	return s.end(ctx, how)
}

func (r *rig) expectOpen(p *replay.Player) error {
	if len(p.Open(replay.Executor)) == 0 {
		return errors.New("no stream of an executor is open")
	}
	return nil
}

// awaitNoStub waits until every executor process has ended.
func (r *rig) awaitNoStub(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	for s := r.stubs.last(); s != nil; s = r.stubs.last() {
		if err := s.wait(ctx); err != nil {
			return err
		}
	}
	return nil
}
