package executor

import (
	"context"
	"errors"
	"fmt"
	"strings"
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

// abandonLimit bounds the release of volumes whose task was called off while its
// image was on its way or its container was being started: as volumes.Hold does,
// for it must be told to be dead within five seconds.
const abandonLimit = 4 * time.Second

var errStart = fmt.Errorf("not started within %v", startLimit)

// The pauses between two attempts to release what is still pinned.
const (
	letGoFirst = time.Second
	letGoMost  = 30 * time.Second
)

// Run is an executor's whole life: it subscribes, lives the life of one task, or
// of the tasks of one group side by side, and returns when the agent has
// acknowledged how each ended and no volume is pinned any more. An error says
// that the agent could not be told. ctx is not how a task is ended: Terminate is;
// when ctx ends, nobody can be told and nothing is waited for.
func Run(ctx context.Context, o Options) error {
	session := Open(ctx, o.Environment, o.Transport, o.Log)
	defer session.Close()
	l := listen(ctx, session, o)
	defer l.close()

	launch, ok := <-l.launch
	if !ok {
		return l.unused()
	}
	defer startRecovery(ctx, l.end.release, o)()
	g := newGroup(session, l, launch, o)
	g.live()                    // 1 to 8 of each task
	err := flush(session, l, o) // 9
	g.join()                    // 10
	return err
}

// flush waits for the acknowledgement of everything that was sent.
func flush(s *Session, l *listener, o Options) error {
	ctx, cancel := context.WithTimeout(l.end.report, o.Environment.RecoveryTimeout+reportLimit)
	defer cancel()
	return s.Flush(ctx)
}

// task is one task's life.
type task struct {
	id       string
	info     mesos.TaskInfo
	group    bool // it came with a LAUNCH_GROUP
	launched time.Time
	options  Options
	killing  bool // the framework wants TASK_KILLING
	*voice
	listener *listener
	orders   *orders
	log      *zap.Logger

	spec      Spec
	refused   *Status   // it is not to begin
	held      Held      // nil until the volumes are held
	container Container // nil for a process
}

func newTask(s *Session, l *listener, launch launched, info mesos.TaskInfo, own *orders, o Options) *task {
	id := info.TaskID.Value
	return &task{
		id: id, info: info, group: launch.Group, launched: launch.at, options: o, killing: launch.taskKilling,
		voice: newVoice(s, info), listener: l, orders: own, log: o.Log.With(zap.String("task", id)),
	}
}

// read makes the task's Spec.
func (t *task) read() {
	if t.options.Broken != nil {
		t.refuse(failed(t.id, &reasonInvalid, t.options.Broken.Error()))
		return
	}
	o := t.options.Spec
	o.Group = t.group
	spec, err := NewSpec(t.orders.acquire, t.info, o)
	switch {
	case err != nil && t.orders.acquire.Err() != nil:
		t.refuse(t.notStarted(context.Cause(t.orders.acquire), err))
	case err != nil:
		t.refuse(failed(t.id, &reasonInvalid, err.Error()))
	default:
		t.spec = spec
		t.wanted(spec.Volumes)
		t.log.Info("task", zap.String("command from", spec.Source), zap.Strings("passed over", spec.Passed), zap.Int("volumes", len(spec.Volumes)))
		for _, warning := range spec.Warnings {
			t.log.Warn(warning)
		}
	}
}

// refuse has the task end before it begins. The first reason stays.
func (t *task) refuse(s Status) {
	if t.refused == nil {
		t.refused = &s
	}
}

// live takes the task from its LAUNCH to its terminal status. What it holds when
// it returns, the status says, and letGo goes on to release.
func (t *task) live() Status {
	if t.refused != nil {
		return t.ended(*t.refused)
	}
	acquire, cancel := t.limited()
	defer cancel()
	t.say(starting(t.id, strings.Join(t.spec.Warnings, "; "))) // 1
	err := t.hold(acquire)                                     // 2
	if err == nil {
		err = t.start(acquire) // 3
	}
	if err != nil {
		limit, cause := t.options.ReleaseTimeout, context.Cause(acquire)
		if cause != nil {
			limit = min(limit, abandonLimit)
		}
		return t.released(t.ended(t.notStarted(cause, err)), limit)
	}
	return t.released(t.ended(t.run()), t.options.ReleaseTimeout) // 7
}

// limited is the context of steps 2 and 3: any order ends it, and so does the
// end of max_completion_time, which counts from the LAUNCH.
func (t *task) limited() (context.Context, context.CancelFunc) {
	limit := t.spec.MaxCompletion
	if limit <= 0 {
		return context.WithCancel(t.orders.acquire)
	}
	return context.WithDeadlineCause(t.orders.acquire, t.launched.Add(limit), order{kind: orderCompletion, limit: limit})
}

// hold holds the volumes, and has the image of a container there. A failure can
// leave volumes held.
func (t *task) hold(ctx context.Context) (err error) {
	if err := context.Cause(ctx); err != nil {
		return err // killed before its LAUNCH
	}
	if err := t.makeSandbox(); err != nil {
		return err
	}
	p := startProgress(t.voice, t.id)
	defer p.close()
	if t.spec.Container != nil {
		t.held, err = t.holdAndPrepare(ctx, p)
		return err
	}
	t.held, err = t.options.Hold(ctx, t.spec, p.report)
	return err
}

// run sees the started task to its end.
func (t *task) run() Status {
	t.say(t.running()) // 4
	w := t.watch()
	defer w.close()
	return t.wait(w) // 5
}

// start gives the sandbox to the task's user, who is not root as a rule, and the
// held task its process. A container's user is the image's affair.
func (t *task) start(acquire context.Context) error {
	t.holds(t.held.Volumes())
	ctx, cancel := context.WithTimeoutCause(acquire, startLimit, errStart)
	defer cancel()
	if t.container != nil {
		return t.held.StartContainer(ctx, t.container)
	}
	if u := t.spec.Command.User; u != nil {
		if err := giveSandbox(t.options.Environment.Sandbox, t.spec.Sandbox, *u); err != nil {
			return err
		}
	}
	return t.held.Start(ctx, t.spec.Command)
}

// wait returns how the task ended.
func (t *task) wait(w *watch) Status {
	var e ending
	exited, lost, completion := t.held.Exited(), t.held.Lost(), t.completion()
	for {
		select {
		case status, known := <-exited:
			return e.status(t.id, t.exit(status, known))
		case given := <-t.orders.stop:
			for _, o := range given {
				t.obey(&e, w, o)
			}
		case there := <-t.orders.link:
			w.connected(there)
		case r := <-w.results():
			t.checked(&e, w, r)
		case err := <-lost:
			t.obey(&e, w, order{kind: orderVolumeLost, at: time.Now(), err: err})
		case <-completion:
			t.obey(&e, w, order{kind: orderCompletion, at: time.Now(), limit: t.spec.MaxCompletion})
		case <-e.kill:
			t.signal(syscall.SIGKILL)
			e.forced()
		case <-e.giveUp:
			return e.status(t.id, t.exit(0, false))
		}
	}
}

// completion fires when max_completion_time is over; nil when there is none.
func (t *task) completion() <-chan time.Time {
	if t.spec.MaxCompletion <= 0 {
		return nil
	}
	return time.After(time.Until(t.launched.Add(t.spec.MaxCompletion)))
}

// obey begins the end of a running task, or brings it nearer.
func (t *task) obey(e *ending, w *watch, o order) {
	if !e.obey(o, t.spec.KillGrace, t.options.Environment.ShutdownGrace) {
		return
	}
	t.log.Info("ending the task", zap.String("why", o.Error()), zap.Time("SIGKILL at", e.deadline))
	w.stop()
	if t.killing && o.announced() {
		t.say(killing(t.id))
	}
	t.signal(syscall.SIGTERM)
}

func (t *task) signal(sig syscall.Signal) {
	if err := t.held.Signal(sig); err != nil {
		t.log.Warn("signalling the task failed", zap.Stringer("signal", sig), zap.Error(err))
	}
}

// notStarted words why a task never ran: on somebody's order, which is the
// cause, or for err, which names what is still held.
func (t *task) notStarted(cause, err error) Status {
	t.letGoOf(err)
	var o order
	if !errors.As(cause, &o) {
		return failed(t.id, &reasonLaunch, err.Error())
	}
	message := err.Error()
	if !errors.As(err, &order{}) {
		message = o.Error() + ": " + message
	}
	if o.kind == orderCompletion {
		return failed(t.id, &reasonCompletion, "The task was not started in time: "+message)
	}
	return killed(t.id, "Killed before the task was started: "+message)
}

// ended tells the others of a group how the task ended, before its release.
func (t *task) ended(s Status) Status {
	t.listener.ended(t.orders, s)
	return s
}

// released stops all that is left of the task and gives its volumes back: the
// terminal status goes out after that, and names what is still held.
func (t *task) released(end Status, limit time.Duration) Status {
	if t.held == nil {
		return end
	}
	if err := t.release(limit); err != nil {
		end.Message += "; " + err.Error()
	}
	t.holds(t.held.Volumes())
	return end
}

// release is one attempt, within a limit or what a shutdown leaves of it.
func (t *task) release(limit time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(t.listener.end.release, limit, errors.New("the release timeout is over"))
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
	shutdown := t.listener.end.release
	for pause := letGoFirst; t.held != nil && t.held.Pinned(); pause = min(2*pause, letGoMost) {
		t.log.Warn("a volume is still pinned: the executor stays, and tries again to release it", zap.Duration("in", pause))
		select {
		case <-time.After(pause):
		case <-shutdown.Done():
			t.log.Error("the executor ends with a volume still held: the rest is recovery's", zap.Error(context.Cause(shutdown)))
			return
		}
		if t.release(t.options.ReleaseTimeout) == nil {
			t.log.Info("what was left held is released")
		}
	}
}
