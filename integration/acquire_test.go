package integration_test

import (
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A dataset that another node leases is waited for, never stolen; when the time
// is up the message names the holder.
func TestLeasedElsewhere(t *testing.T) {
	t.Parallel()
	c := shared(t)
	nodes := c.Nodes()
	running(t, c, counter("holder", nodes[0].Name, "contended"))
	late := counter("late", nodes[1].Name, "contended")
	late.Labels = label("contended:data:size=64MiB,timeout=2s")
	submit(t, c, late)
	status := reaches(t, c, "late", mesos.TASK_FAILED)
	for _, want := range []string{"contended", nodes[0].Flocker} {
		if !strings.Contains(status.GetMessage(), want) {
			t.Errorf("message %q does not name %q", status.GetMessage(), want)
		}
	}
	if status.GetReason() != mesos.REASON_CONTAINER_LAUNCH_FAILED {
		t.Errorf("reason %s", status.GetReason())
	}
	kill(t, c, "holder")
	gone(t, c, "contended")
	noProcess(t, c, "late")
}

// One that is waiting gets the dataset when its holder ends.
func TestWaitsForTheHolder(t *testing.T) {
	t.Parallel()
	c := shared(t)
	nodes := c.Nodes()
	running(t, c, counter("first", nodes[0].Name, "handed-over"))
	submit(t, c, counter("second", nodes[1].Name, "handed-over"))
	_, err := c.Wait(deadline(t), "second", func(s mesos.TaskStatus) bool {
		return strings.Contains(s.GetMessage(), "held by node "+nodes[0].Flocker[:8])
	})
	if err != nil {
		t.Fatalf("no status says who holds the dataset: %v", err)
	}
	kill(t, c, "first")
	reaches(t, c, "second", mesos.TASK_RUNNING)
	kill(t, c, "second")
	gone(t, c, "handed-over")
}

// A second task of the node waits for the dataset, then fails naming the first.
func TestSameNodeTwice(t *testing.T) {
	t.Parallel()
	c := shared(t)
	node := c.Nodes()[0].Name
	running(t, c, counter("owner", node, "exclusive"))
	other := counter("intruder", node, "exclusive")
	other.Labels = label("exclusive:data:size=64MiB,timeout=1s")
	submit(t, c, other)
	status := reaches(t, c, "intruder", mesos.TASK_FAILED)
	if !strings.Contains(status.GetMessage(), "owner") {
		t.Errorf("message %q does not name the task that holds the dataset", status.GetMessage())
	}
	if all, err := c.Statuses(deadline(t), "owner"); err != nil || all[len(all)-1].GetState() != mesos.TASK_RUNNING {
		t.Errorf("the first task was disturbed")
	}
	kill(t, c, "owner")
	gone(t, c, "exclusive")
}

// KILL and SHUTDOWN while acquiring end the task at once and undo everything:
// the dataset goes back where it was.
func TestEndWhileAcquiring(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{})
	nodes := c.Nodes()
	for name, end := range map[string]func(id string) error{
		"kill":     func(id string) error { return c.Kill(deadline(t), id, nil) },
		"shutdown": func(id string) error { return c.Shutdown(deadline(t), id) },
	} {
		t.Run(name, func(t *testing.T) {
			running(t, c, counter("before-"+name, nodes[0].Name, "moves-"+name))
			kill(t, c, "before-"+name)
			c.Service.PauseAgent(nodes[0].Flocker)
			id := "acquiring-" + name
			submit(t, c, counter(id, nodes[1].Name, "moves-"+name))
			eventually(t, "the dataset is ordered away", func() error {
				return primaryIs(c, "moves-"+name, nodes[1].Flocker)
			})
			asked := time.Now()
			if err := end(id); err != nil {
				t.Fatal(err)
			}
			reaches(t, c, id, mesos.TASK_KILLED)
			t.Logf("%s while acquiring took %v", name, time.Since(asked))
			c.Service.ResumeAgent(nodes[0].Flocker)
			eventually(t, "the dataset is put back", func() error {
				return primaryIs(c, "moves-"+name, nodes[0].Flocker)
			})
			gone(t, c, "moves-"+name)
			noProcess(t, c, id)
		})
	}
}

// The control service is away, slow, or says something strange. It ends well
// when the service comes back within the deadline.
func TestServiceTroubleIsWaitedOut(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1})
	for name, fault := range map[string]flockertest.Fault{
		"500":          {Answer: flockertest.ServerError(), Times: 2},
		"503 html":     {Answer: flockertest.Unavailable(), Times: 2},
		"slow":         {Delay: 700 * time.Millisecond, Times: 2},
		"dropped":      {Drop: flockertest.BeforeApplied, Times: 2},
		"lost answers": {Drop: flockertest.AfterApplied, Times: 3},
	} {
		t.Run(name, func(t *testing.T) {
			fault.Method, fault.Node = "POST", c.Nodes()[0].Name
			injected := c.Service.Inject(fault)
			defer injected.Remove()
			id := "trouble-" + strings.ReplaceAll(name, " ", "-")
			running(t, c, counter(id, "", id))
			kill(t, c, id)
			gone(t, c, id)
		})
	}
}

// It ends with a message that says what was wrong when it stays so.
func TestServiceTroubleThatStays(t *testing.T) {
	t.Parallel()
	c := startFaulty(t, cluster.Options{Nodes: 1})
	for name, tc := range map[string]struct {
		fault flockertest.Fault
		says  string
	}{
		"html":     {flockertest.Fault{Answer: flockertest.HTML(), Times: -1}, "Please sign in"},
		"500":      {flockertest.Fault{Answer: flockertest.ServerError(), Times: -1}, "500"},
		"garbage":  {flockertest.Fault{Answer: flockertest.Garbage(), Times: -1}, "/v1/"},
		"vanished": {flockertest.Fault{Drop: flockertest.BeforeApplied, Times: -1}, "/v1/"},
	} {
		t.Run(name, func(t *testing.T) {
			injected := c.Service.Inject(tc.fault)
			id := "stays-" + name
			task := counter(id, "", id)
			task.Labels = label(id + ":data:size=64MiB,timeout=2s")
			submit(t, c, task)
			status := reaches(t, c, id, mesos.TASK_FAILED)
			injected.Remove()
			if !strings.Contains(status.GetMessage(), tc.says) || !strings.Contains(status.GetMessage(), id) {
				t.Errorf("message %q does not say %q and the volume", status.GetMessage(), tc.says)
			}
			noProcess(t, c, id)
		})
	}
}
