package executor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"
)

// processEffects are of the user that it names, in its directory.
func processEffects(*testing.T) []effect {
	return []effect{
		{options: pairs{{"entrypoint", "/bin/ash"}}, inside: `tr '\0' '\n' < /proc/1/cmdline | head -n 2`, want: "/bin/ash\n-c"},
		{options: pairs{{"env", "A=b=c"}}, inside: "echo $A", want: "b=c"},
		{options: pairs{{"user", "1000:1001"}}, inside: "echo $(id -u):$(id -g)", want: "1000:1001"},
		{options: pairs{{"group-add", "1234"}}, inside: "id -G", want: "1001 1234"},
		{options: pairs{{"workdir", "/made/here"}}, inside: "pwd", want: "/made/here"},
		{options: pairs{{"interactive", "true"}}, inside: "readlink /proc/1/fd/0 | cut -d : -f 1", want: "pipe"},
		{field: "task, executor, framework, datasets", options: pairs{{"label", "a=b"}}, outside: told(func(c container.InspectResponse) any {
			return c.Config.Labels["a"] + " " + c.Config.Labels["flocker-executor.task"]
		}), want: "b t"},
		{options: pairs{{"log-driver", "local"}, {"log-opt", "max-file=2"}}, outside: told(func(c container.InspectResponse) any {
			return fmt.Sprint(c.HostConfig.LogConfig)
		}), want: "{local map[max-file:2]}"},
		{options: pairs{{"runtime", "other"}}, outside: told(func(c container.InspectResponse) any { return c.HostConfig.Runtime }), want: "other"},
		// The engine's own docker stop alone looks at it.
		{options: pairs{{"stop-timeout", "77"}}, outside: told(func(c container.InspectResponse) any { return c.Config.StopTimeout }), want: "77"},
	}
}

// terminalEffects have an init, which passes signals on, and a terminal.
func terminalEffects(*testing.T) []effect {
	return []effect{
		{options: pairs{{"init", "true"}}, inside: "cat /proc/1/comm", want: "docker-init"},
		{options: pairs{{"tty", "true"}}, inside: "readlink /proc/1/fd/0", want: "/dev/pts/0"},
		{options: pairs{{"stop-signal", "SIGUSR1"}}, outside: told(func(c container.InspectResponse) any { return c.Config.StopSignal }), want: "SIGUSR1"},
	}
}

func healthEffects(*testing.T) []effect {
	return []effect{{
		options: pairs{
			{"health-cmd", "test -e $MESOS_SANDBOX"},
			{"health-interval", "100ms"},
			{"health-timeout", "10s"},
			{"health-retries", "50"},
			{"health-start-period", "2s"},
		},
		outside: func(s *seen) (string, error) {
			if err := awaitHealth(s); err != nil {
				return "", err
			}
			return told(func(c container.InspectResponse) any { return fmt.Sprint(*c.Config.Healthcheck) })(s)
		},
		want: "{[CMD-SHELL test -e $MESOS_SANDBOX] 100ms 10s 2s 0s 50}",
	}}
}

func noHealthEffects(*testing.T) []effect {
	return []effect{{options: pairs{{"no-healthcheck", "true"}}, outside: told(func(c container.InspectResponse) any { return c.State.Health }), want: "null"}}
}

// awaitHealth polls: the engine sends no event that is sure to come.
func awaitHealth(s *seen) error {
	ctx, cancel := context.WithTimeout(s.t.Context(), 20*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		found, err := s.e.API.ContainerInspect(ctx, s.c.ID, client.ContainerInspectOptions{})
		if err != nil {
			return err
		}
		if h := found.Container.State.Health; h != nil && h.Status == container.Healthy {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.New("it does not get healthy")
		}
	}
}

// rightsEffects take rights and give others.
func rightsEffects(*testing.T) []effect {
	return []effect{
		{options: pairs{{"cap-drop", "ALL"}, {"cap-add", "NET_ADMIN"}}, inside: "grep CapEff /proc/self/status | cut -f 2", want: "0000000000001000"},
		{options: pairs{{"security-opt", "no-new-privileges"}}, inside: "grep NoNewPrivs /proc/self/status | cut -f 2", want: "1"},
		{options: pairs{{"security-opt", "seccomp=unconfined"}}, inside: "grep Seccomp: /proc/self/status | cut -f 2", want: "0"},
		{options: pairs{{"security-opt", "systempaths=unconfined"}}, inside: "grep -c ' /proc/' /proc/self/mountinfo", want: "0"},
		{options: pairs{{"sysctl", "net.core.somaxconn=7"}}, inside: "cat /proc/sys/net/core/somaxconn", want: "7"},
		{options: pairs{{"read-only", "true"}}, inside: "touch /x; ls -d /x /bin", want: "touch: /x: Read-only file system\nls: /x: No such file or directory\n/bin"},
		{options: pairs{{"cgroupns", "private"}}, outside: namespace("cgroup"), want: "its own"},
		{options: pairs{{"ipc", "none"}}, inside: "test -e /dev/shm || echo none", want: "none"},
	}
}

// openEffects have the node's namespaces. The engine keeps none of its own for
// users, so that userns changes nothing but what it says.
func openEffects(*testing.T) []effect {
	return []effect{
		{options: pairs{{"ipc", "host"}}, outside: namespace("ipc"), want: "the node's"},
		{options: pairs{{"pid", "host"}}, outside: namespace("pid"), want: "the node's"},
		{options: pairs{{"uts", "host"}}, outside: namespace("uts"), want: "the node's"},
		{options: pairs{{"userns", "host"}}, outside: told(func(c container.InspectResponse) any { return c.HostConfig.UsernsMode }), want: "host"},
		{options: pairs{{"cgroupns", "host"}}, outside: namespace("cgroup"), want: "the node's"},
		{field: "docker.network", outside: namespace("net"), want: "the node's"},
	}
}
