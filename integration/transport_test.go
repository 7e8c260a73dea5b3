package integration_test

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
)

// overTLS is a cluster whose agents speak https and demand a certificate, and
// whose executors are told so as an operator would tell them.
func overTLS(t *testing.T, o cluster.Options) cluster.Options {
	p := newPKI(t, t.TempDir(), "ca")
	p.issue("agent", leaf("agent"))
	p.issue("executor", leaf("executor"))
	o.AgentTLS = agent.TLS{CertFile: p.path("agent.pem"), KeyFile: p.path("agent.key"), CAFile: p.path("ca.pem")}
	o.Environment = map[string]string{
		"LIBPROCESS_SSL_ENABLED": "true", "LIBPROCESS_SSL_VERIFY_SERVER_CERT": "true", "LIBPROCESS_SSL_VERIFY_IPADD": "true",
		"LIBPROCESS_SSL_HOSTNAME_VALIDATION_SCHEME": "openssl",
		"LIBPROCESS_SSL_CA_FILE":                    p.path("ca.pem"),
		"LIBPROCESS_SSL_CERT_FILE":                  p.path("executor.pem"), "LIBPROCESS_SSL_KEY_FILE": p.path("executor.key"),
	}
	return o
}

// A task with a volume runs, outlives its agent and is killed, whichever way its
// executor and the agent speak with each other. Tokens are demanded throughout.
func TestTransport(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		options cluster.Options
		url     string // as the executor's log has it
	}{
		"http":                 {cluster.Options{}, "http://127.0.0.1:"},
		"domain-socket":        {cluster.Options{DomainSocket: true}, "http://agent/slave(1)/api/v1/executor"},
		"domain-socket-linux":  {cluster.Options{DomainSocket: true, Isolation: "linux"}, "http://agent/slave(1)/api/v1/executor"},
		"domain-socket-before": {overTLS(t, cluster.Options{DomainSocket: true}), "http://agent/slave(1)/api/v1/executor"},
		"https":                {overTLS(t, cluster.Options{}), "https://127.0.0.1:"},
		"ipv6":                 {cluster.Options{AgentIP: "::1"}, "http://[::1]:"},
		"ipv6-https":           {overTLS(t, cluster.Options{AgentIP: "::1", Isolation: "linux"}), "https://[::1]:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := c.options
			o.Nodes, o.Tokens = 1, true
			// Nobody listens there.
			o.Environment = maps.Clone(o.Environment)
			if o.Environment == nil {
				o.Environment = map[string]string{}
			}
			for _, proxy := range []string{"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"} {
				o.Environment[proxy], o.Environment[strings.ToLower(proxy)] = "http://127.0.0.1:9", "http://127.0.0.1:9"
			}
			m := start(t, o)
			id := "over-" + name
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
		})
	}
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

// A token or a certificate that the agent, or the executor, does not take: the
// executor ends at once and its stderr says why.
func TestTransportRefused(t *testing.T) {
	t.Parallel()
	over := overTLS(t, cluster.Options{Nodes: 1, Tokens: true})
	c := start(t, over)
	for name, tc := range map[string]struct {
		env  map[string]string
		says string
	}{
		"token":       {map[string]string{"MESOS_EXECUTOR_AUTHENTICATION_TOKEN": "a.b.c"}, "agent answered 401 Unauthorized"},
		"missing-ca":  {map[string]string{"LIBPROCESS_SSL_CA_FILE": "/none/ca.pem"}, `LIBPROCESS_SSL_CA_FILE \"/none/ca.pem\": open /none/ca.pem: no such file or directory`},
		"missing-key": {map[string]string{"LIBPROCESS_SSL_KEY_FILE": ""}, `LIBPROCESS_SSL_KEY_FILE is \"\"`},
		"deep-socket": {map[string]string{"MESOS_DOMAIN_SOCKET": "/" + strings.Repeat("d", 120)}, "more than the 107 that a domain socket's path may have"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := volumeTask("refused-"+name, "", "refused-"+name, "true")
			task.Environment = tc.env
			submit(t, c, task)
			if got := reaches(t, c, task.ID, mesos.TASK_FAILED); got.GetReason() != mesos.REASON_EXECUTOR_TERMINATED {
				t.Errorf("%v: %s", got.GetReason(), got.GetMessage())
			}
			if log := stderr(c, task.ID); !strings.Contains(log, tc.says) {
				t.Errorf("wanted %s%s", tc.says, log)
			}
			noProcess(t, c, task.ID)
		})
	}
}
