package executor_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// shown are a status' network_infos in short.
func shown(s mesos.TaskStatus) string {
	var all []string
	for _, n := range s.GetContainerStatus().GetNetworkInfos() {
		text := n.GetName() + strings.Join(n.Groups, ",")
		for _, ip := range n.IPAddresses {
			text += fmt.Sprintf(" %s=%s", ip.GetProtocol(), ip.GetIPAddress())
		}
		all = append(all, text)
	}
	return strings.Join(all, "; ")
}

// byParameters puts a task's container on these networks instead.
func byParameters(task mesos.TaskInfo, networks ...string) mesos.TaskInfo {
	for _, name := range networks {
		task.Container.Docker.Parameters = append(task.Container.Docker.Parameters, mesos.Parameter{Key: "network", Value: name})
	}
	return task
}

// RUNNING says what the engine says of the container, and every status from then
// on where it is.
func TestContainerNetworks(t *testing.T) {
	name, other := "net", "other"
	user, bridge := mesos.ContainerInfo_DockerInfo_USER, mesos.ContainerInfo_DockerInfo_BRIDGE
	both := onNetwork("bridge", "10.0.0.2")
	both.IPv6 = onNetwork("", "fd00::2").IPv6
	for _, c := range []struct {
		name  string
		task  mesos.TaskInfo
		there []docker.Network
		want  string
	}{
		{"host", onHost(), []docker.Network{{Name: "host"}}, ""},
		{"none", boxed(mesos.ContainerInfo_DockerInfo_NONE), []docker.Network{{Name: "none"}}, ""},
		{"bridge", boxed(bridge), []docker.Network{both}, " IPv4=10.0.0.2 IPv6=fd00::2"},
		{"bridge, with groups", boxed(bridge, mesos.NetworkInfo{Groups: []string{"blue"}}), []docker.Network{onNetwork("bridge", "10.0.0.2")}, "blue IPv4=10.0.0.2"},
		{"user", boxed(user, mesos.NetworkInfo{Name: &name}), []docker.Network{onNetwork("bridge", "10.0.0.2"), onNetwork("net", "fd00::3")}, "net IPv6=fd00::3"},
		{
			"two", boxed(user, mesos.NetworkInfo{Name: &name}, mesos.NetworkInfo{Name: &other}),
			[]docker.Network{onNetwork("net", "10.1.0.2"), onNetwork("other", "10.2.0.2")},
			"net IPv4=10.1.0.2; other IPv4=10.2.0.2",
		},
		{
			"by parameters", byParameters(boxed(user, mesos.NetworkInfo{Name: &name, Groups: []string{"blue"}}), "main", "more"),
			[]docker.Network{onNetwork("main", "10.1.0.2"), onNetwork("more", "10.2.0.2"), onNetwork("net", "10.3.0.2")},
			"mainblue IPv4=10.1.0.2; more IPv4=10.2.0.2",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			inBox(t, func(_ *world, b *box) { b.running.Networks = c.there }, func(t *testing.T, w *world, b *box) {
				w.stream.send(launch(c.task))
				if s := w.acked(mesos.TASK_STARTING); s.Data != nil || s.ContainerStatus != nil {
					t.Errorf("STARTING has %s and %v", s.Data, s.ContainerStatus)
				}
				if s := w.acked(mesos.TASK_RUNNING); string(s.Data) != string(b.running.Inspect) || shown(s) != c.want {
					t.Errorf("RUNNING has data %s and networks %q, wanted %q", s.Data, shown(s), c.want)
				}
				w.exited <- 0
				if s := w.acked(mesos.TASK_FINISHED); s.Data != nil || shown(s) != c.want {
					t.Errorf("FINISHED has data %s and networks %q", s.Data, shown(s))
				}
			})
		})
	}
}

// Checks go into the container; what they tell does not repeat its inspection.
func TestContainerChecks(t *testing.T) {
	for name, delays := range map[string][2]float64{"the check first": {0, 1}, "the health check first": {1, 0}} {
		t.Run(name, func(t *testing.T) {
			inBox(t, func(_ *world, b *box) { b.answer(t) }, func(t *testing.T, w *world, _ *box) {
				w.running(checkedTask(delays[0], delays[1]))
				said := ""
				for range 2 {
					s := w.acked(mesos.TASK_RUNNING)
					if s.Data != nil || shown(s) == "" {
						t.Errorf("data %s, networks %q", s.Data, shown(s))
					}
					said += fmt.Sprintf("%d %s; ", s.GetCheckStatus().GetCommand().GetExitCode(), s.GetMessage())
				}
				if !strings.Contains(said, "4 ") || !strings.Contains(said, "asked for tcp 127.0.0.1:7") {
					t.Errorf("told: %s", said)
				}
				w.stream.send(kill("t"))
				w.signalled(syscall.SIGTERM)
				w.exited <- *exitStatus(143)
				w.acked(mesos.TASK_KILLED)
			})
		})
	}
}

// answer is what checks find.
func (b *box) answer(t *testing.T) {
	b.running.Networks = []docker.Network{onNetwork("bridge", "10.0.0.2")}
	b.onExec = func(_ context.Context, argv, _ []string) (int, error) {
		if got := strings.Join(argv, " "); !strings.HasSuffix(got, "sh -c echo well") {
			t.Errorf("runs %q", got)
		}
		return 4, nil
	}
	b.onDial = func(_ context.Context, network, address string) (net.Conn, error) {
		return nil, errors.New("asked for " + network + " " + address)
	}
}

func checkedTask(check, health float64) mesos.TaskInfo {
	word, shell, failures, grace := "echo well", true, uint32(30), 0.0
	task := boxed(mesos.ContainerInfo_DockerInfo_BRIDGE)
	task.Check = &mesos.CheckInfo{
		Type: mesos.CheckInfo_COMMAND, DelaySeconds: &check,
		Command: &mesos.CheckInfo_Command{Command: mesos.CommandInfo{Value: &word, Shell: &shell}},
	}
	task.HealthCheck = &mesos.HealthCheck{
		Type: mesos.HealthCheck_TCP, TCP: &mesos.HealthCheck_TCPCheckInfo{Port: 7},
		DelaySeconds: &health, GracePeriodSeconds: &grace, ConsecutiveFailures: &failures,
	}
	return task
}
