package executor

import (
	"context"
	"errors"
	"fmt"
	"syscall"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"
)

// reportLimit bounds the wait for the last acknowledgement beyond the time that
// an agent may be away.
const reportLimit = 2 * time.Minute

// startLimit bounds the start of a held task, which takes milliseconds unless a
// filesystem in its way does not answer.
const startLimit = time.Minute

var errStart = fmt.Errorf("not started within %v", startLimit)

// The pauses between two attempts to release what is still pinned.
const (
	letGoFirst = time.Second
	letGoMost  = 30 * time.Second
)

// Run is an executor's whole life: it subscribes, lives the life of one task,
// and returns when the agent has acknowledged how it ended and no volume is
// pinned any more. An error says that the agent could not be told. ctx is not
// how a task is ended: Terminate is.
func Run(ctx context.Context, o Options) error {
	session := Open(ctx, o.Environment, o.Transport, o.Log)
	defer session.Close()
	orders := listen(ctx, session, o)
	defer orders.close()

	launch, ok := <-orders.launch
	if !ok {
		return noTask(orders.acquire)
	}
	defer startRecovery(ctx, orders.end.release, o)()
	if launch.Group {
		refuseGroup(session, launch.Tasks)
		return flush(session, orders, o)
	}
	t := newTask(session, orders, launch, o)
	session.Send(t.live(launch.Tasks[0])) // 8
	err := flush(session, orders, o)      // 9
	t.letGo()                             // 10
	return err
}

// flush waits for the acknowledgement of everything that was sent.
func flush(s *Session, l *orders, o Options) error {
	ctx, cancel := context.WithTimeout(l.end.report, o.Environment.RecoveryTimeout+reportLimit)
	defer cancel()
	return s.Flush(ctx)
}

// task is one task's life.
type task struct {
	id      string
	options Options
	session *Session
	orders  *orders
	killing bool // the framework wants TASK_KILLING
	log     *zap.Logger
	spec    Spec
	held    Held // nil until the volumes are held
}

func newTask(s *Session, l *orders, launch launched, o Options) *task {
	id := launch.Tasks[0].TaskID.Value
	return &task{id: id, options: o, session: s, orders: l, killing: launch.taskKilling, log: o.Log.With(zap.String("task", id))}
}

// live takes the task from its LAUNCH to its terminal status. What it holds when
// it returns, the status says, and letGo goes on to release.
func (t *task) live(info mesos.TaskInfo) Status {
	spec, err := t.read(info)
	if err != nil {
		return failed(t.id, &reasonInvalid, err.Error())
	}
	t.spec = spec
	t.session.Send(starting(t.id, "")) // 1
	held, err := t.hold()              // 2
	if err != nil {
		return t.notStarted(err)
	}
	t.held = held
	return t.released(t.run(held)) // 7
}

func (t *task) read(info mesos.TaskInfo) (Spec, error) {
	if t.options.Broken != nil {
		return Spec{}, t.options.Broken
	}
	spec, err := NewSpec(t.orders.acquire, info, t.options.Spec)
	if err != nil {
		return Spec{}, err
	}
	t.log.Info("task", zap.String("command from", spec.Source), zap.Strings("passed over", spec.Passed), zap.Int("volumes", len(spec.Volumes)))
	return spec, nil
}

func (t *task) hold() (Held, error) {
	if err := context.Cause(t.orders.acquire); err != nil {
		return nil, err // killed before its LAUNCH
	}
	p := startProgress(t.session, t.id)
	defer p.close()
	return t.options.Hold(t.orders.acquire, t.id, t.spec.Volumes, p.report)
}

// run starts the held task and sees it to its end.
func (t *task) run(held Held) Status {
	ctx, cancel := context.WithTimeoutCause(t.orders.acquire, startLimit, errStart)
	defer cancel()
	if err := held.Start(ctx, t.spec.Command); err != nil { // 3
		return t.notStarted(err)
	}
	t.session.Send(running(t.id)) // 4
	return t.wait(held)           // 5
}

