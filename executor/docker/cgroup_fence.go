package docker

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/moby/moby/api/types/system"
	"github.com/moby/moby/client"
)

// AllowsVolumes says with an error why this engine could not run the container with
// volumes, so that nothing is leased in vain: ErrHidden if the end of its processes
// would not be seen, ErrCgroup if they could outlive what the agent kills. nil is no
// promise: Create looks again. An engine whose users are others than the node's is a
// warning in the log.
func (b *Body) AllowsVolumes(ctx context.Context) error {
	pid, err := b.engine.PID()
	if err != nil {
		return err
	}
	if err := sameCgroups(pid); err != nil {
		return err
	}
	info, err := b.engine.info(ctx)
	if err != nil {
		return err
	}
	if b.c.Host.UsernsMode != "host" && slices.Contains(info.SecurityOptions, "name=userns") {
		b.engine.log.Warn("the docker engine maps users (--userns-remap): to a dataset root of the container is an ordinary user, " +
			"who may not change what the node's root has written; the parameter userns=host gives the container the node's users")
	}
	_, err = b.parentFor(info, true)
	return err
}

// sameCgroups: what this process calls its cgroup means the same to the engine,
// process pid.
func sameCgroups(pid int) error {
	own, err := os.Readlink("/proc/self/ns/cgroup")
	if err != nil {
		return fmt.Errorf("find the cgroup namespace: %w", err)
	}
	engines, err := os.Readlink(fmt.Sprintf("/proc/%d/ns/cgroup", pid))
	if err != nil {
		return fmt.Errorf("find the docker engine's cgroup namespace: %w", err)
	}
	if own != engines {
		return fmt.Errorf("%w: that is in another cgroup namespace than the engine's; a task with volumes needs an engine on the node itself", ErrCgroup)
	}
	return nil
}

func (e *Engine) info(ctx context.Context) (system.Info, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answer, err := e.api.Info(ctx, client.InfoOptions{})
	if err != nil {
		return system.Info{}, fmt.Errorf("ask what the docker engine can do: %w", err)
	}
	return answer.Info, nil
}

// cgroupParent is asked for by Create. Where it makes no difference the engine is
// not asked.
func (b *Body) cgroupParent(ctx context.Context, volumes bool) (string, error) {
	self := string(b.engine.selfCgroup)
	if ownCgroup(self, "1") == "" && ownCgroup(self, "2") == "" {
		return "", nil
	}
	info, err := b.engine.info(ctx)
	if err != nil {
		return "", err
	}
	return b.parentFor(info, volumes)
}

// parentFor refuses volumes where they cannot be fenced; a container without
// any is then the engine's own affair.
func (b *Body) parentFor(info system.Info, volumes bool) (string, error) {
	parent, err := CgroupParent(string(b.engine.selfCgroup), info.CgroupDriver, info.CgroupVersion)
	switch {
	case err == nil:
		b.parent.Store(&parent)
		return parent, nil
	case volumes:
		return "", fmt.Errorf("%w, so that it would go on writing when the agent has killed the executor: a task with volumes needs "+
			"an engine with --exec-opt native.cgroupdriver=cgroupfs, or an agent with neither the linux launcher nor cgroups/ isolators", err)
	}
	b.engine.log.Warn(err.Error() + "; the agent's limits do not hold for the container, nor does it end with the executor")
	return "", nil
}
