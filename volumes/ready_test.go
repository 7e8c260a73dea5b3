package volumes_test

import (
	"os"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// A new filesystem is not handed to a task before the storage agent is done with
// it: the task is not root's.
func TestNewFilesystemIsFinished(t *testing.T) {
	for name, step := range map[string]func(point string){
		"lost+found is there": func(string) {},
		"root's still":        func(point string) { must(t, os.Remove(point+"/lost+found")) },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWorld(t)
			id := w.dataset("data", there)
			point := w.path("root", id)
			w.cluster.change(func(s *state) { s.Datasets[id].Unfinished = true })
			type result struct {
				h   *volumes.Held
				err error
			}
			done := make(chan result, 1)
			go func() {
				h, err := volumes.Hold(t.Context(), w.options("task-1", nil), []volumes.Volume{vol("data")}, nil)
				done <- result{h, err}
			}()
			eventually(t, "it is mounted", func() bool { _, err := os.Stat(point + "/lost+found"); return err == nil })
			step(point)
			select {
			case r := <-done:
				t.Errorf("held before the agent was done: %v", r.err)
				must(t, r.h.Release(t.Context()))
				return
			case <-time.After(100 * time.Millisecond):
			}
			finish(point)
			r := <-done
			must(t, r.err)
			must(t, r.h.Release(t.Context()))
			w.clean()
		})
	}
}

// An agent that has died between the two steps costs a wait, and not the task.
func TestFilesystemThatIsNeverFinished(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", there)
	w.cluster.change(func(s *state) { s.Datasets[id].Unfinished = true })
	must(t, w.hold(w.options("task-1", nil), vol("data")).Release(t.Context()))
	w.clean()
}
