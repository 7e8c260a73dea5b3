package executor

import (
	"bytes"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// ledger remembers what the agent has not acknowledged, in order (launcher/
// executor.cpp keeps the same two lists). Updates before taken need not be sent
// any more: the agent has them, or they went along with a subscription.
type ledger struct {
	tasks   []mesos.TaskInfo
	updates []mesos.TaskStatus
	taken   int
}

// launched notes a task: until one of its updates is acknowledged, an agent
// that restarts would take it for never delivered.
func (l *ledger) launched(t mesos.TaskInfo) { l.tasks = append(l.tasks, t) }

// add appends an update that has to be sent.
func (l *ledger) add(s mesos.TaskStatus) { l.updates = append(l.updates, s) }

// next is the update to send now.
func (l *ledger) next() (mesos.TaskStatus, bool) {
	if l.taken == len(l.updates) {
		return mesos.TaskStatus{}, false
	}
	return l.updates[l.taken], true
}

// took says that the agent has the update with this uuid. It may have been
// acknowledged already: the answer and the acknowledgement race.
func (l *ledger) took(uuid []byte) {
	if s, ok := l.next(); ok && bytes.Equal(s.UUID, uuid) {
		l.taken++
	}
}

// find returns the unacknowledged update with this uuid.
func (l *ledger) find(task string, uuid []byte) (mesos.TaskStatus, bool) {
	if i := l.index(task, uuid); i >= 0 {
		return l.updates[i], true
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
	if i < l.taken {
		l.taken--
	}
	l.tasks = slices.DeleteFunc(l.tasks, func(t mesos.TaskInfo) bool { return t.TaskID.Value == task })
}

func (l *ledger) index(task string, uuid []byte) int {
	return slices.IndexFunc(l.updates, func(s mesos.TaskStatus) bool {
		return s.TaskID.Value == task && bytes.Equal(s.UUID, uuid)
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
	for _, status := range l.updates {
		s.UnacknowledgedUpdates = append(s.UnacknowledgedUpdates, wire.Call_Update{Status: status})
	}
	l.taken = len(l.updates)
	return s, l.taken
}
