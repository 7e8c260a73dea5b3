//go:build mesos

package cluster

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// A control service that was there before is used, by agents in the nodes, and
// keeps nothing of what tasks made.
func TestRealControlService(t *testing.T) {
	bin := standIn(t)
	if err := os.Link(filepath.Join(bin, programs[0]), filepath.Join(bin, "flocker-agent")); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	s := &flockertest.Service{TLS: true, TLSDir: dir, Nodes: []flockertest.Node{}, Pace: flockertest.Quick()}
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	s.Create(flockertest.Dataset{Primary: nodeUUID(5), MaximumSize: 64 << 20, Metadata: map[string]string{"name": "theirs"}})
	etc := filepath.Join(dir, "nodes", "node-1")
	if err := os.MkdirAll(etc, 0o755); err != nil {
		t.Fatal(err)
	}
	agent := fmt.Sprintf(`{"UUID": %q, "Service": %q, "Pool": %q}`, nodeUUID(0), s.AgentURL(), t.TempDir())
	if err := os.WriteFile(filepath.Join(etc, "standin.json"), []byte(agent), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"cluster.crt", "user.crt", "user.key"} {
		if err := copyFile(filepath.Join(dir, name), filepath.Join(etc, name)); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("MESOS_BIN", bin)
	for name, value := range map[string]string{
		"FLOCKER_URL": s.URL(), "FLOCKER_AGENT": "exec " + bin + "/flocker-agent", "FLOCKER_NODES": filepath.Dir(etc),
		"FLOCKER_CONTROL_SERVICE_CA_FILE": dir + "/cluster.crt", "FLOCKER_CONTROL_SERVICE_CLIENT_CERT_FILE": dir + "/user.crt",
		"FLOCKER_CONTROL_SERVICE_CLIENT_KEY_FILE": dir + "/user.key",
	} {
		t.Setenv(name, value)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, err := StartReal(ctx, Options{Nodes: 1, Executor: executor(t)})
	if err != nil {
		t.Fatal(err)
	}
	if got := c.Nodes()[0].Flocker; got != nodeUUID(0) {
		t.Errorf("the node's Flocker node is %s", got)
	}
	useAndRestart(ctx, t, c)
	if err := c.Close(); err != nil {
		t.Error(err)
	}
	for _, d := range s.Datasets() {
		if name := d.Metadata["name"]; d.Deleted == (name == "theirs") {
			t.Errorf("dataset %s: deleted is %v", name, d.Deleted)
		}
	}
}

func TestFlockerVariables(t *testing.T) {
	for name, want := range map[string]string{
		"http://control:4523": `FLOCKER_URL "http://control:4523": want https://`,
		"control:4523":        `FLOCKER_URL "control:4523": want https://`,
		"https://control":     "FLOCKER_AGENT is not",
	} {
		_, err := flockerFromEnvironment(func(variable string) string {
			return map[string]string{"FLOCKER_URL": name}[variable]
		})
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("FLOCKER_URL=%s: %v, want %q", name, err, want)
		}
	}
}
