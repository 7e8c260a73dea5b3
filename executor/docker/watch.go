package docker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/containerd/errdefs"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// outputTimeout bounds the wait for any more of the output after the end of the
// container: a process elsewhere that inherited its pipes keeps them open, or
// whoever reads the output has stopped.
const outputTimeout = 5 * time.Second

var errSilent = errors.New("the docker engine does not tell")

// watch follows one container from before its start to its end. The goroutine of
// run owns it.
type watch struct {
	body    *Body
	out     *output
	stream  *stream
	exit    client.ContainerWaitResult
	cancel  context.CancelFunc // of exit
	process *process           // nil: not to be seen from here
	overdue <-chan time.Time   // the process has ended; when it fires, the engine had its time
	silent  bool               // it has fired
	broken  bool               // contact was lost, and with it the stream
	done    chan struct{}
}

// prepareWatch registers for what must not be missed, before the start.
func (b *Body) prepareWatch(ctx context.Context) (*watch, error) {
	out, err := openOutput(b.c, b.engine.log)
	if err != nil {
		return nil, err
	}
	w := &watch{body: b, out: out, done: make(chan struct{})}
	if w.stream, err = b.attach(ctx, out); err != nil {
		out.close()
		return nil, err
	}
	if err := w.wait(ctx, container.WaitConditionNextExit); err != nil {
		w.stream.close()
		out.close()
		return nil, err
	}
	return w, nil
}

// wait asks to be told of the end; ctx bounds the asking.
func (w *watch) wait(ctx context.Context, condition container.WaitCondition) error {
	life, cancel, begun := w.body.lasting(ctx)
	w.exit = w.body.engine.api.ContainerWait(life, w.body.ref(), client.ContainerWaitOptions{Condition: condition})
	w.cancel = cancel
	if err := begun(); err != nil {
		w.unwait()
		return fmt.Errorf("wait for its end: %w", err)
	}
	select {
	case err := <-w.exit.Error:
		cancel()
		return fmt.Errorf("wait for its end: %w", err)
	default:
		return nil
	}
}

// lasting is the context of a request whose answer lasts as long as the
// container. Until begun is called, it ends with ctx too, and after a while.
func (b *Body) lasting(ctx context.Context) (life context.Context, cancel context.CancelFunc, begun func() error) {
	ctx, done := context.WithTimeout(ctx, askTimeout)
	life, cancel = context.WithCancel(b.life)
	stop := context.AfterFunc(ctx, cancel)
	return life, cancel, func() error {
		defer done()
		if !stop() {
			return context.Cause(ctx)
		}
		return nil
	}
}

// unwait takes back the asking. One of the two channels always delivers.
func (w *watch) unwait() {
	w.cancel()
	select {
	case <-w.exit.Result:
	case err := <-w.exit.Error:
		w.body.engine.log.Debug("docker engine: the end is no longer waited for", w.body.field(), zap.Error(err))
	}
}

// begin follows the first process of the container, which has just started. An
// error says that it runs, and cannot be seen.
func (w *watch) begin(run *Running) error {
	if run.PID == 0 {
		return nil
	}
	p, err := openProcess(run.PID, run.ID)
	if errors.Is(err, unix.ESRCH) {
		return nil // it has ended already
	}
	if err != nil {
		w.body.engine.log.Warn("docker: the container's process cannot be watched", w.body.field(), zap.Error(err))
		return err
	}
	w.process = p
	w.body.spawn(func(ctx context.Context) {
		<-ctx.Done()
		p.close()
	})
	return nil
}

// abandon is the undo of prepareWatch.
func (w *watch) abandon() {
	w.unwait()
	w.stream.close()
	w.out.close()
}

// run ends when the container's end is known, or ctx is over.
func (w *watch) run(ctx context.Context) {
	defer close(w.done)
	defer w.out.close()
	for {
		end, err := w.await()
		if err == nil {
			w.stream.drain(ctx)
			w.tell(ctx, end)
			return
		}
		w.body.engine.log.Warn("docker engine: contact lost while the container runs", w.body.field(), zap.Error(err))
		if w.broken = !errors.Is(err, errSilent); w.broken {
			w.stream.drain(ctx)
		}
		if !w.again(ctx) {
			return
		}
	}
}

// await returns what the engine tells of the end, or why it will not. The engine
// does not tell before all output is taken.
func (w *watch) await() (container.WaitResponse, error) {
	ended := w.process.ended()
	var look <-chan time.Time
	for {
		select {
		case r := <-w.exit.Result:
			w.cancel()
			return r, nil
		case err := <-w.exit.Error:
			w.cancel()
			return container.WaitResponse{}, err
		case <-ended:
			ended = nil
			w.expect()
			w.stream.stuck()
			look = time.After(outputTimeout)
		case <-look:
			if w.stream.stuck() {
				w.stream.close()
				w.overdue = time.After(w.body.engine.endTimeout)
			}
			look = time.After(outputTimeout)
		case <-w.overdue:
			if w.stream.busy() {
				w.overdue = time.After(w.body.engine.endTimeout)
				continue
			}
			w.silent = true
			w.unwait()
			return container.WaitResponse{}, errSilent
		}
	}
}

// expect gives the engine time to tell of the end of the process.
func (w *watch) expect() {
	if w.overdue == nil {
		w.overdue = time.After(w.body.engine.endTimeout)
	}
}

// again finds out what became of the container and goes on watching it if it
// runs. Else it tells the end, and returns false. An engine that is only silent
// still brings the output; else the log driver has the rest of it.
func (w *watch) again(ctx context.Context) bool {
	found, err := w.find(ctx)
	switch {
	case ctx.Err() != nil:
		w.unknown(ctx, "it was given up")
	case errdefs.IsNotFound(err):
		w.unknown(ctx, "somebody removed the container")
	case err != nil:
		w.unknown(ctx, fmt.Sprintf("its process has ended, but the docker engine has not told how: %v", err))
	case found.State.Running && found.State.Pid != w.body.Running().PID:
		w.unknown(ctx, secondLife)
	case found.State.Running:
		if err := w.wait(ctx, container.WaitConditionNotRunning); err == nil {
			w.resume(ctx, true)
			return true
		}
		select { // it answers one and not the other
		case <-time.After(retryEvery):
		case <-ctx.Done():
		}
		return w.again(ctx)
	default:
		w.resume(ctx, false)
		w.stream.drain(ctx)
		w.tell(ctx, container.WaitResponse{StatusCode: int64(found.State.ExitCode)})
	}
	return false
}

func (w *watch) resume(ctx context.Context, runs bool) {
	if w.broken {
		w.stream = w.body.resume(ctx, w.out, w.stream.until, runs)
	}
}

// unknown publishes an end of which there is no status.
func (w *watch) unknown(ctx context.Context, why string) {
	w.stream.drain(ctx)
	w.body.finish(nil, why)
}

// find asks until the engine answers, or has been silent for too long about a
// process that has ended.
func (w *watch) find(ctx context.Context) (container.InspectResponse, error) {
	tick := time.NewTicker(retryEvery)
	defer tick.Stop()
	ended := w.process.ended()
	for {
		found, err := w.body.inspect(ctx)
		if err == nil && found.Container.State != nil || errdefs.IsNotFound(err) {
			return found.Container, err
		}
		if w.silent {
			return found.Container, err
		}
		select {
		case <-tick.C:
		case <-ended:
			ended = nil
			w.expect()
		case <-w.overdue:
			w.silent = true
		case <-ctx.Done():
			return found.Container, context.Cause(ctx)
		}
	}
}
