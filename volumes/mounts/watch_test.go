package mounts_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

func TestWatchMissesNoChange(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	changed, err := mounts.Watch(ctx)
	if err != nil {
		t.Fatal(err)
	}
	<-changed // the first look
	point := t.TempDir()
	for n := range 200 {
		if err := unix.Mount("none", point, "tmpfs", 0, "size=4k"); err != nil {
			t.Fatal(err)
		}
		event(t, changed, n, "mount")
		if err := unix.Unmount(point, 0); err != nil {
			t.Fatal(err)
		}
		event(t, changed, n, "umount")
	}
	cancel()
	for range changed {
	}
}

// event waits for one event. A change that came as two (none is known to)
// would leave one behind, which could hide a missed one.
func event(t *testing.T, changed <-chan struct{}, n int, what string) {
	t.Helper()
	select {
	case <-changed:
	case <-time.After(5 * time.Second):
		t.Fatalf("%s %d was missed", what, n)
	}
	select {
	case <-changed:
		t.Fatalf("%s %d was reported twice", what, n)
	default:
	}
}

func TestWaitReturnsWithTheMount(t *testing.T) {
	d, root := mountstest.NewDataset(t), t.TempDir()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	type answer struct {
		mount mounts.Mount
		err   error
	}
	answers := make(chan answer, 1)
	go func() {
		m, err := mounts.Wait(ctx, d.ID)
		answers <- answer{m, err}
	}()
	point := d.Mount(t, root)
	if a := <-answers; a.err != nil || a.mount.Point != point {
		t.Errorf("Wait = %+v, %v", a.mount, a.err)
	}
}

func TestWaitEndsWithItsContext(t *testing.T) {
	d := mountstest.NewDataset(t)
	cause := errors.New("the user lost patience")
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(cause)
	if _, err := mounts.Wait(ctx, d.ID); !errors.Is(err, cause) || !strings.Contains(err.Error(), d.ID) {
		t.Errorf("Wait = %v", err)
	}
}

// A namespace that nothing propagates into would wait for ever.
func TestWaitSaysThatNoMountCanCome(t *testing.T) {
	d := mountstest.NewDataset(t)
	if got := inSpace(t, private, "wait", d.ID).Line(); !strings.Contains(got, "no mount of the node can reach this process") {
		t.Errorf("Wait = %s", got)
	}
}
