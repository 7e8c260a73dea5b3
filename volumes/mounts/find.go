package mounts

import (
	"errors"
	"fmt"
	"path"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// Mount is a live mount of a dataset in this process's mount namespace.
type Mount struct {
	Point   string // mount point
	Device  uint64 // as st_dev would say (unix.Mkdev(major, minor))
	Root    string // storage root: the mount point's parent directory
	Subtree string // root of the mount in its filesystem: "/", or a directory of the directory backend
	ID      int    // mount id, the number that statx calls STATX_MNT_ID
}

// Find looks a dataset up in the mount table: the mount whose last path element
// ends in the dataset's id. found is false when there is none.
//
// An error says why what is there must not be used: two mounts of the dataset
// in this namespace (the storage agent keeps one per device and would skip its
// unmount), a mount of something inside the dataset, or a mount that may be a
// stale copy (package comment). The directory backend binds a directory whose
// own name has the dataset's id in it; only such a directory passes for a root.
func Find(dataset string) (m Mount, found bool, err error) {
	table, err := Table()
	if err != nil {
		return Mount{}, false, err
	}
	return find(table, dataset, lookAround)
}

func find(table []*mountinfo.Info, dataset string, around func() (surroundings, error)) (Mount, bool, error) {
	info, err := pick(table, dataset)
	if err != nil || info == nil {
		return Mount{}, false, err
	}
	if err := live(table, info, around); err != nil {
		return Mount{}, false, fmt.Errorf("dataset %s: mount %s is not trusted: %w", dataset, info.Mountpoint, err)
	}
	return Mount{
		Point:   info.Mountpoint,
		Device:  Device(info),
		Root:    path.Dir(info.Mountpoint),
		Subtree: info.Root,
		ID:      info.ID,
	}, true, nil
}

// pick finds the one line of the dataset.
func pick(table []*mountinfo.Info, dataset string) (*mountinfo.Info, error) {
	if dataset == "" {
		return nil, errors.New("look up a dataset's mount: the dataset id is empty")
	}
	var found *mountinfo.Info
	for _, i := range table {
		if !strings.HasSuffix(path.Base(i.Mountpoint), dataset) {
			continue
		}
		if found != nil {
			return nil, fmt.Errorf("dataset %s is mounted twice: at %s and at %s", dataset, found.Mountpoint, i.Mountpoint)
		}
		found = i
	}
	if found == nil {
		return nil, nil
	}
	if found.Root != "/" && !strings.Contains(path.Base(found.Root), dataset) {
		return nil, fmt.Errorf("dataset %s: mount %s shows only the directory %s of its filesystem", dataset, found.Mountpoint, found.Root)
	}
	for _, i := range table {
		if i != found && covers(found, i) {
			return nil, fmt.Errorf("dataset %s is mounted twice: at %s and at %s", dataset, found.Mountpoint, i.Mountpoint)
		}
	}
	return found, nil
}

// covers says whether line i shows the dataset of m or a part of it. A whole
// filesystem is the dataset's alone; a directory backend's filesystem is not.
func covers(m, i *mountinfo.Info) bool {
	return Device(i) == Device(m) && Below(i.Root, m.Root)
}
