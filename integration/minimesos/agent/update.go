package agent

import (
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// report handles a status of the agent's own making.
func (a *agent) report(f *framework, s mesos.TaskStatus) {
	if f.ending {
		return
	}
	e := f.owner(s.TaskID.Value)
	if e != nil {
		e.apply(s)
	}
	a.keep(f, e, s)
}

// update handles a status from an executor (Slave::statusUpdate). It has been
// answered with 202 whatever happens here:
//
//	another agent's id, framework torn down   dropped, never acknowledged
//	task unknown or completed                 forwarded, never acknowledged
//	task already terminal                     acknowledged, not forwarded
//	everything else                           kept, acknowledged, forwarded
func (a *agent) update(f *framework, s mesos.TaskStatus) {
	if f.ending || s.AgentID != nil && s.AgentID.Value != a.info.GetID().GetValue() {
		return
	}
	s.AgentID, s.Source = a.info.ID, mesos.SOURCE_EXECUTOR.Enum()
	if s.Timestamp == nil {
		s.Timestamp = now()
	}
	e := f.owner(s.TaskID.Value)
	if e == nil {
		a.keep(f, nil, s)
		return
	}
	if t := e.tasks[s.TaskID.Value]; terminal(t.state()) {
		a.later(func() { a.acknowledge(e, s) })
		return
	}
	if a.streams[updateKey{f.id, s.TaskID.Value}].has(s.UUID) {
		a.later(func() { a.acknowledge(e, s) })
		return
	}
	a.describeContainer(&s, e)
	e.apply(s)
	a.keep(f, e, s)
	a.later(func() { a.acknowledge(e, s) })
}

func (s *updateStream) has(uuid []byte) bool { return s != nil && s.seen[string(uuid)] }

// apply records a status in the executor's task.
func (e *executor) apply(s mesos.TaskStatus) {
	t := e.tasks[s.TaskID.Value]
	if t == nil || terminal(t.state()) {
		return
	}
	t.record.State = s.State
	s.Data = nil // as in Mesos: kept statuses carry no data
	t.record.Statuses = append(t.record.Statuses, s)
	if s.GetSource() == mesos.SOURCE_EXECUTOR {
		t.spoke = true
	} else if t.queued && terminal(s.GetState()) {
		e.unqueue(s.TaskID.Value)
	}
}

// sortedStreams gives the streams in an order that does not change.
func (a *agent) sortedStreams() []*updateStream {
	all := make([]*updateStream, 0, len(a.streams))
	for _, s := range a.streams {
		all = append(all, s)
	}
	slices.SortFunc(all, func(x, y *updateStream) int {
		if c := strings.Compare(x.key.framework, y.key.framework); c != 0 {
			return c
		}
		return strings.Compare(x.key.task, y.key.task)
	})
	return all
}
