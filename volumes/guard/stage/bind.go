package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// binder makes the binds of one plan.
type binder struct {
	plan    Plan
	root    int    // descriptor of /
	sandbox int    // descriptor of the sandbox
	home    string // the sandbox's path without symbolic links
	owner   User   // of directories that are made: the sandbox's
	bound   []bound
	created []string
}

// bound is a bind that was made.
type bound struct {
	Bind
	tree    int    // descriptor of its root
	point   string // where it is, as the mount table says it
	subtree string // root of the source in its filesystem
}

func newBinder(p Plan) (*binder, error) {
	if !filepath.IsAbs(p.Sandbox) {
		return nil, fmt.Errorf("sandbox %q: an absolute path is needed", p.Sandbox)
	}
	for _, root := range p.Roots {
		if !filepath.IsAbs(root) || filepath.Clean(root) == "/" {
			return nil, fmt.Errorf("storage root %q: an absolute path other than / is needed", root)
		}
	}
	root, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /: %w", err)
	}
	sandbox, err := unix.Open(p.Sandbox, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		unix.Close(root)
		return nil, fmt.Errorf("open sandbox %s: %w", p.Sandbox, err)
	}
	b := &binder{plan: p, root: root, sandbox: sandbox}
	if err := b.look(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// look finds out where the sandbox is and whose.
func (b *binder) look() (err error) {
	if b.home, err = pathOf(b.sandbox); err != nil {
		return err
	}
	var info unix.Stat_t
	if err := unix.Fstat(b.sandbox, &info); err != nil {
		return fmt.Errorf("look at the sandbox: %w", err)
	}
	b.owner = User{UID: info.Uid, GID: info.Gid}
	return nil
}

// pathOf is where an open directory is, as the mount table says it.
func pathOf(fd int) (string, error) { return os.Readlink("/proc/self/fd/" + strconv.Itoa(fd)) }

func (b *binder) close() {
	unix.Close(b.root)
	unix.Close(b.sandbox)
	for _, done := range b.bound {
		unix.Close(done.tree)
	}
}

// bind clones the source's mount and moves the clone onto the target, by
// descriptors, so that what was checked is what is bound.
func (b *binder) bind(bind Bind) error {
	table, err := mounts.Table()
	if err != nil {
		return err
	}
	source, err := sourceLine(table, bind)
	if err != nil {
		return err
	}
	target, err := b.open(bind.Path)
	if err != nil {
		return err
	}
	defer unix.Close(target)
	point, err := pathOf(target)
	if err != nil {
		return err
	}
	if err := b.checkPoint(table, point); err != nil {
		return err
	}
	tree, err := clone(bind)
	if err != nil {
		return err
	}
	b.bound = append(b.bound, bound{Bind: bind, tree: tree, point: point, subtree: source.Root})
	if err := unix.MoveMount(tree, "", target, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH); err != nil {
		return os.NewSyscallError("move_mount", err)
	}
	return nil
}

// sourceLine finds the mount to bind. A directory without a mount is refused
// here, whatever its device.
func sourceLine(table []*mountinfo.Info, bind Bind) (*mountinfo.Info, error) {
	for _, i := range table {
		if i.Mountpoint == bind.Source && mounts.Device(i) == bind.Device {
			return i, nil
		}
	}
	return nil, errors.New("the dataset is no longer mounted there")
}

// checkPoint refuses a target that would leave with what it lies on.
func (b *binder) checkPoint(table []*mountinfo.Info, point string) error {
	for _, i := range table {
		if mounts.Below(point, i.Mountpoint) && b.dataset(i.Mountpoint) {
			return fmt.Errorf("%s is a dataset's own mount point or below it, which a task does not see", point)
		}
	}
	return nil
}

// clone makes a detached copy of the source's mount.
func clone(bind Bind) (int, error) {
	tree, err := unix.OpenTree(unix.AT_FDCWD, bind.Source, unix.OPEN_TREE_CLONE|unix.OPEN_TREE_CLOEXEC|unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return -1, os.NewSyscallError("open_tree", err)
	}
	device, _, err := mounts.Identify(tree)
	if err == nil && device != bind.Device {
		err = errors.New("another filesystem is mounted there now")
	}
	if err == nil && bind.ReadOnly {
		err = os.NewSyscallError("mount_setattr",
			unix.MountSetattr(tree, "", unix.AT_EMPTY_PATH, &unix.MountAttr{Attr_set: unix.MOUNT_ATTR_RDONLY}))
	}
	if err != nil {
		unix.Close(tree)
		return -1, err
	}
	return tree, nil
}
