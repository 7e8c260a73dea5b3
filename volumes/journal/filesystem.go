package journal

import (
	"fmt"

	"golang.org/x/sys/unix"
)

// unfit are the filesystems on which the journal would promise what it cannot
// keep. FUSE is among them because it hides what is behind it.
var unfit = map[int64]string{
	unix.OVERLAYFS_SUPER_MAGIC: "overlay, as in a container image",
	unix.NFS_SUPER_MAGIC:       "NFS",
	unix.SMB_SUPER_MAGIC:       "SMB",
	unix.CIFS_SUPER_MAGIC:      "CIFS",
	unix.SMB2_SUPER_MAGIC:      "SMB2",
	unix.CEPH_SUPER_MAGIC:      "Ceph",
	unix.AFS_SUPER_MAGIC:       "AFS",
	unix.CODA_SUPER_MAGIC:      "Coda",
	unix.V9FS_MAGIC:            "9P",
	unix.FUSE_SUPER_MAGIC:      "FUSE",
}

// checkFilesystem refuses a directory that is not on a local filesystem of the
// host. volatile says that it is in memory.
func checkFilesystem(dir string) (volatile bool, err error) {
	var s unix.Statfs_t
	if err := unix.Statfs(dir, &s); err != nil {
		return false, err
	}
	// The kernel's field is signed and of the word's size; magics are 32 bits.
	magic := int64(uint32(s.Type))
	if name, bad := unfit[magic]; bad {
		return false, fmt.Errorf("it is on %s; a local filesystem of the host is needed", name)
	}
	return magic == unix.TMPFS_MAGIC || magic == unix.RAMFS_MAGIC, nil
}
