package executor_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// byHand makes containers of the same options in two ways: ours, and the docker
// command line's. Neither starts them.
type byHand struct {
	*dockertest.Engine
	ours    *docker.Engine // what tasks are given to
	program string
	environ []string
	sandbox string
}

func newByHand(t *testing.T) *byHand {
	e := dockertest.New(t, dockertest.Options{Bridge: true})
	makeNetworks(t, e)
	if err := e.Import(t.Context(), "busybox", `CMD ["sleep", "1000"]`); err != nil {
		t.Fatal(err)
	}
	ours, err := docker.Open(t.Context(), docker.Options{Socket: e.Socket, Log: zap.NewNop(), SelfCgroup: []byte("0::/\n")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(ours.Close)
	version, err := e.API.ServerVersion(t.Context(), client.ServerVersionOptions{})
	if err != nil {
		t.Fatal(err)
	}
	h := &byHand{
		Engine: e, ours: ours, program: commandLine(t, version.Version), sandbox: t.TempDir(),
		environ: []string{"PATH=/bin", "HOME=" + t.TempDir(), "DOCKER_HOST=unix://" + e.Socket},
	}
	// One that options may name.
	if out, err := h.docker(t.Context(), "run", "--detach", "--name", "other", "--ipc", "shareable", "--network", "web", "busybox:latest").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	t.Cleanup(func() {
		if out, err := h.docker(context.Background(), "rm", "--force", "other").CombinedOutput(); err != nil {
			t.Errorf("%v: %s", err, out)
		}
	})
	return h
}

func (h *byHand) docker(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, h.program, args...)
	cmd.Env = h.environ
	return cmd
}

// makeNetworks makes those of the tests' tasks: web, of IPv4 and IPv6, and a, b, c.
func makeNetworks(t *testing.T, e *dockertest.Engine) {
	t.Helper()
	for name, subnets := range map[string][]string{"web": {"10.214.0.0/24", "fd00:214::/64"}, "a": {"10.214.1.0/24"}, "b": {"10.214.2.0/24"}, "c": {"10.214.3.0/24"}} {
		o := client.NetworkCreateOptions{Driver: "bridge", Internal: true, IPAM: &network.IPAM{}, EnableIPv6: ptr(len(subnets) > 1)}
		for _, subnet := range subnets {
			o.IPAM.Config = append(o.IPAM.Config, network.IPAMConfig{Subnet: netip.MustParsePrefix(subnet)})
		}
		made, err := e.API.NetworkCreate(t.Context(), name, o)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { // its bridge would stay
			ctx, cancel := context.WithTimeout(context.Background(), finishLimit)
			defer cancel()
			if _, err := e.API.NetworkRemove(ctx, made.ID, client.NetworkRemoveOptions{}); err != nil {
				t.Error(err)
			}
		})
	}
}

// commandLine is the engine's own, where the machine has several.
func commandLine(t *testing.T, version string) string {
	t.Helper()
	for _, dir := range filepath.SplitList(os.Getenv("PATH")) {
		program := filepath.Join(dir, "docker")
		if out, err := exec.Command(program, "--version").Output(); err == nil && strings.Contains(string(out), " "+version+",") {
			return program
		}
	}
	t.Fatalf("no docker %s in PATH", version)
	return ""
}

// pairs of an option's name and value.
type pairs [][2]string

func (p pairs) flat() (all []string) {
	for _, pair := range p {
		all = append(all, pair[0], pair[1])
	}
	return all
}

// names says whether one of these options is given.
func (p pairs) names(options ...string) bool {
	return slices.ContainsFunc(p, func(pair [2]string) bool { return slices.Contains(options, pair[0]) })
}

// made is a container as the engine has it, without what is another in each;
// it is removed again.
func (h *byHand) made(ctx context.Context, name string) (map[string]string, error) {
	found, err := h.API.ContainerInspect(ctx, name, client.ContainerInspectOptions{})
	if err != nil {
		return nil, err
	}
	if _, err := h.API.ContainerRemove(ctx, name, client.ContainerRemoveOptions{Force: true, RemoveVolumes: true}); err != nil {
		return nil, err
	}
	return viewOf(found.Raw)
}

// byTask makes the container of a task with these parameters.
func (h *byHand) byTask(ctx context.Context, p pairs) (map[string]string, error) {
	o := dockerOptions()
	o.Sandbox, o.Environ = h.sandbox, append(o.Environ, "MESOS_DIRECTORY="+h.sandbox)
	s, err := executor.NewSpec(ctx, parametered(p.flat()...), o)
	if err != nil {
		return nil, err
	}
	body := h.ours.Body(*s.Container)
	if err := body.Create(ctx, nil); err != nil {
		return nil, errors.Join(err, body.Remove(context.WithoutCancel(ctx)))
	}
	return h.made(ctx, s.Container.Name)
}

// byCommand makes one with the docker command line, and says what else a task is
// given.
func (h *byHand) byCommand(ctx context.Context, p pairs) (map[string]string, error) {
	name := "hand-" + uuid.NewString()
	args := []string{
		"create", "--name", name, "--attach", "stdout", "--attach", "stderr", "--mount", "type=bind,target=/mnt/mesos/sandbox,source=" + h.sandbox,
		"--env", "MESOS_SANDBOX=/mnt/mesos/sandbox", "--env", "MESOS_CONTAINER_NAME=" + name, "--env", "MESOS_ALLOCATION_ROLE=",
		"--label", docker.LabelTask + "=web.1", "--label", docker.LabelExecutor + "=e", "--label", docker.LabelFramework + "=f",
	}
	if !p.names("network", "net") {
		args = append(args, "--network", "web")
	}
	for _, pair := range p {
		dashes := "--"
		if len(pair[0]) == 1 {
			dashes = "-"
		}
		args = append(args, dashes+pair[0])
		if isFlag(pair[0]) {
			args[len(args)-1] += "=" + pair[1]
		} else {
			args = append(args, pair[1])
		}
	}
	out, err := h.docker(ctx, append(args, "busybox:latest")...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	return h.made(ctx, name)
}

// isFlag: an option of true or false has its value behind a =.
func isFlag(name string) bool {
	return slices.Contains([]string{"init", "interactive", "i", "no-healthcheck", "oom-kill-disable", "privileged", "publish-all", "P", "read-only", "tty", "t"}, name)
}
