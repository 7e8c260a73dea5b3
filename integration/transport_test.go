package integration_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// A task with a volume runs, outlives its agent and is killed, whichever way its
// executor and the agent speak with each other. Tokens are demanded throughout.
func TestTransport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]over{
		"http":                {cluster.Options{}, "http://127.0.0.1:"},
		"domain-socket":       {cluster.Options{DomainSocket: true}, "http://agent/slave(1)/api/v1/executor"},
		"domain-socket-linux": {cluster.Options{DomainSocket: true, Isolation: "linux"}, "http://agent/slave(1)/api/v1/executor"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.runs(t, "over-"+name)
		})
	}
}

// over is a way to speak with the agents of a cluster.
type over struct {
	options cluster.Options
	url     string // as the executor's log has it
}

func (c over) runs(t *testing.T, id string) {
	t.Helper()
	o := c.options
	o.Nodes, o.Tokens = 1, true
	o.Environment = maps.Clone(o.Environment)
	if o.Environment == nil {
		o.Environment = map[string]string{}
	}
	for _, proxy := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} { // nobody listens there
		o.Environment[proxy], o.Environment[strings.ToLower(proxy)] = "http://127.0.0.1:9", "http://127.0.0.1:9"
	}
	m := start(t, o)
	running(t, m, counter(id, "", id))
	if log := stderr(m, id); !strings.Contains(log, c.url) {
		t.Errorf("the executor speaks another way, wanted %s%s", c.url, log)
	}
	tokenIsGone(t, id)
	restartAgent(t, m, m.Nodes()[0].Name)
	printed(t, m, id, fmt.Sprintf("synced %d\n", lastSynced(t, m, id)+5))
	kill(t, m, id)
	gone(t, m, id)
	noProcess(t, m, id)
}

// A task of root's that takes its own /proc away may see the processes that led
// to it; the executor, at least, shows no token.
func TestTaskFindsNoToken(t *testing.T) {
	t.Parallel()
	c := start(t, cluster.Options{Nodes: 1, Tokens: true})
	got := finishes(t, c, volumeTask("nosy", "", "nosy", `cat /proc/*/environ | tr '\0' '\n' > all; umount /proc && cat /proc/*/environ | tr '\0' '\n' >> all; grep AUTHENTICATION_TOKEN=e all; echo looked`))
	if got != "looked\n" {
		t.Errorf("the task has found %s", got)
	}
	gone(t, c, "nosy")
}

// tokenIsGone looks for the token of a task's executor as root of the node can:
// only the agent's helper, which started it, still has it.
func tokenIsGone(t *testing.T, id string) {
	t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		t.Fatal(err)
	}
	executors := 0
	for _, f := range files {
		text, err := os.ReadFile(f)
		name, _ := os.ReadFile(filepath.Join(filepath.Dir(f), "comm"))
		if err != nil || string(name) != "flocker-executo\n" || !bytes.Contains(text, []byte("MESOS_EXECUTOR_ID=flocker-executor."+id+"\x00")) {
			continue
		}
		executors++
		if !bytes.Contains(text, []byte("MESOS_EXECUTOR_AUTHENTICATION_TOKEN= ")) || bytes.Contains(text, []byte("eyJ")) {
			t.Errorf("%s shows the token: %q", f, text)
		}
	}
	if executors != 1 {
		t.Errorf("%d executors of task %s found", executors, id)
	}
}
