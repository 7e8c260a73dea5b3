package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/guard/stage"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// identify waits until the guard is alone in its namespaces and says who it is.
func (g *Guard) identify(ctx context.Context) error {
	alone, err := receive(ctx, g, g.alone)
	if err != nil {
		return err
	}
	if alone.Error != "" {
		return errors.New(alone.Error)
	}
	g.identity.StartTime, g.identity.PIDNamespace = alone.StartTime, alone.PIDNamespace
	return nil
}

// bind has the guard bind c's datasets. What is bound is a copy of each mount
// that this process makes, in no namespace, since the mounts of this one need
// not reach the guard's.
func (g *Guard) bind(ctx context.Context, c Config) error {
	plan, trees, err := clones(c)
	defer closeAll(trees)
	if err != nil {
		return err
	}
	failpoint.Hit("guard.bind.before")
	all := slices.Clone(trees)
	for _, f := range c.Keep {
		all = append(all, int(f.Fd()))
	}
	for fds := range slices.Chunk(all, stage.ManyDescriptors) {
		if err := g.pass(fds); err != nil {
			return err
		}
	}
	if err := g.send(stage.Order{Plan: &plan}); err != nil {
		return err
	}
	ready, err := receive(ctx, g, g.ready)
	if err == nil && ready.Error != "" {
		err = errors.New(ready.Error)
	}
	return err
}

func closeAll(fds []int) {
	for _, fd := range fds {
		_ = unix.Close(fd)
	}
}

// clones copies the mounts of c's binds.
func clones(c Config) (plan stage.Plan, trees []int, err error) {
	plan.Roots = c.Roots
	table, err := mounts.Table()
	if err != nil {
		return plan, nil, err
	}
	for _, b := range c.Binds {
		bind := stage.Bind{Source: b.Source, Device: b.Device, Path: b.Path, ReadOnly: b.ReadOnly}
		tree := -1
		bind.Subtree, err = subtree(table, b)
		if err == nil {
			tree, err = clone(b)
		}
		if err != nil {
			return plan, trees, fmt.Errorf("bind %s at %s: %w", b.Source, b.Path, err)
		}
		plan.Binds, trees = append(plan.Binds, bind), append(trees, tree)
	}
	return plan, trees, nil
}

// subtree finds the mount to bind, and what it shows of its filesystem. A
// directory without a mount is refused here, whatever its device.
func subtree(table []*mountinfo.Info, b Bind) (string, error) {
	for _, i := range table {
		if i.Mountpoint == b.Source && mounts.Device(i) == b.Device {
			return i.Root, nil
		}
	}
	return "", errors.New("the dataset is no longer mounted there")
}

// clone makes a detached copy of a mount. It gets what is mounted below the
// original and gives nothing back.
func clone(b Bind) (int, error) {
	tree, err := unix.OpenTree(unix.AT_FDCWD, b.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return -1, os.NewSyscallError("open_tree", err)
	}
	device, _, err := mounts.Identify(tree)
	if err == nil && device != b.Device {
		err = errors.New("another filesystem is mounted there now")
	}
	if err == nil {
		attributes := unix.MountAttr{Propagation: unix.MS_SLAVE}
		if b.ReadOnly {
			attributes.Attr_set = unix.MOUNT_ATTR_RDONLY
		}
		err = os.NewSyscallError("mount_setattr", unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &attributes))
	}
	if err != nil {
		_ = unix.Close(tree)
		return -1, err
	}
	return tree, nil
}

// pass hands descriptors to the guard. The blank that carries them means nothing
// in what else it reads.
func (g *Guard) pass(fds []int) error {
	if err := g.control.SetWriteDeadline(time.Now().Add(sendTimeout)); err != nil {
		return fmt.Errorf("%w: %w", errDied, err)
	}
	conn, err := g.control.SyscallConn()
	if err != nil {
		return fmt.Errorf("%w: %w", errDied, err)
	}
	var sent error
	err = conn.Write(func(control uintptr) bool {
		sent = unix.Sendmsg(int(control), []byte{' '}, unix.UnixRights(fds...), nil, unix.MSG_NOSIGNAL)
		return !errors.Is(sent, unix.EAGAIN)
	})
	if err = errors.Join(err, sent); err != nil {
		return fmt.Errorf("%w: %w", errDied, err)
	}
	return nil
}
