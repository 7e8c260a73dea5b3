package stage

import (
	"fmt"
	"path"
	"slices"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// detachOthers unmounts, in this namespace only, every mount of a dataset but
// the binds: a copy kept here would keep a filesystem alive that the storage
// agent believes gone, and the next node would mount it a second time.
//
// A mount is taken for a dataset's when it lies below a storage root, and also
// when its last element is a UUID, as the mounts of Flocker are: a task without
// volumes has no storage root to name and must not keep anybody's dataset. Below
// the sandbox a UUID says nothing: the agent mounts Mesos' persistent volumes
// there, under whatever path their task asks for.
func (b *binder) detachOthers() error {
	for range 10 {
		others, err := b.others()
		if err != nil || len(others) == 0 {
			return err
		}
		for _, i := range slices.Backward(others) {
			// One that went with its parent, or is under another, fails: the
			// next pass looks again.
			b.detached = append(b.detached, i.Mountpoint)
			_ = unix.Unmount(i.Mountpoint, unix.MNT_DETACH|unix.UMOUNT_NOFOLLOW)
		}
	}
	others, err := b.others()
	if err != nil || len(others) == 0 {
		return err
	}
	return fmt.Errorf("detach %s in the task's mount namespace: it is still there", others[0].Mountpoint)
}

// others lists what has to go.
func (b *binder) others() ([]*mountinfo.Info, error) {
	own := map[int]bool{}
	for _, done := range b.bound {
		_, id, err := mounts.Identify(done.tree)
		if err != nil {
			return nil, err
		}
		own[id] = true
	}
	table, err := mounts.Table()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(table, func(i *mountinfo.Info) bool {
		return own[i.ID] || !b.dataset(i.Mountpoint)
	}), nil
}

// dataset says whether a mount point is a dataset's. What carries the sandbox is
// the agent's, whatever it is called.
func (b *binder) dataset(point string) bool {
	if mounts.Below(b.home, point) {
		return false
	}
	below := func(root string) bool {
		root = path.Clean(root)
		return point != root && mounts.Below(point, root)
	}
	return slices.ContainsFunc(b.roots, below) || isUUID(path.Base(point)) && !mounts.Below(point, b.home)
}

func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, c := range []byte(s) {
		hyphen := i == 8 || i == 13 || i == 18 || i == 23
		hex := '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
		if hyphen != (c == '-') || !hyphen && !hex {
			return false
		}
	}
	return true
}
