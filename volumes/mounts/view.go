package mounts

import (
	"errors"
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// ErrEnded says that a process is no more.
var ErrEnded = errors.New("the process has ended")

// View is the mount that another process finds at a path.
type View struct {
	Device   uint64 // as st_dev would say
	Subtree  string // root of the mount in its filesystem
	ReadOnly bool
	Inside   []Inner // what is mounted in it, but not what is mounted in that
}

// Inner is a mount inside another.
type Inner struct {
	Point   string // as the process names it, without links
	Device  uint64
	Subtree string
}

// ViewOf tells what process pid, which may be in a mount namespace and a root
// directory of its own, finds at the absolute path dir, by its own mount table:
// its symbolic links are followed as it would. It must be the root of a mount. It
// is ErrEnded when the process is no more.
func ViewOf(pid int, dir string) (View, error) {
	v, err := viewOf("/proc/"+strconv.Itoa(pid), dir)
	if err != nil && !errors.Is(err, errNoDir) && ended(err) {
		err = ErrEnded
	}
	if err != nil {
		return v, fmt.Errorf("look at %s as process %d sees it: %w", dir, pid, err)
	}
	return v, nil
}

var errNoDir = errors.New("no such directory there")

func viewOf(process, dir string) (View, error) {
	root, err := unix.Open(process+"/root", unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return View{}, err
	}
	defer unix.Close(root)
	there, err := unix.Openat2(root, strings.TrimPrefix(path.Clean(dir), "/"), &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_IN_ROOT | unix.RESOLVE_NO_MAGICLINKS,
	})
	if err != nil {
		return View{}, fmt.Errorf("%w: %w", errNoDir, err)
	}
	defer unix.Close(there)
	device, id, err := Identify(there)
	if err == nil {
		err = mountRoot(there)
	}
	if err != nil {
		return View{}, err
	}
	table, err := readTable(process + "/mountinfo")
	if err != nil {
		return View{}, err
	}
	return view(table, id, device)
}

// view looks the mount up in the process's own table.
func view(table []*mountinfo.Info, id int, device uint64) (View, error) {
	for _, i := range table {
		if i.ID == id && Device(i) == device {
			return View{
				Device: device, Subtree: i.Root, ReadOnly: strings.Contains(","+i.Options+",", ",ro,"), Inside: insideOf(table, id),
			}, nil
		}
	}
	if len(table) == 0 {
		return View{}, os.NewSyscallError("mountinfo", unix.ESRCH) // of a process without namespaces
	}
	return View{}, fmt.Errorf("mount id %d of device %s is not in its mount table", id, deviceName(device))
}

// insideOf goes by what is mounted on what: a mount that this one hides lies on
// another, whatever its path is.
func insideOf(table []*mountinfo.Info, id int) (inside []Inner) {
	for _, i := range table {
		if i.Parent == id && i.ID != id {
			inside = append(inside, Inner{Point: i.Mountpoint, Device: Device(i), Subtree: i.Root})
		}
	}
	return inside
}

func mountRoot(fd int) error {
	var s unix.Statx_t
	if err := unix.Statx(fd, "", unix.AT_EMPTY_PATH, unix.STATX_BASIC_STATS, &s); err != nil {
		return os.NewSyscallError("statx", err)
	}
	if s.Attributes&unix.STATX_ATTR_MOUNT_ROOT == 0 {
		return errors.New("nothing is mounted there")
	}
	return nil
}
