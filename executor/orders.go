package executor

import (
	"context"
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"
)

// order is a reason to end a task before it ends by itself. As an error it is
// the cause of a cancelled context.
type order struct {
	kind  orderKind
	at    time.Time
	grace *time.Duration // of a kill, when it names one
	err   error          // behind a loss
}

type orderKind int

const (
	orderKill orderKind = iota
	orderShutdown
	orderAgentLost
	orderVolumeLost
)

func (o order) Error() string {
	switch o.kind {
	case orderKill:
		return "task was killed"
	case orderShutdown:
		return "executor was shut down"
	case orderAgentLost:
		return fmt.Sprintf("agent is lost: %v", o.err)
	}
	return fmt.Sprintf("volume is lost: %v", o.err)
}

// launched is the first LAUNCH.
type launched struct {
	Launch
	taskKilling bool // the framework wants TASK_KILLING
}

// orders is the goroutine between the session and the task's life: it hands out
// the first LAUNCH, refuses every other, and passes on what ends the task. Its
// contexts end what the task may be waiting for meanwhile.
type orders struct {
	options Options
	session *Session
	launch  chan launched // one, then closed; closed without one when none will come
	stop    chan order    // every order that concerns the task
	ctx     context.Context
	cancel  context.CancelFunc
	done    chan struct{}

	acquire       context.Context // ends with the first order, which is its cause
	cancelAcquire context.CancelCauseFunc
	end           *deadlines

	// Owned by the goroutine.
	task        string // "" before LAUNCH
	idle        bool   // no LAUNCH will be taken any more
	taskKilling bool
	early       map[string]order // kills before their LAUNCH
	queue       []order
}

// maxEarly bounds the memory of kills whose task never comes.
const maxEarly = 64

func listen(ctx context.Context, s *Session, o Options) *orders {
	ctx, cancel := context.WithCancel(ctx)
	l := &orders{
		options: o, session: s, ctx: ctx, cancel: cancel,
		launch: make(chan launched, 1), stop: make(chan order), done: make(chan struct{}),
		early: map[string]order{}, end: newDeadlines(ctx, o),
	}
	l.acquire, l.cancelAcquire = context.WithCancelCause(ctx)
	go l.run()
	return l
}

// close joins the goroutine.
func (l *orders) close() {
	l.cancel()
	<-l.done
	l.cancelAcquire(nil)
	l.end.close()
}

func (l *orders) run() {
	defer close(l.done)
	for l.ctx.Err() == nil {
		out, first := l.head()
		select {
		case e := <-l.session.Events():
			l.heard(e)
		case sig := <-l.options.Terminate:
			l.options.Log.Info("signal, treated as SHUTDOWN", zap.Stringer("signal", sig))
			l.shutdown()
		case out <- first:
			l.queue = l.queue[1:]
		case <-l.ctx.Done():
		}
	}
}

func (l *orders) head() (chan<- order, order) {
	if len(l.queue) == 0 {
		return nil, order{}
	}
	return l.stop, l.queue[0]
}

func (l *orders) heard(event Event) {
	switch e := event.(type) {
	case Subscribed:
		l.taskKilling = e.TaskKilling
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

// launched takes the first LAUNCH and refuses every other.
func (l *orders) launched(e Launch) {
	if l.idle || l.task != "" {
		l.refuse(e.Tasks)
		return
	}
	l.idle = e.Group
	if !e.Group {
		l.task = e.Tasks[0].TaskID.Value
	}
	if k, ok := l.early[l.task]; ok {
		l.give(k)
	}
	l.launch <- launched{Launch: e, taskKilling: l.taskKilling}
	close(l.launch)
}

// refuse fails tasks that came while another one runs, or is about to end; the
// command executor runs one task only as well.
func (l *orders) refuse(tasks []mesos.TaskInfo) {
	busy := "it is about to end"
	if l.task != "" {
		busy = fmt.Sprintf("it runs task %q", l.task)
	}
	for _, t := range tasks {
		id := t.TaskID.Value
		if id == l.task {
			l.options.Log.Warn("LAUNCH repeated", zap.String("repeated", id))
			continue
		}
		l.session.Send(failed(id, &reasonInvalid, fmt.Sprintf(
			"Attempted to run multiple tasks using one flocker-executor (%s): give each task an executor id of its own", busy)))
	}
}

func (l *orders) killed(e Kill) {
	k := order{kind: orderKill, at: time.Now(), grace: e.Grace}
	switch {
	case e.Task == l.task && l.task != "":
		l.options.Log.Info("KILL", zap.Durationp("grace", e.Grace))
		l.give(k)
	case l.task == "" && !l.idle && len(l.early) < maxEarly:
		l.early[e.Task] = k
	default:
		l.options.Log.Info("KILL for an unknown task", zap.String("unknown", e.Task))
	}
}

// shutdown ends whatever there is, within the grace period from now.
func (l *orders) shutdown() {
	now := time.Now()
	l.end.shutdown(now)
	l.give(order{kind: orderShutdown, at: now})
}

// give passes an order on: to a waiting hold or start as a cancelled context, to
// the wait of a running task through the channel.
func (l *orders) give(o order) {
	l.cancelAcquire(o)
	if l.task == "" && !l.idle && o.kind != orderKill {
		l.idle = true
		close(l.launch)
	}
	l.queue = append(l.queue, o)
}
