package master_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// update reports a state of a launched task and returns its uuid.
func (p *puppet) update(task string, state mesos.TaskState, uuid []byte) {
	p.t.Helper()
	status := &mesos.TaskStatus{
		TaskID:     mesos.TaskID{Value: task},
		State:      &state,
		Source:     mesos.SOURCE_EXECUTOR.Enum(),
		AgentID:    &mesos.AgentID{Value: p.id},
		ExecutorID: &p.executorOf(task).ExecutorID,
		UUID:       uuid,
	}
	p.report(task, status)
}

func (p *puppet) report(task string, status *mesos.TaskStatus) {
	p.t.Helper()
	got := p.post(link.Event{Update: &link.Update{
		FrameworkID: p.frameworkOf(task),
		Status:      marshal(p.t, status),
		LatestState: int32(status.GetState()),
	}})
	if got != http.StatusAccepted {
		p.t.Errorf("update of %s: %d", task, got)
	}
}

func (p *puppet) frameworkOf(task string) string {
	p.t.Helper()
	var f mesos.FrameworkInfo
	if err := f.Unmarshal(p.run(task).FrameworkInfo); err != nil {
		p.t.Fatal(err)
	}
	return f.ID.Value
}

func (p *puppet) executorOf(task string) *mesos.ExecutorInfo {
	p.t.Helper()
	e := &mesos.ExecutorInfo{}
	if err := e.Unmarshal(p.run(task).ExecutorInfo); err != nil {
		p.t.Fatal(err)
	}
	return e
}

// taskOf is the task as the agent got it.
func (p *puppet) taskOf(task string) *mesos.TaskInfo {
	p.t.Helper()
	for _, b := range p.run(task).Tasks {
		info := &mesos.TaskInfo{}
		if err := info.Unmarshal(b); err != nil {
			p.t.Fatal(err)
		}
		if info.TaskID.Value == task {
			return info
		}
	}
	p.t.Fatalf("task %s is not in its own run", task)
	return nil
}

func (p *puppet) exited(task string, status int32) {
	p.t.Helper()
	p.post(link.Event{Exited: &link.Exited{
		FrameworkID: p.frameworkOf(task),
		ExecutorID:  p.executorOf(task).ExecutorID.Value,
		Status:      status,
	}})
}

func jsonBody(t testing.TB, v any) *bytes.Reader {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return bytes.NewReader(b)
}

func marshal(t testing.TB, m interface{ Marshal() ([]byte, error) }) []byte {
	t.Helper()
	b, err := m.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	return b
}
