package integration_test

import (
	"fmt"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework/marathon"
)

// The example of a container runs as Marathon sends it: with Marathon's variables
// inside, healthy at its port of the node; and when it is killed, what replaces it
// on the other node goes on with its data.
func TestDockerMarathonApp(t *testing.T) {
	t.Parallel()
	c := docked(t, "posix")
	app := exampleApp(t, "container.json")
	for i, n := range c.Nodes() {
		node := n.Name
		app.Constraints = [][]string{{"hostname", "CLUSTER", node}}
		id := startApp(t, c, app, fmt.Sprintf("started %d times, at %s:3", i+1, node))
		isHealthy(t, c, id)
		if found := theContainer(t, engineOf(t, c, node), id); found.Image != cluster.Image {
			t.Errorf("the task is of %s", found.Image)
		}
		_, port, _ := strings.Cut(strings.TrimSpace(printed(t, c, id, "\n")), ":")
		if got, err := direct.Get("http://127.0.0.1:" + port + "/starts"); err != nil {
			t.Error(err)
		} else if _ = got.Body.Close(); got.StatusCode != 200 {
			t.Errorf("the app answers %s", got.Status)
		}
		killApp(t, c, id)
		nothingOf(t, c, id, "marathon-container")
	}
}

// An app that gives no command runs the image's own.
func TestDockerMarathonImage(t *testing.T) {
	t.Parallel()
	const image = "with-a-command:1"
	c := docked(t, "posix")
	node := c.Nodes()[0].Name
	engine := engineOf(t, c, node)
	if err := dockertest.Import(deadline(t), engine.API, image, `CMD ["sh", "-c", "echo the image at $PORT0"]`); err != nil {
		t.Fatal(err)
	}
	app, err := marathon.Parse([]byte(`{"id": "/tests/image", "executor": "./flocker-executor", "fetch": [{"uri": "flocker-executor"}],
		"labels": {"flocker.image": "` + image + `"}, "cmd": " ", "cpus": 0.1, "mem": 32, "env": {"PORT0": "its own"},
		"constraints": [["hostname", "CLUSTER", "` + node + `"]], "upgradeStrategy": {"minimumHealthCapacity": 0, "maximumOverCapacity": 0}}`))
	if err != nil {
		t.Fatal(err)
	}
	id, err := marathonOn(c).Start(deadline(t), app)
	if err != nil {
		t.Fatal(err)
	}
	reaches(t, c, id, mesos.TASK_FINISHED)
	printed(t, c, id, "the image at its own\n")
	nothingOf(t, c, id)
	if _, err := engine.API.ImageRemove(deadline(t), image, client.ImageRemoveOptions{}); err != nil {
		t.Error(err)
	}
}
