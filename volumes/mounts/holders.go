package mounts

import (
	"fmt"
	"os"
	"strings"

	"github.com/moby/sys/mountinfo"
)

// Holder is a process whose mount namespace shows a dataset.
type Holder struct {
	Pid       int
	Command   string
	Namespace uint64 // inode of the mount namespace
	Point     string // "" when unknown
	Unknown   error  // why its mount table could not be read
}

// String names the holder for a status message.
func (h Holder) String() string {
	if h.Unknown != nil {
		return fmt.Sprintf("process %d (%s): mount table unknown: %v", h.Pid, h.Command, h.Unknown)
	}
	return fmt.Sprintf("process %d (%s) has it mounted at %s", h.Pid, h.Command, h.Point)
}

// Holders lists who can still reach the dataset of m in a mount namespace other
// than this process's: one pass over the distinct mount namespaces of
// /proc/*/task/*. One that cannot be read is a holder too, with Unknown set.
//
// A copy that sits on the same directory as the original and follows its
// unmount is none: such copies are in every service that runs in a slave
// namespace, and leave with the original. Anything else that shows the dataset
// (a bind, a frozen copy) is a holder.
//
// Of m only Device, Subtree and Point are used, so that m may come from a
// journal. Processes outside this process's PID namespace are not visible;
// neither are namespaces without a process, mounts outside the root directory of
// every process of a namespace, nor descriptors passed elsewhere.
func Holders(m Mount) ([]Holder, error) {
	spaces, unknown, err := otherNamespaces()
	if err != nil {
		return nil, fmt.Errorf("look for holders of %s: %w", m.Point, err)
	}
	own, err := Table()
	if err != nil {
		return nil, fmt.Errorf("look for holders of %s: %w", m.Point, err)
	}
	kin := newKinship(own, spaces)
	holders := unknown
	original, parent := m.line(own)
	for _, space := range spaces {
		if space.err != nil {
			holders = append(holders, Holder{Pid: space.pid, Command: space.command, Namespace: space.inode, Unknown: space.err})
		}
		for _, i := range space.table {
			if Device(i) != m.Device || !Below(i.Root, m.Subtree) {
				continue
			}
			if original != nil && kin.follows(space.table, i, parent, original) {
				continue
			}
			holders = append(holders, Holder{Pid: space.pid, Command: space.command, Namespace: space.inode, Point: i.Mountpoint})
		}
	}
	return holders, nil
}

// line finds m and what it lies on in table, nil when it is not mounted there.
func (m Mount) line(table []*mountinfo.Info) (own, parent *mountinfo.Info) {
	for _, i := range table {
		if i.Mountpoint == m.Point && Device(i) == m.Device {
			if p := parentOf(table, i); p != nil {
				return i, p
			}
		}
	}
	return nil, nil
}

// kinship joins the peer groups that propagate to one another: group → the
// smallest known ancestor of its tree. Mounts of a slave group say both
// "shared:A master:B", which is the only link there is.
type kinship map[int]int

func newKinship(own []*mountinfo.Info, spaces []space) kinship {
	k := kinship{}
	k.add(own)
	for _, s := range spaces {
		k.add(s.table)
	}
	return k
}

func (k kinship) add(table []*mountinfo.Info) {
	for _, i := range table {
		if shared, master := Group(i, "shared"), Group(i, "master"); shared != 0 && master != 0 {
			if a, b := k.top(shared), k.top(master); a != b {
				k[a] = b
			}
		}
	}
}

func (k kinship) top(group int) int {
	for k[group] != 0 {
		group = k[group]
	}
	return group
}

// of is the tree that a mount belongs to, 0 for a private one.
func (k kinship) of(i *mountinfo.Info) int {
	if shared := Group(i, "shared"); shared != 0 {
		return k.top(shared)
	}
	return k.top(Group(i, "master"))
}

// follows says whether line i of another namespace goes when the original goes:
// it lies on the same directory of the same filesystem, of a mount that gets
// its mounts from the original's parent.
func (k kinship) follows(table []*mountinfo.Info, i, parent, original *mountinfo.Info) bool {
	p := parentOf(table, i)
	if p == nil || Device(p) != Device(parent) || within(p, i) != within(parent, original) {
		return false
	}
	tree := k.of(p)
	return tree != 0 && tree == k.of(parent)
}

func commandOf(dir string) string {
	data, err := os.ReadFile(dir + "/comm")
	if err != nil {
		return "gone"
	}
	return strings.TrimSpace(string(data))
}
