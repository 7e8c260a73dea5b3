package journal_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// owner is a task of an executor of its own.
func owner(task string) journal.Owner {
	return journal.Owner{Task: task, Framework: "marathon", Process: journal.Process{Pid: 7, StartTime: uint64(len(task))}}
}

func TestHolderIsWhoHasTheLock(t *testing.T) {
	dir := t.TempDir()
	j := create(t, dir)
	recovery := journal.Owner{Process: journal.Process{Pid: 9}}
	for _, c := range []struct {
		owner journal.Owner
		says  string
	}{
		{owner("web.1"), "task web.1 of framework marathon on this node (executor pid 7)"},
		{recovery, "a recovery on this node (pid 9)"},
		{owner("a-longer-name-than-before"), "task a-longer-name-than-before of"},
		{journal.Owner{}, "not said yet"},
	} {
		l, err := j.TryLock(idA, c.owner)
		must(t, err)
		if got := j.Holder(idA); !strings.Contains(got, c.says) {
			t.Errorf("holder %q, want %q", got, c.says)
		}
		must(t, l.Close())
		if got := j.Holder(idA); !strings.Contains(got, "not said") {
			t.Errorf("after it was unlocked its holder is %q", got)
		}
	}
	must(t, os.WriteFile(filepath.Join(dir, "datasets", idA+".lock"), []byte("{"), 0o600))
	if got := j.Holder(idA); !strings.Contains(got, "not said") {
		t.Errorf("of half a signature: %q", got)
	}
}

// Two tasks of one executor could wait for each other; a recovery in it ends.
func TestTasksOfOneProcessDoNotWait(t *testing.T) {
	j := create(t, t.TempDir())
	first, second := owner("web.1"), owner("web.2")
	l, err := j.TryLock(idA, first)
	must(t, err)
	_, err = j.Lock(t.Context(), idA, second, func(string) { t.Error("it waits") })
	if !errors.Is(err, journal.ErrLocked) || !strings.Contains(err.Error(), "task web.1") || !strings.Contains(err.Error(), "of this very executor") {
		t.Errorf("lock of a sibling's dataset: %v", err)
	}
	must(t, l.Close())

	recovery := journal.Owner{Process: first.Process}
	l, err = j.TryLock(idA, recovery)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	_, err = j.Lock(ctx, idA, first, func(holder string) {
		if !strings.HasPrefix(holder, "a recovery") {
			t.Errorf("it waits for %q", holder)
		}
		cancel()
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("lock while a recovery has it: %v", err)
	}
	must(t, l.Close())
}
