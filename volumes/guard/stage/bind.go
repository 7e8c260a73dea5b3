package stage

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// binder makes the binds of one plan.
type binder struct {
	roots   []string // the plan's, once it is there
	root    int      // descriptor of /
	sandbox int      // descriptor of the sandbox
	home    string   // the sandbox's path without symbolic links
	owner   User     // of directories that are made: the sandbox's
	bound   []bound
	created []string
	// detached are the mount points of datasets that were here.
	detached []string
}

// bound is a bind that was made.
type bound struct {
	Bind
	tree  int    // descriptor of its root
	point string // where it is, as the mount table says it
}

func newBinder(where string) (*binder, error) {
	if !filepath.IsAbs(where) {
		return nil, fmt.Errorf("sandbox %q: an absolute path is needed", where)
	}
	root, err := unix.Open("/", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("open /: %w", err)
	}
	sandbox, err := unix.Open(where, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		unix.Close(root)
		return nil, fmt.Errorf("open sandbox %s: %w", where, err)
	}
	b := &binder{root: root, sandbox: sandbox}
	if err := b.look(); err != nil {
		b.close()
		return nil, err
	}
	return b, nil
}

// know takes the storage roots that the plan names.
func (b *binder) know(roots []string) error {
	for _, root := range roots {
		if !filepath.IsAbs(root) || filepath.Clean(root) == "/" {
			return fmt.Errorf("storage root %q: an absolute path other than / is needed", root)
		}
	}
	b.roots = roots
	return nil
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

// bind moves the executor's copy of the source's mount onto the target, by
// descriptors, so that what was checked is what is bound.
func (b *binder) bind(bind Bind, tree int) error {
	b.bound = append(b.bound, bound{Bind: bind, tree: tree})
	table, err := mounts.Table()
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
	b.bound[len(b.bound)-1].point = point
	if err := unix.MoveMount(tree, "", target, "", unix.MOVE_MOUNT_F_EMPTY_PATH|unix.MOVE_MOUNT_T_EMPTY_PATH); err != nil {
		return os.NewSyscallError("move_mount", err)
	}
	return nil
}

// checkPoint refuses a target that would leave with what it lies on, or has left
// already.
func (b *binder) checkPoint(table []*mountinfo.Info, point string) error {
	datasets := slices.Clone(b.detached)
	for _, i := range table {
		if b.dataset(i.Mountpoint) {
			datasets = append(datasets, i.Mountpoint)
		}
	}
	if slices.ContainsFunc(datasets, func(dataset string) bool { return mounts.Below(point, dataset) }) {
		return fmt.Errorf("%s is a dataset's own mount point or below it, which a task does not see", point)
	}
	return nil
}
