package guard

import (
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"
)

// removeEmpty removes the directories that were made for binds, innermost
// first, and leaves what is not empty. The task may have put symbolic links in
// their place meanwhile; none is followed.
func removeEmpty(sandbox string, created []string) {
	root, err := unix.Open(sandbox, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return
	}
	defer unix.Close(root)
	for _, name := range slices.Backward(created) {
		parent, err := unix.Openat2(root, filepath.Dir(name), &unix.OpenHow{
			Flags:   unix.O_PATH | unix.O_DIRECTORY | unix.O_CLOEXEC,
			Resolve: unix.RESOLVE_BENEATH | unix.RESOLVE_NO_SYMLINKS | unix.RESOLVE_NO_MAGICLINKS,
		})
		if err != nil {
			continue
		}
		_ = unix.Unlinkat(parent, filepath.Base(name), unix.AT_REMOVEDIR)
		unix.Close(parent)
	}
}