// wait returns how the task ended.
func (t *task) wait(held Held) Status {
	var e ending
	exited, lost := held.Exited(), held.Lost()
	for {
		select {
		case w, known := <-exited:
			return e.status(t.id, w, known)
		case o := <-t.orders.stop:
			t.obey(held, &e, o)
		case err := <-lost:
			t.obey(held, &e, order{kind: orderVolumeLost, at: time.Now(), err: err})
		case <-e.kill:
			t.signal(held, syscall.SIGKILL)
			e.killed()
		case <-e.giveUp:
			return e.status(t.id, 0, false)
		}
	}
}

// obey begins the end of a running task, or brings it nearer.
func (t *task) obey(held Held, e *ending, o order) {
	if !e.obey(o, t.spec.KillGrace, t.options.Environment.ShutdownGrace) {
		return
	}
	t.log.Info("ending the task", zap.String("why", o.Error()), zap.Time("SIGKILL at", e.deadline))
	if t.killing && (o.kind == orderKill || o.kind == orderShutdown) {
		t.session.Send(killing(t.id))
	}
	t.signal(held, syscall.SIGTERM)
}

func (t *task) signal(held Held, sig syscall.Signal) {
	if err := held.Signal(sig); err != nil {
		t.log.Warn("signalling the task failed", zap.Stringer("signal", sig), zap.Error(err))
	}
}

// notStarted words why a task never ran: on somebody's order, or for err, which
// names what is still held.
func (t *task) notStarted(err error) Status {
	var o order
	if !errors.As(context.Cause(t.orders.acquire), &o) {
		return failed(t.id, &reasonLaunch, err.Error())
	}
	message := err.Error()
	if !errors.As(err, &order{}) {
		message = o.Error() + ": " + message
	}
	return killed(t.id, "Killed before the task was started: "+message)
}

// released stops all that is left of the task and gives its volumes back: the
// terminal status goes out after that, and names what is still held.
func (t *task) released(end Status) Status {
	if err := t.release(); err != nil {
		end.Message += "; " + err.Error()
	}
	return end
}

// release is one attempt, within the release timeout or what a shutdown leaves
// of it.
func (t *task) release() error {
	ctx, cancel := context.WithTimeoutCause(t.orders.end.release, t.options.ReleaseTimeout, errors.New("the release timeout is over"))
	defer cancel()
	if err := t.held.Stop(ctx); err != nil { // 6
		t.log.Error("stopping the task failed", zap.Error(err))
	}
	err := t.held.Release(ctx)
	if err != nil {
		t.log.Error("release failed", zap.Error(err))
	}
	return err
}

// letGo goes on releasing what is pinned although its release has failed: a
// process of the task may still write to it. As long as this process lives the
// pin is open and the lease is renewed; were it to end, the lease would expire,
// and another node could mount what is still written to here. So nothing but a
// shutdown ends this before it is done.
func (t *task) letGo() {
	shutdown := t.orders.end.release
	for pause := letGoFirst; t.held != nil && t.held.Pinned(); pause = min(2*pause, letGoMost) {
		t.log.Warn("a volume is still pinned: the executor stays, and tries again to release it", zap.Duration("in", pause))
		select {
		case <-time.After(pause):
		case <-shutdown.Done():
			t.log.Error("the executor ends with a volume still held: the rest is recovery's", zap.Error(context.Cause(shutdown)))
			return
		}
		if t.release() == nil {
			t.log.Info("what was left held is released")
		}
	}
}

// noTask is the end of an executor that was never given a task.
func noTask(acquire context.Context) error {
	var o order
	if errors.As(context.Cause(acquire), &o) && o.kind == orderAgentLost {
		return o.err
	}
	return nil
}

// refuseGroup fails every task of a group.
func refuseGroup(s *Session, tasks []mesos.TaskInfo) {
	for _, t := range tasks {
		s.Send(failed(t.TaskID.Value, &reasonInvalid, "flocker-executor does not support task groups (LAUNCH_GROUP) yet: use LAUNCH"))
	}
}
