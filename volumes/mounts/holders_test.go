package mounts_test

import (
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

var private = []string{"--propagation=private"}

func TestHolders(t *testing.T) {
	_, m := mounted(t)
	elsewhere := t.TempDir()
	for _, c := range []struct {
		name, point string
		space       func() *mountstest.Space
	}{
		{"a copy that follows", "", func() *mountstest.Space { return mountstest.UnshareShell(t, slave, "") }},
		{"a peer", "", func() *mountstest.Space {
			return mountstest.UnshareShell(t, []string{"--propagation=unchanged"}, "")
		}},
		{"a copy of a copy that follows", "", func() *mountstest.Space {
			return mountstest.UnshareShell(t, slave, "mount --make-rshared /; unshare -m --propagation=slave sh -c 'echo ready; cat'")
		}},
		{"a frozen copy", m.Point, func() *mountstest.Space { return mountstest.UnshareShell(t, private, "") }},
		{"a bind", elsewhere, func() *mountstest.Space {
			return mountstest.UnshareShell(t, slave, "mount --bind "+m.Point+" "+elsewhere)
		}},
		{"a bind alone", elsewhere, func() *mountstest.Space {
			return mountstest.UnshareShell(t, slave, "mount --bind "+m.Point+" "+elsewhere+"; umount "+m.Point)
		}},
		{"a thread whose main thread is dead", m.Point, func() *mountstest.Space {
			return inSpace(t, slave, "headless", "")
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			space := c.space()
			defer space.End()
			holders, err := mounts.Holders(m)
			if err != nil {
				t.Fatal(err)
			}
			if c.point == "" {
				if len(holders) > 0 {
					t.Errorf("Holders = %v, want none", holders)
				}
				return
			}
			if len(holders) != 1 || holders[0].Point != c.point || holders[0].Pid != space.Pid || holders[0].Unknown != nil {
				t.Errorf("Holders = %v, want process %d at %s", holders, space.Pid, c.point)
			}
		})
	}
	if holders, err := mounts.Holders(m); err != nil || len(holders) > 0 {
		t.Errorf("afterwards: Holders = %v, %v", holders, err)
	}
}
