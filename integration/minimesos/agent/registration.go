package agent

import (
	"encoding/json"
	"errors"
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// registration is what the agent says of itself and of what it runs.
func (a *agent) registration() ([]byte, error) {
	info, err := wire.MarshalProtobuf(&a.info)
	if err != nil {
		return nil, err
	}
	r := link.Register{AgentID: a.info.GetID().GetValue(), AgentInfo: info, IP: a.cfg.IP, Port: int(a.info.GetPort())}
	for _, f := range a.sortedFrameworks() {
		if f.ending {
			continue
		}
		for _, e := range f.list() {
			err = errors.Join(err, a.describeExecutor(&r, e))
		}
	}
	if err != nil {
		return nil, err
	}
	return json.Marshal(r)
}

func (a *agent) describeExecutor(r *link.Register, e *executor) error {
	for _, t := range e.list() {
		data, err := wire.MarshalProtobuf(a.describeTask(e, t))
		if err != nil {
			return err
		}
		s := a.streams[updateKey{e.framework.id, t.record.TaskID.Value}]
		r.Tasks = append(r.Tasks, link.Task{
			FrameworkID: e.framework.id, Task: data, Unacked: s != nil && len(s.pending) > 0,
		})
	}
	if e.phase == executorEnded {
		return nil
	}
	framework, err := wire.MarshalProtobuf(&e.framework.info)
	if err != nil {
		return err
	}
	info, err := wire.MarshalProtobuf(&e.info)
	if err != nil {
		return err
	}
	r.Executors = append(r.Executors, link.Executor{FrameworkInfo: framework, ExecutorInfo: info})
	return nil
}

// describeTask says with which status the scheduler has still to deal.
func (a *agent) describeTask(e *executor, t *task) *mesos.Task {
	record := t.record
	if s := a.streams[updateKey{e.framework.id, record.TaskID.Value}]; s != nil && len(s.pending) > 0 {
		record.StatusUpdateState, record.StatusUpdateUUID = s.pending[0].State, s.pending[0].UUID
	}
	return &record
}

// registered is the master's confirmation.
func (a *agent) registered(id string) error {
	if a.known && a.info.ID.Value != id {
		return fmt.Errorf("registered as %s, but this agent is %s", id, a.info.ID.Value)
	}
	if !a.known {
		a.info.ID = &mesos.AgentID{Value: id}
		a.known = true
		if err := a.checkpointAgent(); err != nil {
			return err
		}
	}
	if a.phase == terminating {
		return nil
	}
	a.phase = running
	a.log.Sugar().Infof("registered as %s", id)
	for _, e := range a.link.exits {
		a.link.tell(e)
	}
	a.link.exits = nil
	a.resume()
	return nil
}
