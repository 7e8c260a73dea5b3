package volumes_test

import (
	"os"
	"strings"
	"testing"
)

// A command beside the task sees the task's volumes, and needs the task.
func TestExecSeesTheVolumes(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	o := w.options("task-1", nil)
	h := w.hold(o, vol("data"))
	if _, err := h.Exec(t.Context(), shell("true", o.Sandbox)); err == nil || !strings.Contains(err.Error(), "the task has not been started") {
		t.Errorf("Exec before Start = %v", err)
	}
	must(t, h.Start(t.Context(), shell("sleep 1000", o.Sandbox)))
	status, err := h.Exec(t.Context(), shell("echo checked > data/file; exit 4", o.Sandbox))
	if err != nil || status.ExitStatus() != 4 {
		t.Errorf("Exec = %#x, %v", status, err)
	}
	must(t, h.Stop(t.Context()))
	if _, err := h.Exec(t.Context(), shell("true", o.Sandbox)); err == nil {
		t.Error("Exec after Stop succeeded")
	}
	must(t, h.Release(t.Context()))
	if data, err := os.ReadFile(w.path("root", id, "file")); string(data) != "checked\n" {
		t.Errorf("on the dataset: %q, %v", data, err)
	}
	w.clean()
}

// A hold that is called off leaves no guard behind, which would be process 1 of
// a namespace with the task's view.
func TestReleaseStopsTheGuardThatWaits(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	h := w.hold(w.options("task-1", nil), vol("data"))
	if guards(t) == 0 {
		t.Fatal("no guard waits")
	}
	must(t, h.Release(t.Context()))
	if n := guards(t); n != 0 {
		t.Errorf("%d guards are left", n)
	}
	w.clean()
}

// guards counts this process's.
func guards(t *testing.T) (n int) {
	t.Helper()
	threads, err := os.ReadDir("/proc/self/task")
	must(t, err)
	for _, thread := range threads {
		children, err := os.ReadFile("/proc/self/task/" + thread.Name() + "/children")
		if err != nil {
			continue // the thread has ended
		}
		for child := range strings.FieldsSeq(string(children)) {
			if command, err := os.ReadFile("/proc/" + child + "/cmdline"); err == nil && strings.HasPrefix(string(command), "flocker-guard") {
				n++
			}
		}
	}
	return n
}
