package master_test

import (
	"io"
	"net/http"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	operator "github.com/mesos/mesos-go/api/v1/lib/master"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

func ask(t *testing.T, url string, call operator.Call_Type) (int, *operator.Response) {
	t.Helper()
	resp := post(t.Context(), t, url+"/api/v1", &operator.Call{Type: call}, "")
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	answer := &operator.Response{}
	if resp.StatusCode == http.StatusOK {
		if err := wire.UnmarshalJSON(body, answer); err != nil {
			t.Fatalf("%s: %v", body, err)
		}
	}
	return resp.StatusCode, answer
}

func TestOperatorCalls(t *testing.T) {
	m, p, c := cluster(t, aware("apps"))
	running(p, c, "done")
	p.report("done", &mesos.TaskStatus{
		TaskID: mesos.TaskID{Value: "done"}, State: mesos.TASK_FINISHED.Enum(), AgentID: &mesos.AgentID{Value: p.id},
		UUID: uuid(2), Data: []byte("not kept"),
	})
	c.acknowledge(c.status("done"))
	p.exited("done", 0)
	offerAgain(t, m)
	running(p, c, "live")

	_, health := ask(t, m.URL(), operator.Call_GET_HEALTH)
	expect(t, "healthy", health.GetHealth.Healthy, true)

	_, tasks := ask(t, m.URL(), operator.Call_GET_TASKS)
	expect(t, "tasks", len(tasks.GetTasks.Tasks), 1)
	expect(t, "state", tasks.GetTasks.Tasks[0].GetState(), mesos.TASK_RUNNING)
	done := tasks.GetTasks.CompletedTasks[0]
	expect(t, "completed", done.GetState(), mesos.TASK_FINISHED)
	expect(t, "data", len(done.Statuses[1].Data), 0)

	_, agents := ask(t, m.URL(), operator.Call_GET_AGENTS)
	one := agents.GetAgents.Agents[0]
	expect(t, "agent", one.AgentInfo.ID.Value, p.id)
	expect(t, "active", one.Active, true)
	expect(t, "pid", *one.PID, "slave(1)@127.0.0.1:5051")
	expect(t, "allocated", one.AllocatedResources[0].Scalar.Value, 0.2)
	expect(t, "capabilities", len(one.Capabilities), 8)

	_, frameworks := ask(t, m.URL(), operator.Call_GET_FRAMEWORKS)
	f := frameworks.GetFrameworks.Frameworks[0]
	expect(t, "framework", f.FrameworkInfo.ID.Value, c.info.ID.Value)
	expect(t, "connected", f.Connected, true)

	status, _ := ask(t, m.URL(), operator.Call_GET_FLAGS)
	expect(t, "other calls", status, http.StatusNotImplemented)
}

func TestPaths(t *testing.T) {
	m := startMaster(t, master.Config{})
	for path, want := range map[string]int{
		"/health": http.StatusOK, "/master/health": http.StatusOK,
		"/": http.StatusNotFound, "/api/v1/nope": http.StatusNotFound,
		"/api/v1/scheduler": http.StatusMethodNotAllowed, "/master/api/v1": http.StatusMethodNotAllowed,
	} {
		resp, err := web.Get(m.URL() + path)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		expect(t, path, resp.StatusCode, want)
	}
}
