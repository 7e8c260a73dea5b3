package executor

import "time"

// How long after SIGKILL a task may still be there before its exit status is
// done without: a process in an uninterruptible wait.
const (
	killPatience         = 10 * time.Second
	killPatienceShutdown = killBefore - releaseBefore
)

// ending is the one escalation from SIGTERM to SIGKILL. Nil channels are timers
// that are not armed.
type ending struct {
	first    *order // why the task is being ended; nil while it is not
	deadline time.Time
	patience time.Duration
	kill     <-chan time.Time // SIGKILL is due
	giveUp   <-chan time.Time // SIGKILL did not help
}

// obey takes an order. It says true for the first one, which is the one to send
// SIGTERM for and to report; each further one can only bring SIGKILL nearer.
// taskGrace is the task's own kill grace.
func (e *ending) obey(o order, taskGrace, shutdownGrace time.Duration) bool {
	first := e.first == nil
	if !first && o.kind == orderCompletion {
		return false // a task that is being ended has all the time it was given
	}
	if first {
		e.first, e.patience = &o, killPatience
	}
	deadline := e.first.at.Add(taskGrace)
	switch {
	case o.kind == orderShutdown:
		deadline = o.at.Add(max(0, shutdownGrace-killBefore))
		if e.giveUp != nil && e.patience == killPatience {
			e.giveUp = time.After(time.Until(deadline.Add(killPatienceShutdown)))
		}
		e.patience = killPatienceShutdown
	case o.kind == orderCompletion:
		deadline = o.at
	case o.grace != nil:
		deadline = e.first.at.Add(*o.grace)
	}
	if first || deadline.Before(e.deadline) {
		e.deadline = deadline
		e.kill = time.After(time.Until(deadline))
	}
	return first
}

// forced says that SIGKILL was sent.
func (e *ending) forced() {
	e.kill = nil
	e.giveUp = time.After(e.patience)
}

// status is the terminal one (launcher/executor.cpp, reaped).
func (e *ending) status(task string, x exit) Status {
	switch {
	case e.first != nil && e.first.kind == orderVolumeLost:
		return failed(task, &reasonVolumeLost, e.first.Error()+"; "+x.message)
	case !x.known:
		return failed(task, x.reason, x.message)
	case e.first != nil:
		return e.killed(task, x.message)
	case x.status.Exited() && x.status.ExitStatus() == 0:
		return finished(task, x.message)
	}
	return failed(task, x.reason, x.message)
}

// killed is the terminal status of a task that was told to end. The user has
// not asked for the ends that the message explains.
func (e *ending) killed(task, message string) Status {
	explained := e.first.Error() + "; " + message
	switch e.first.kind {
	case orderCompletion:
		return failed(task, &reasonCompletion, explained)
	case orderUnhealthy:
		s, healthy := killed(task, explained), false
		s.Healthy = &healthy
		return s
	case orderGroup:
		return killed(task, explained)
	}
	return killed(task, message)
}
