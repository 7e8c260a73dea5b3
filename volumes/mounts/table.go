package mounts

import (
	"fmt"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

const ownTable = "/proc/self/mountinfo"

// Table reads this process's mount table, in the kernel's order.
func Table() ([]*mountinfo.Info, error) { return readTable(ownTable) }

func readTable(file string) ([]*mountinfo.Info, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read mount table: %w", err)
	}
	defer f.Close()
	table, err := mountinfo.GetMountsFromReader(f, nil)
	if err != nil {
		return nil, fmt.Errorf("read mount table %s: %w", file, err)
	}
	return table, nil
}

// Device is the device number of a line, as st_dev would say it.
func Device(i *mountinfo.Info) uint64 { return unix.Mkdev(uint32(i.Major), uint32(i.Minor)) }

// Below says whether file is root or lies below it. Both are clean absolute
// paths; nothing is looked up.
func Below(file, root string) bool {
	return file == root || root == "/" || strings.HasPrefix(file, root+"/")
}

// Group is the number that a line gives for tag, "shared" or "master", or 0.
func Group(i *mountinfo.Info, tag string) int {
	for field := range strings.FieldsSeq(i.Optional) {
		if value, ok := strings.CutPrefix(field, tag+":"); ok {
			n, _ := strconv.Atoi(value)
			return n
		}
	}
	return 0
}

// parentOf finds the line of the mount that i is mounted on, nil when the table
// does not show it.
func parentOf(table []*mountinfo.Info, i *mountinfo.Info) *mountinfo.Info {
	for _, p := range table {
		if p.ID == i.Parent && p != i {
			return p
		}
	}
	return nil
}

// within is where the mount point of child lies in the filesystem of its parent.
func within(parent, child *mountinfo.Info) string {
	return path.Join(parent.Root, strings.TrimPrefix(child.Mountpoint, parent.Mountpoint))
}
