package volumes_test

import (
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"time"

	"golang.org/x/sys/unix"
)

const (
	here    = "11111111-1111-4111-8111-111111111111"
	there   = "22222222-2222-4222-8222-222222222222"
	service = "control:4523"
)

// state is a storage system as it is known to everybody.
type state struct {
	Datasets map[string]*dataset
	Leases   map[string]lease
	Log      []string // requests that changed something, in order
}

type dataset struct {
	Name, Primary, Loop string
	Broken              bool // the agent cannot mount it
	Unfinished          bool // the agent mounts it, and no more
}

type lease struct {
	Node  string
	Until time.Time
}

// cluster keeps its state in a file, so that an executor that is killed and the
// test that goes on see the same one.
type cluster struct{ dir string }

// change runs f on the state, alone.
func (c cluster) change(f func(s *state)) {
	lock, err := os.OpenFile(filepath.Join(c.dir, "lock"), os.O_RDWR|os.O_CREATE, 0o600)
	check(err)
	defer lock.Close()
	check(unix.Flock(int(lock.Fd()), unix.LOCK_EX))
	s := state{Datasets: map[string]*dataset{}, Leases: map[string]lease{}}
	file := filepath.Join(c.dir, "state.json")
	if data, err := os.ReadFile(file); err == nil {
		check(json.Unmarshal(data, &s))
	}
	for id, l := range s.Leases {
		if time.Now().After(l.Until) {
			delete(s.Leases, id)
		}
	}
	f(&s)
	data, err := json.Marshal(s)
	check(err)
	check(os.WriteFile(file+".new", data, 0o600))
	check(os.Rename(file+".new", file))
}

func (c cluster) read() (s state) {
	c.change(func(now *state) { s = *now })
	return s
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}

// finish opens a new filesystem to everybody, in the order of a storage agent.
func finish(point string) {
	_ = os.Remove(filepath.Join(point, "lost+found")) // not there if it was mounted before
	check(os.Chmod(point, 0o777))
}

// agent mounts and unmounts this node's datasets below root until ctx ends, as a
// storage agent does: with a plain umount, again and again while it is busy.
func (c cluster) agent(ctx context.Context, root string) {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	var mounted []string
	for ctx.Err() == nil {
		now := c.read()
		for id, d := range now.Datasets {
			point := filepath.Join(root, id)
			holder := now.Leases[id].Node
			switch is := slices.Contains(mounted, id); {
			case d.Primary == here && !is && !d.Broken:
				check(os.MkdirAll(point, 0o700))
				check(unix.Mount(d.Loop, point, "ext4", 0, ""))
				if !d.Unfinished {
					finish(point)
				}
				mounted = append(mounted, id)
			case d.Primary != here && is && holder != here:
				if unix.Unmount(point, 0) == nil {
					mounted = slices.DeleteFunc(mounted, func(m string) bool { return m == id })
				}
			}
		}
		select {
		case <-ctx.Done():
		case <-tick.C:
		}
	}
	for _, id := range mounted {
		_ = unix.Unmount(filepath.Join(root, id), unix.MNT_DETACH)
	}
}
