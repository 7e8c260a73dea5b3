package executor

import (
	"context"
	"fmt"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"
)

// launched is the first LAUNCH, or LAUNCH_GROUP.
type launched struct {
	Launch
	at          time.Time
	taskKilling bool      // the framework wants TASK_KILLING
	orders      []*orders // one for each of the tasks
}

// outcome is how a task ended. Its volumes may still be held.
type outcome struct {
	orders *orders
	status Status
}

// listener is the goroutine between the session and the tasks' lives: it hands
// out the first LAUNCH, refuses every other, and passes on what ends a task. Its
// contexts end what the tasks may be waiting for meanwhile.
type listener struct {
	options  Options
	session  *Session
	launch   chan launched // one, then closed; closed without one when none will come
	outcomes chan outcome
	ctx      context.Context
	cancel   context.CancelFunc
	done     chan struct{}
	end      *deadlines

	// Owned by the goroutine.
	tasks       []*orders // of the LAUNCH
	launching   bool      // there was one
	why         *order    // no LAUNCH will be taken any more; read by others when launch is closed
	taskKilling bool
	early       map[string]order // kills before their LAUNCH
}

// maxEarly bounds the memory of kills whose task never comes.
const maxEarly = 64

func listen(ctx context.Context, s *Session, o Options) *listener {
	ctx, cancel := context.WithCancel(ctx)
	l := &listener{
		options: o, session: s, ctx: ctx, cancel: cancel,
		launch: make(chan launched, 1), outcomes: make(chan outcome), done: make(chan struct{}),
		early: map[string]order{}, end: newDeadlines(ctx, o),
	}
	go l.run()
	return l
}

// close joins the goroutine.
func (l *listener) close() {
	l.cancel()
	<-l.done
	for _, t := range l.tasks {
		t.cancelAcquire(nil)
	}
	l.end.close()
}

// ended tells how a task ended, as soon as that is certain.
func (l *listener) ended(o *orders, s Status) {
	select {
	case l.outcomes <- outcome{o, s}:
	case <-l.done:
	}
}

func (l *listener) run() {
	defer close(l.done)
	for {
		select {
		case e := <-l.session.Events():
			l.heard(e)
		case sig := <-l.options.Terminate:
			l.options.Log.Info("signal, treated as SHUTDOWN", zap.Stringer("signal", sig))
			l.shutdown()
		case o := <-l.outcomes:
			l.regroup(o)
		case <-l.ctx.Done():
			l.give(order{kind: orderAgentLost, at: time.Now(), err: context.Cause(l.ctx)})
			return
		}
	}
}

func (l *listener) heard(event Event) {
	switch e := event.(type) {
	case Subscribed:
		l.taskKilling = e.TaskKilling
		l.connected(true)
	case Disconnected:
		l.connected(false)
	case Launch:
		l.launched(e)
	case Kill:
		l.killed(e)
	case Shutdown:
		l.options.Log.Info("SHUTDOWN")
		l.shutdown()
	case Lost:
		l.options.Log.Error("agent is lost", zap.Error(e.Err))
		l.give(order{kind: orderAgentLost, at: time.Now(), err: e.Err})
	}
}

func (l *listener) connected(there bool) {
	for _, t := range l.tasks {
		t.connected(there)
	}
}

// launched takes the first LAUNCH and refuses every other.
func (l *listener) launched(e Launch) {
	if l.launching || l.why != nil {
		l.refuse(e.Tasks)
		return
	}
	l.launching = true
	for _, info := range e.Tasks {
		o := newOrders(l.ctx, info.TaskID.Value)
		if k, ok := l.early[o.task]; ok {
			o.give(k)
		}
		l.tasks = append(l.tasks, o)
	}
	l.launch <- launched{Launch: e, at: time.Now(), taskKilling: l.taskKilling, orders: l.tasks}
	close(l.launch)
}

// refuse fails tasks that came while others run, or are about to end; the
// built-in executors take one task, or one group, only as well.
func (l *listener) refuse(tasks []mesos.TaskInfo) {
	for _, t := range tasks {
		id := t.TaskID.Value
		if l.find(id) != nil {
			l.options.Log.Warn("LAUNCH repeated", zap.String("task", id))
			continue
		}
		v := newVoice(l.session, t)
		v.say(failed(id, &reasonInvalid, fmt.Sprintf(
			"Attempted to run multiple tasks using one flocker-executor (%s): give each task, or group of tasks, an executor id of its own", l.busy())))
	}
}

func (l *listener) busy() string {
	var ids []string
	for _, t := range l.tasks {
		ids = append(ids, fmt.Sprintf("%q", t.task))
	}
	if len(ids) == 0 {
		return "it is about to end"
	}
	return "it runs " + strings.Join(ids, ", ")
}

func (l *listener) find(task string) *orders {
	for _, t := range l.tasks {
		if t.task == task {
			return t
		}
	}
	return nil
}

func (l *listener) killed(e Kill) {
	k := order{kind: orderKill, at: time.Now(), grace: e.Grace}
	t := l.find(e.Task)
	switch {
	case t != nil:
		l.options.Log.Info("KILL", zap.String("task", e.Task), zap.Durationp("grace", e.Grace))
		t.give(k)
	case !l.launching && l.why == nil && len(l.early) < maxEarly:
		l.early[e.Task] = k
	default:
		l.options.Log.Info("KILL for an unknown task", zap.String("task", e.Task))
	}
}

// shutdown ends whatever there is, within the grace period from now.
func (l *listener) shutdown() {
	now := time.Now()
	l.end.shutdown(now)
	l.give(order{kind: orderShutdown, at: now})
}

// give gives an order to all tasks. Without any, there will be none.
func (l *listener) give(o order) {
	if !l.launching && l.why == nil {
		l.why = &o
		close(l.launch)
	}
	for _, t := range l.tasks {
		t.give(o)
	}
}

// unused is how an executor ends that was never given a task.
func (l *listener) unused() error {
	if l.why.kind == orderAgentLost {
		return l.why.err
	}
	return nil
}
