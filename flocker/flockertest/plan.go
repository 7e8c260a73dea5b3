package flockertest

import "slices"

// found is one volume as its agent sees it.
type found struct {
	dataset   string
	name      string // of the volume in the backend
	size      int64
	attached  string // node
	device    string // on this node; "" when it has none
	formatted bool
	path      string // where it is mounted on this node
}

// step is one thing done to one dataset in one round of the loop. It returns the
// name of a volume that is to be registered, or "".
type step struct {
	name    string
	dataset string
	do      func(storage) (volume string, err error)
}

// plan compares what is wanted with what was seen. waiting says that a wanted
// dataset is still attached elsewhere. A dataset whose lease this node holds
// stays mounted whatever is wanted.
func (c *convergence) plan() (steps []step, waiting bool) {
	seen := map[string]found{}
	for _, f := range c.seen {
		seen[f.dataset] = f
	}
	wanted := map[string]desired{}
	for _, d := range c.latest.Desired {
		wanted[d.ID] = d
		if _, ok := seen[d.ID]; !ok && !d.Deleted {
			steps = append(steps, create(d))
		}
	}
	for _, f := range c.seen {
		d, here := wanted[f.dataset]
		switch {
		case c.latest.Owned[f.dataset] == "":
			steps = append(steps, register(f))
		case f.attached != "" && f.attached != c.agent.UUID:
			waiting = waiting || here
		case here && !d.Deleted:
			steps = append(steps, bring(f)...)
		case f.path != "" && slices.Contains(c.latest.Leased, f.dataset):
		default:
			steps = append(steps, remove(f, here && d.Deleted)...)
		}
	}
	return steps, waiting
}

func create(d desired) step {
	return step{"create", d.ID, func(s storage) (string, error) { return s.create(d.ID, d.Size) }}
}

func register(f found) step {
	return step{"register", f.dataset, func(storage) (string, error) { return f.name, nil }}
}

// bring is the next step on the way to the mount.
func bring(f found) []step {
	switch {
	case f.path != "":
		return nil
	case f.attached == "" || f.device == "":
		return []step{storageStep("attach", f, storage.attach)}
	case !f.formatted:
		return []step{storageStep("format", f, storage.format)}
	}
	return []step{storageStep("mount", f, storage.mount)}
}

// remove is the next step on the way off this node, or out of the world.
func remove(f found, deleted bool) []step {
	switch {
	case f.path != "":
		return []step{storageStep("unmount", f, storage.unmount)}
	case f.attached != "":
		return []step{storageStep("detach", f, storage.detach)}
	case deleted:
		return []step{storageStep("destroy", f, storage.destroy)}
	}
	return nil
}

func storageStep(name string, f found, do func(storage, found) error) step {
	return step{name, f.dataset, func(s storage) (string, error) { return "", do(s, f) }}
}

// storage is a backend as one node uses it. All but discover and create get what
// discover said; the caller has looked at it just now, other nodes may have
// acted since.
type storage interface {
	discover() ([]found, error)
	create(dataset string, size int64) (name string, err error)
	attach(found) error
	format(found) error
	mount(found) error
	unmount(found) error // a busy filesystem is an error
	detach(found) error
	destroy(found) error
}
