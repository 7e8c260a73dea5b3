//go:build !mesos

package integration_test

import (
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

// As TestTransport, with agents that a real cluster here could not be had with.
func TestTransportTLS(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]over{
		"domain-socket-before": {overTLS(t, cluster.Options{DomainSocket: true}), "http://agent/slave(1)/api/v1/executor"},
		"https":                {overTLS(t, cluster.Options{}), "https://127.0.0.1:"},
		"ipv6":                 {cluster.Options{AgentIP: "::1"}, "http://[::1]:"},
		"ipv6-https":           {overTLS(t, cluster.Options{AgentIP: "::1", Isolation: "linux"}), "https://[::1]:"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c.runs(t, "over-"+name)
		})
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
