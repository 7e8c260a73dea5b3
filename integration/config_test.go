package integration_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A control service that was never there: the message says what was asked where,
// a task without volumes does not care, and nothing is journalled for ever.
func TestServiceUnreachable(t *testing.T) {
	c := shared(t)
	t.Parallel()
	closed := map[string]string{"FLOCKER_EXECUTOR_FLOCKER_PORT": "9"} // discard: nobody listens
	task := volumeTask("unreachable", "", "unreachable", "true", "timeout=1s")
	task.Environment = closed
	refused(t, c, task, "unreachable", "127.0.0.1:9", "connection refused")
	gone(t, c, "unreachable")
	finishes(t, c, cluster.Task{ID: "no-volumes", Name: "plain", Command: "true", Environment: closed})
}

// A certificate that cannot work is refused with the file and the check that it
// failed.
func TestWrongCertificate(t *testing.T) {
	c := sharedFaulty(t)
	t.Parallel()
	dir := t.TempDir()
	tls := c.Service.TLSDir
	if err := flockertest.GenerateTLS(filepath.Join(dir, "other"), "127.0.0.1"); err != nil {
		t.Fatal(err)
	}
	other := filepath.Join(dir, "other", "cluster.crt")
	for name, tc := range map[string]certificateCase{
		"other-cluster": {map[string]string{"FLOCKER_EXECUTOR_FLOCKER_CA_FILE": other}, []string{other}},
		"not-a-user":    userCertificate(t, tls, filepath.Join(dir, "node.crt"), "node-1", time.Now().Add(time.Hour), "node-1", "user-"),
		"expired":       userCertificate(t, tls, filepath.Join(dir, "old.crt"), "user-old", time.Now().Add(-time.Hour), "expired"),
		"missing":       {map[string]string{"FLOCKER_EXECUTOR_FLOCKER_CERT_FILE": dir + "/none.crt", "FLOCKER_EXECUTOR_FLOCKER_KEY_FILE": dir + "/none.key"}, []string{dir + "/none.crt"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			id := "certificate-" + name
			task := volumeTask(id, "", id, "true", "timeout=3s")
			task.Environment = tc.environment
			refused(t, c, task, tc.says...)
			gone(t, c, id)
		})
	}
}

// The node's dataset agent is not registered under the node's boot id, as after
// a reboot that it has not noticed.
func TestUnknownNode(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{})
	node := c.Nodes()[0].Name
	boot := uuid.NewString()
	if _, err := c.Exec(deadline(t), node, "sh", "-c", "echo "+boot+" > /proc/sys/kernel/random/boot_id"); err != nil {
		t.Fatal(err)
	}
	task := volumeTask("stranger", node, "stranger", "true", "timeout=10s")
	refused(t, c, task, "stranger", boot, "dataset agent", c.Nodes()[1].Flocker)
	gone(t, c, "stranger")
}

// An executor that is not root says so, instead of failing at the first mount.
func TestExecutorNotRoot(t *testing.T) {
	c := shared(t)
	t.Parallel()
	task := volumeTask("not-root", "", "not-root", "true")
	task.User = "nobody"
	refused(t, c, task, "root", "65534")
	gone(t, c, "not-root")
	if d, err := dataset(deadline(t), c, "not-root"); err != nil || d.ID != "" {
		t.Errorf("dataset %+v was made (%v)", d, err)
	}
}
