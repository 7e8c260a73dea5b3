package mounts

import (
	"errors"
	"strings"
	"testing"

	"github.com/moby/sys/mountinfo"
)

func TestJudge(t *testing.T) {
	parent := func(optional string) *mountinfo.Info { return &mountinfo.Info{Mountpoint: "/", Optional: optional} }
	for _, c := range []struct {
		name    string
		around  surroundings
		parent  *mountinfo.Info
		refused string
	}{
		{"the machine's own namespace", surroundings{firstPID: true}, parent(""), ""},
		{"a node in a container", surroundings{}, parent("shared:1"), ""},
		{"a container", surroundings{}, parent(""), "in a PID namespace of its own"},
		{"a private copy", surroundings{firstPID: true, apart: 7, command: "agent"}, parent(""), "process 7 (agent)"},
		{"a peer of nobody", surroundings{apart: 1}, parent("shared:2147483647"), "shares nothing"},
	} {
		err := c.around.judge(c.parent)
		if c.refused == "" && err != nil || c.refused != "" && (err == nil || !strings.Contains(err.Error(), c.refused)) {
			t.Errorf("%s: %v, want %q", c.name, err, c.refused)
		}
	}
}

func TestLiveAsksOnlyWhenTheParentDoesNotSay(t *testing.T) {
	asked := errors.New("asked")
	around := func() (surroundings, error) { return surroundings{}, asked }
	child := &mountinfo.Info{ID: 2, Parent: 1, Mountpoint: "/flocker/id"}
	for optional, want := range map[string]error{"master:3": nil, "shared:4 master:3": nil, "shared:4": asked, "": asked} {
		table := []*mountinfo.Info{{ID: 1, Parent: 1, Mountpoint: "/", Optional: optional}, child}
		if err := live(table, child, around); !errors.Is(err, want) {
			t.Errorf("parent %q: %v, want %v", optional, err, want)
		}
	}
	if err := live([]*mountinfo.Info{child}, child, around); err == nil || !strings.Contains(err.Error(), "not in the mount table") {
		t.Errorf("no parent: %v", err)
	}
}

func TestReceives(t *testing.T) {
	line := func(point, optional string) *mountinfo.Info {
		return &mountinfo.Info{Mountpoint: point, Optional: optional}
	}
	for _, c := range []struct {
		name  string
		table []*mountinfo.Info
		cut   bool
	}{
		{"all private", []*mountinfo.Info{line("/", ""), line("/flocker", "")}, true},
		{"only the agent's work directory", []*mountinfo.Info{line("/", ""), line("/var/lib/mesos", "master:1")}, true},
		{"the root", []*mountinfo.Info{line("/", "master:1")}, false},
		{"the storage root", []*mountinfo.Info{line("/", ""), line("/flocker", "shared:1")}, false},
	} {
		if err := (surroundings{}).receives(c.table, "/var/lib/mesos/sandbox"); (err != nil) != c.cut {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

func TestBelow(t *testing.T) {
	for _, c := range []struct {
		file, root string
		want       bool
	}{
		{"/a", "/a", true},
		{"/a/b", "/a", true},
		{"/ab", "/a", false},
		{"/a", "/", true},
		{"/", "/a", false},
	} {
		if got := Below(c.file, c.root); got != c.want {
			t.Errorf("Below(%s, %s) = %v", c.file, c.root, got)
		}
	}
}

func TestGroup(t *testing.T) {
	i := &mountinfo.Info{Optional: "shared:12 master:3 propagate_from:2"}
	if Group(i, "shared") != 12 || Group(i, "master") != 3 || Group(i, "unbindable") != 0 || Group(&mountinfo.Info{}, "shared") != 0 {
		t.Error("optional fields are misread")
	}
}

func TestStatLine(t *testing.T) {
	command, parent, err := statLine("/proc/self")
	if err != nil || command == "" || parent < 0 {
		t.Errorf("statLine = %q, %d, %v", command, parent, err)
	}
}
