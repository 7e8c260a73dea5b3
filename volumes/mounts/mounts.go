// Package mounts reads and watches the mount table, pins datasets and proves
// that nobody can reach one any more. (contract draft; the owner replaces this file)
package mounts

import (
	"context"
	"os"
)

// Mount is a live mount of a dataset in this process's mount namespace.
type Mount struct {
	Point  string // mount point
	Device uint64 // as st_dev would say (unix.Mkdev(major, minor))
	Root   string // storage root: the mount point's parent directory
}

// Find looks a dataset up in the mount table: the mount whose last path element
// ends in the dataset's id. found is false when there is none. A stale copy (we
// are outside the agent's namespace and the parent is private), two mounts of
// one dataset, or a mount of a sub-directory is an error that says why.
func Find(dataset string) (m Mount, found bool, err error) { panic("contract") }

// Wait returns when Find would succeed. It watches the mount table and wakes on
// every change; ctx bounds it. It fails at once on Find's error.
func Wait(ctx context.Context, dataset string) (Mount, error) { panic("contract") }

// Watch sends on the returned channel (capacity 1, coalescing) after every
// change of the mount table until ctx ends, then closes it.
func Watch(ctx context.Context) (<-chan struct{}, error) { panic("contract") }

// Pin opens the root of m and keeps its mount busy until closed. It checks that
// the descriptor's device is the mount's.
func Pin(m Mount) (*os.File, error) { panic("contract") }

// Holders lists who can still reach device in a mount namespace other than this
// process's: one pass over the distinct mount namespaces of /proc/*/task/*. An
// unreadable one is reported as a holder ("unknown").
func Holders(device uint64) ([]Holder, error) { panic("contract") }

// Holder is a process whose mount namespace lists a device.
type Holder struct {
	Pid       int
	Command   string
	Namespace uint64
	Point     string // "" when unknown
	Unknown   error  // why it could not be read
}
