package integration_test

import (
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
	"github.com/mesos-flocker/flocker-executor/integration/framework/marathon"
)

// exampleApp reads an app definition of the examples.
func exampleApp(t *testing.T, name string) marathon.App {
	t.Helper()
	app, err := marathon.Read(filepath.Join("../examples/marathon", name))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// marathonOn is a Marathon whose apps fetch the executor under test.
func marathonOn(c cluster.Cluster) marathon.Marathon {
	return marathon.Marathon{
		Framework: c.Framework(), KillRetry: 10 * time.Second,
		Fetch: func(uri string) string {
			if path.Base(uri) == "flocker-executor" {
				return binaries.race
			}
			return uri
		},
	}
}

// startApp launches the app, makes sure that it is over when the test is, and
// waits until it prints a line.
func startApp(t *testing.T, c cluster.Cluster, app marathon.App, line string) (id string) {
	t.Helper()
	id, err := marathonOn(c).Start(deadline(t), app)
	if err != nil {
		t.Fatal(err)
	}
	reaches(t, c, id, mesos.TASK_RUNNING)
	printed(t, c, id, line)
	return id
}

// killApp kills as Marathon does; the app must have heeded SIGTERM.
func killApp(t *testing.T, c cluster.Cluster, id string) {
	t.Helper()
	status, err := marathonOn(c).Kill(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	if status.GetState() != mesos.TASK_KILLED {
		t.Errorf("task %s is %s (%s)%s", id, status.GetState(), status.GetMessage(), stderr(c, id))
	}
}

// The example apps run, are found healthy, are killed and upgraded, and their
// data is there.
func TestExamplesMarathon(t *testing.T) {
	t.Parallel()
	c := shared(t)
	notes, reader := exampleApp(t, "one-volume.json"), exampleApp(t, "two-volumes.json")

	first := startApp(t, c, notes, "started 1 times")
	isHealthy(t, c, first)
	second, err := marathonOn(c).Upgrade(deadline(t), first, notes)
	if err != nil {
		t.Fatal(err)
	}
	reaches(t, c, second, mesos.TASK_RUNNING)
	printed(t, c, second, "started 2 times")
	killApp(t, c, second)

	for _, seen := range []string{"seen 1 times", "seen 2 times"} {
		id := startApp(t, c, reader, seen)
		if text, _ := output(c, id, "stdout"); strings.Contains(text, "can be written to") {
			t.Errorf("the read-only volume: %s", text)
		}
		killApp(t, c, id)
	}
}

func isHealthy(t *testing.T, c cluster.Cluster, id string) {
	t.Helper()
	status, err := c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool {
		return s.Healthy != nil || framework.Terminal(s.GetState())
	})
	if err != nil || !status.GetHealthy() {
		t.Fatalf("task %s: %s, healthy %v (%v): %s%s", id, status.GetState(), status.GetHealthy(), err, status.GetMessage(), stderr(c, id))
	}
}

// oneAfterTheOther: the old instance has ended before the new one begins.
func oneAfterTheOther(t *testing.T, c cluster.Cluster, old, next string) {
	t.Helper()
	before, err := c.Statuses(deadline(t), old)
	if err != nil {
		t.Fatal(err)
	}
	after, err := c.Statuses(deadline(t), next)
	if err != nil {
		t.Fatal(err)
	}
	end, begin := before[len(before)-1], after[0]
	if !framework.Terminal(end.GetState()) || end.GetTimestamp() > begin.GetTimestamp() {
		t.Errorf("%s of the old instance at %f, %s of the new one at %f", end.GetState(), end.GetTimestamp(), begin.GetState(), begin.GetTimestamp())
	}
}

// stubborn is an app that SIGTERM does not end.
func stubborn(t *testing.T) marathon.App {
	t.Helper()
	definition := `{"id": "/tests/stubborn", "executor": "./flocker-executor", "fetch": [{"uri": "flocker-executor"}],
		"labels": {"flocker.volume": "marathon-stubborn:data:size=64MiB"}, "taskKillGracePeriodSeconds": 1,
		"cmd": "'trap \"echo asked to end\" TERM; echo ready; while :; do sleep 0.05; done'",
		"cpus": 0.1, "mem": 32, "portDefinitions": [], "upgradeStrategy": {"minimumHealthCapacity": 0, "maximumOverCapacity": 0}}`
	app, err := marathon.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// An old instance that takes its time, and KILL after KILL, to end: the new one
// comes only then.
func TestMarathonUpgrade(t *testing.T) {
	t.Parallel()
	c := shared(t)
	m := marathonOn(c)
	m.KillRetry = 50 * time.Millisecond
	first := startApp(t, c, stubborn(t), "ready")
	second, err := m.Upgrade(deadline(t), first, stubborn(t))
	if err != nil {
		t.Fatal(err)
	}
	printed(t, c, first, "asked to end")
	reaches(t, c, second, mesos.TASK_RUNNING)
	oneAfterTheOther(t, c, first, second)
	killApp(t, c, second)
	gone(t, c, "marathon-stubborn")
}

// A Marathon that old sends the app definition as TaskInfo.data, too: its cmd
// means the same there.
func TestMarathonOldRelease(t *testing.T) {
	t.Parallel()
	c := shared(t)
	m := marathonOn(c)
	m.Release = 1
	app := stubborn(t)
	app.Labels = nil
	id, err := m.Start(deadline(t), app)
	if err != nil {
		t.Fatal(err)
	}
	reaches(t, c, id, mesos.TASK_RUNNING)
	printed(t, c, id, "ready")
	killApp(t, c, id)
}

// Every app definition of the examples is sound, and run above.
func TestExamplesMarathonSound(t *testing.T) {
	files, err := filepath.Glob("../examples/marathon/*.json")
	if err != nil || len(files) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, file := range files {
		name := filepath.Base(file)
		if err := exampleApp(t, name).Sound(); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if !slices.Contains([]string{"one-volume.json", "two-volumes.json", "container.json"}, name) {
			t.Errorf("%s is run by no test", name)
		}
	}
}
