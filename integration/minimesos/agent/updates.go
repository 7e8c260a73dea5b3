package agent

import (
	"bytes"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// updateKey names the stream of one task's updates.
type updateKey struct{ framework, task string }

// updateStream keeps a task's updates until the scheduler has acknowledged them
// (task_status_update_manager.cpp). Only the head is ever on its way.
type updateStream struct {
	key      updateKey
	pending  []mesos.TaskStatus
	seen     map[string]bool // uuids received
	journal  *updateJournal  // nil without checkpoint
	retry    *time.Timer
	interval time.Duration
}

// keep takes an update into its stream and sends it when it is the head. A
// duplicate changes nothing.
func (a *agent) keep(f *framework, e *executor, s mesos.TaskStatus) {
	stream := a.stream(f, e, s.TaskID.Value)
	if stream.seen[string(s.UUID)] {
		return
	}
	stream.seen[string(s.UUID)] = true
	if err := stream.journal.update(f.id, e, s); err != nil {
		a.log.Sugar().Errorf("checkpoint update of task %s: %v", s.TaskID.Value, err)
	}
	stream.pending = append(stream.pending, s)
	if len(stream.pending) == 1 {
		a.forward(stream, a.cfg.UpdateRetryMin)
	}
}

func (a *agent) stream(f *framework, e *executor, task string) *updateStream {
	key := updateKey{f.id, task}
	s := a.streams[key]
	if s == nil {
		s = &updateStream{key: key, seen: map[string]bool{}}
		if f.checkpoint() && e != nil && e.tasks[task] != nil {
			s.journal = &updateJournal{path: a.taskMeta(e, task) + "/task.updates"}
		}
		a.streams[key] = s
	}
	return s
}

// forward sends the head and again after d, doubling, until it is acknowledged.
// While the agent is not registered nothing is sent; resume makes up for it.
func (a *agent) forward(s *updateStream, d time.Duration) {
	stopTimer(s.retry)
	if len(s.pending) == 0 || a.phase != running {
		return
	}
	head := s.pending[0]
	data, err := wire.MarshalProtobuf(&head)
	if err != nil {
		a.log.Sugar().Errorf("encode update of task %s: %v", s.key.task, err)
		return
	}
	a.link.tell(link.Event{Update: &link.Update{
		FrameworkID: s.key.framework, Status: data, LatestState: int32(s.pending[len(s.pending)-1].GetState()),
	}})
	s.interval = d
	s.retry = a.timer(d, func() {
		if a.streams[s.key] == s && len(s.pending) > 0 && bytes.Equal(s.pending[0].UUID, head.UUID) {
			a.forward(s, min(2*d, a.cfg.UpdateRetryMax))
		}
	})
}

// resume sends every head at once, as the agent does when it has registered and
// when a framework has failed over.
func (a *agent) resume() {
	for _, s := range a.sortedStreams() {
		a.forward(s, a.cfg.UpdateRetryMin)
	}
}

// acknowledged takes the scheduler's word for the head of a stream; any other
// uuid is ignored.
func (a *agent) acknowledged(ack link.Acknowledge) {
	s := a.streams[updateKey{ack.FrameworkID, ack.TaskID}]
	if s == nil || len(s.pending) == 0 || !bytes.Equal(s.pending[0].UUID, ack.UUID) {
		a.log.Sugar().Warnf("acknowledgement of task %s does not match what is outstanding", ack.TaskID)
		return
	}
	if err := s.journal.acknowledgement(ack.UUID); err != nil {
		a.log.Sugar().Errorf("checkpoint acknowledgement of task %s: %v", ack.TaskID, err)
	}
	stopTimer(s.retry)
	last := terminal(s.pending[0].GetState())
	s.pending = s.pending[1:]
	if !last {
		a.forward(s, a.cfg.UpdateRetryMin)
		return
	}
	s.close()
	delete(a.streams, s.key)
	a.completed(ack.FrameworkID, ack.TaskID)
}

// completed forgets a task, and its executor if that had only waited for this.
func (a *agent) completed(framework, id string) {
	f := a.frameworks[framework]
	if f == nil {
		return
	}
	e := f.owner(id)
	if e == nil {
		return
	}
	e.complete(id)
	if e.phase == executorEnded && len(e.tasks) == 0 {
		a.removeExecutor(e)
	}
}

func (s *updateStream) close() {
	stopTimer(s.retry)
	s.journal.close()
}

// closeStreamsOf forgets the updates of a framework that was torn down.
func (a *agent) closeStreamsOf(framework string) {
	for key, s := range a.streams {
		if key.framework == framework {
			s.close()
			delete(a.streams, key)
		}
	}
}

func (a *agent) closeStreams() {
	for _, s := range a.streams {
		s.close()
	}
}
