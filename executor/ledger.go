package executor

import (
	"bytes"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// ledger remembers what the agent has not acknowledged, in order (launcher/
// executor.cpp keeps the same two lists).
type ledger struct {
	tasks   []mesos.TaskInfo
	updates []update
}

// update is one that is not acknowledged.
type update struct {
	status mesos.TaskStatus
	// taken says that it need not be sent: the agent has answered to it, or it
	// went along with a subscription.
	taken bool
}

// launched notes a task: until one of its updates is acknowledged, an agent
// that restarts would take it for never delivered.
func (l *ledger) launched(t mesos.TaskInfo) { l.tasks = append(l.tasks, t) }

// add appends an update that has to be sent.
func (l *ledger) add(s mesos.TaskStatus) { l.updates = append(l.updates, update{status: s}) }

// next is the update to send now.
func (l *ledger) next() (mesos.TaskStatus, bool) {
	for _, u := range l.updates {
		if !u.taken {
			return u.status, true
		}
	}
	return mesos.TaskStatus{}, false
}

// took says that the agent has an update. It may have been acknowledged already:
// the answer and the acknowledgement race.
func (l *ledger) took(s mesos.TaskStatus) {
	if i := l.index(s.TaskID.Value, s.UUID); i >= 0 {
		l.updates[i].taken = true
	}
}

// find returns the unacknowledged update with this uuid.
func (l *ledger) find(task string, uuid []byte) (mesos.TaskStatus, bool) {
	if i := l.index(task, uuid); i >= 0 {
		return l.updates[i].status, true
	}
	return mesos.TaskStatus{}, false
}

// acknowledged forgets the update with this uuid, and that its task is new. An
// unknown uuid changes nothing.
func (l *ledger) acknowledged(task string, uuid []byte) {
	i := l.index(task, uuid)
	if i < 0 {
		return
	}
	l.updates = slices.Delete(l.updates, i, i+1)
	l.tasks = slices.DeleteFunc(l.tasks, func(t mesos.TaskInfo) bool { return t.TaskID.Value == task })
}

func (l *ledger) index(task string, uuid []byte) int {
	return slices.IndexFunc(l.updates, func(u update) bool {
		return u.status.TaskID.Value == task && bytes.Equal(u.status.UUID, uuid)
	})
}

// settled says that nothing waits for an acknowledgement.
func (l *ledger) settled() bool { return len(l.updates) == 0 }

// subscribe is what a subscription made now has to carry, and how many updates
// that are. They count as taken from here on, since the agent may acknowledge
// them before it says SUBSCRIBED; a subscription that fails is followed by
// another, which carries them again.
func (l *ledger) subscribe() (*wire.Call_Subscribe, int) {
	s := &wire.Call_Subscribe{UnacknowledgedTasks: slices.Clone(l.tasks)}
	for i := range l.updates {
		s.UnacknowledgedUpdates = append(s.UnacknowledgedUpdates, wire.Call_Update{Status: l.updates[i].status})
		l.updates[i].taken = true
	}
	return s, len(l.updates)
}

// overdue lists what the agent has taken without acknowledging it and can be
// told again. That is nothing of a task whose end it has taken: when the
// scheduler has acknowledged an end, the agent forgets the task, and would pass
// the same end on a second time (recorded: resubscribe).
func (l *ledger) overdue() []int {
	var list []int
	for i, u := range l.updates {
		if u.taken && !l.ended(u.status.TaskID.Value) {
			list = append(list, i)
		}
	}
	return list
}

func (l *ledger) ended(task string) bool {
	return slices.ContainsFunc(l.updates, func(u update) bool {
		return u.taken && u.status.TaskID.Value == task && phase(u.status) == "terminal"
	})
}

// again has everything that is overdue sent once more, in order and before what
// was not sent yet.
func (l *ledger) again() {
	for _, i := range l.overdue() {
		l.updates[i].taken = false
	}
}
