package executor_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

const someID = "0679b296-1fb9-4edc-956d-53dfb1e35000"

// wantVolumes asserts the labels of a status.
func wantVolumes(t *testing.T, s mesos.TaskStatus, want ...string) {
	t.Helper()
	var got []string
	for _, l := range s.GetLabels().GetLabels() {
		got = append(got, l.Key+"="+l.GetValue())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%v has labels %q, wanted %q", s.GetState(), got, want)
	}
}

func twoVolumes() mesos.TaskInfo {
	return withLabels("flocker.volume", "data:data", "flocker.volume.x", "logs:logs:dataset="+someID)
}

// Every status says where each volume is.
func TestStatusesNameTheVolumes(t *testing.T) {
	state := func(s volumes.State) func() []volumes.VolumeState {
		return func() []volumes.VolumeState {
			return []volumes.VolumeState{{Name: "data", Dataset: "d1", State: s}, {Name: "logs", Dataset: someID, State: s}}
		}
	}
	for _, c := range []struct {
		end   volumes.State
		label string
	}{{volumes.StateReleased, "released"}, {volumes.StateLeft, "left"}} {
		t.Run(c.label, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.onHold = func(_ context.Context, report func(volumes.Progress)) error {
					report(volumes.Progress{Volume: "data", Dataset: "d1", State: "moving"})
					<-time.After(7 * time.Second)
					return nil
				}
				w.onVolumes = state(volumes.StateHeld)
				w.onRelease = func(context.Context) error {
					w.onVolumes = state(c.end)
					return nil
				}
			}, func(t *testing.T, w *world) {
				w.stream.send(launch(twoVolumes()))
				wantVolumes(t, w.acked(mesos.TASK_STARTING), "flocker.volume.data=state=acquiring", "flocker.volume.logs=dataset="+someID+",state=acquiring")
				wantVolumes(t, w.acked(mesos.TASK_STARTING), "flocker.volume.data=dataset=d1,state=acquiring", "flocker.volume.logs=dataset="+someID+",state=acquiring")
				wantVolumes(t, w.acked(mesos.TASK_RUNNING), "flocker.volume.data=dataset=d1,state=held", "flocker.volume.logs=dataset="+someID+",state=held")
				w.exited <- 0
				wantVolumes(t, w.acked(mesos.TASK_FINISHED), "flocker.volume.data=dataset=d1,state="+c.label, "flocker.volume.logs=dataset="+someID+",state="+c.label)
			})
		})
	}
}

// A task that never ran holds nothing, but for what its error names.
func TestStatusOfAFailedHoldNamesWhatIsLeft(t *testing.T) {
	for name, c := range map[string]struct {
		err  error
		want []string
	}{
		"nothing": {errors.New("no such path"), []string{"flocker.volume.data=state=released", "flocker.volume.logs=dataset=" + someID + ",state=released"}},
		"left": {
			&volumes.HoldError{Volumes: []volumes.VolumeState{{Name: "data", Dataset: "d1", State: volumes.StateLeft}}, Err: errors.New("no answer")},
			[]string{"flocker.volume.data=dataset=d1,state=left"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.onHold = func(context.Context, func(volumes.Progress)) error { return c.err }
			}, func(t *testing.T, w *world) {
				w.stream.send(launch(twoVolumes()))
				w.acked(mesos.TASK_STARTING)
				wantVolumes(t, w.acked(mesos.TASK_FAILED), c.want...)
			})
		})
	}
}

// What its command warns of, the task's owner reads in the first status.
func TestWarningsAreTold(t *testing.T) {
	inWorld(t, nil, func(t *testing.T, w *world) {
		task := info("t")
		cmd := "chmod ug+rx './flocker-executor' && exec './flocker-executor' sleep 1 > data/log"
		task.Executor = &mesos.ExecutorInfo{Command: &mesos.CommandInfo{Value: &cmd}}
		w.stream.send(launch(task))
		wantMessage(t, w.acked(mesos.TASK_STARTING), "Marathon's cmd", "data/log")
		w.acked(mesos.TASK_RUNNING)
		w.exited <- 0
		w.acked(mesos.TASK_FINISHED)
	})
}
