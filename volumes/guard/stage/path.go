package stage

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"golang.org/x/sys/unix"
)

// open opens the directory that a container path names, one element after the
// other, each relative to the descriptor before it, so that no symbolic link and
// no ".." can lead anywhere else. Relative paths start at the sandbox, and what
// is missing there is made; absolute ones must exist. The caller closes it.
func (b *binder) open(path string) (fd int, err error) {
	if err := checkPath(path); err != nil {
		return -1, err
	}
	start := b.sandbox
	if filepath.IsAbs(path) {
		start = b.root
	}
	if fd, err = unix.FcntlInt(uintptr(start), unix.F_DUPFD_CLOEXEC, 0); err != nil {
		return -1, err
	}
	walked := ""
	for element := range strings.SplitSeq(strings.Trim(filepath.Clean(path), "/"), "/") {
		walked = filepath.Join(walked, element)
		next, err := b.step(fd, element, walked, filepath.IsAbs(path))
		unix.Close(fd)
		if err != nil {
			return -1, err
		}
		fd = next
	}
	return fd, nil
}

func checkPath(path string) error {
	for element := range strings.SplitSeq(path, "/") {
		if element == ".." {
			return errors.New("a container path must not contain \"..\"")
		}
	}
	switch clean := filepath.Clean(path); {
	case path == "" || clean == ".":
		return errors.New("it is the sandbox itself; name a directory below it")
	case clean == "/" || clean == "/proc" || strings.HasPrefix(clean, "/proc/"):
		return errors.New("nothing can be bound there")
	}
	return nil
}

// step opens one element below dir. walked names it for errors.
func (b *binder) step(dir int, element, walked string, absolute bool) (int, error) {
	fd, err := openBeneath(dir, element)
	if errors.Is(err, unix.ENOENT) && !absolute {
		if err := b.makeDirectory(dir, element, walked); err != nil {
			return -1, err
		}
		fd, err = openBeneath(dir, element)
	}
	if absolute {
		walked = "/" + walked
	}
	switch {
	case err == nil:
		return fd, nil
	case errors.Is(err, unix.ELOOP):
		return -1, fmt.Errorf("%s is a symbolic link, which a container path must not contain; name the directory itself", walked)
	case errors.Is(err, unix.ENOTDIR):
		return -1, fmt.Errorf("%s is not a directory", walked)
	case errors.Is(err, unix.ENOENT):
		return -1, fmt.Errorf("%s does not exist on the node; an absolute container path must be an existing directory", walked)
	}
	return -1, fmt.Errorf("open %s: %w", walked, err)
}

func openBeneath(dir int, element string) (int, error) {
	return unix.Openat2(dir, element, &unix.OpenHow{
		Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
		Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
	})
}

// makeDirectory makes a directory.
func (b *binder) makeDirectory(dir int, element, walked string) error {
	if err := unix.Mkdirat(dir, element, 0o755); err != nil {
		if errors.Is(err, unix.EEXIST) {
			return nil
		}
		return fmt.Errorf("make directory %s: %w", walked, err)
	}
	b.created = append(b.created, walked)
	if err := unix.Fchownat(dir, element, int(b.owner.UID), int(b.owner.GID), unix.AT_SYMLINK_NOFOLLOW); err != nil {
		return fmt.Errorf("give directory %s to its owner: %w", walked, err)
	}
	return nil
}
