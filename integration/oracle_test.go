package integration_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// The oracle notices when the pin is left out: the dataset is ordered away under
// a running task, its node lets it go, and the other node attaches the same
// image a second time.
func TestOracleNoticesMissingPin(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "no-pin"} {
		t.Run("fault="+fault, func(t *testing.T) {
			w := watchedCluster(t)
			nodes := w.Nodes()
			task := counter("writer", nodes[0].Name, "torn")
			task.Environment = map[string]string{failpoint.Faults: fault}
			running(t, w, task)
			// Awake, it would see the mount go and end the task, perhaps in time.
			signalExecutor(t, w, "writer", syscall.SIGSTOP)
			defer signalExecutor(t, w, "writer", syscall.SIGCONT)
			orderAway(t, w, "torn", nodes[1].Flocker)
			settled := fmt.Sprintf("synced %d\n", lastSynced(t, w, "writer")+100)
			if fault == "" {
				printed(t, w, "writer", settled)
			} else {
				mountedOn(t, w, "torn", nodes[1].Flocker)
			}
			expectDoubles(t, w, fault != "")
		})
	}
}

// The oracle notices when the second stage makes / private instead of slave: a
// bystander that is held up between the change and the detaching keeps a frozen
// copy of a dataset that then leaves.
func TestOracleNoticesPrivateRoot(t *testing.T) {
	t.Parallel()
	for _, fault := range []string{"", "private,"} {
		t.Run("fault="+strings.Trim(fault, ","), func(t *testing.T) {
			w := watchedCluster(t)
			nodes := w.Nodes()
			running(t, w, counter("mover", nodes[0].Name, "copied"))
			fifo := filepath.Join(w.Dir(), "pause")
			if err := syscall.Mkfifo(fifo, 0o600); err != nil {
				t.Fatal(err)
			}
			bystander := cluster.Task{ID: "bystander", Name: "bystander", Node: nodes[0].Name, Command: "true"}
			bystander.Environment = map[string]string{failpoint.Faults: fault + "pause-stage=" + fifo}
			submit(t, w, bystander)
			held := openWriter(t, fifo)
			kill(t, w, "mover")
			// Its executor keeps the pin, and stays, as long as it sees the copy.
			killIfAlive(t, w, "mover")
			orderAway(t, w, "copied", nodes[1].Flocker)
			mountedOn(t, w, "copied", nodes[1].Flocker)
			_ = held.Close()
			reaches(t, w, "bystander", mesos.TASK_FINISHED)
			expectDoubles(t, w, fault != "")
		})
	}
}

func watchedCluster(t *testing.T) *cluster.Minicluster {
	t.Helper()
	needsFaults(t)
	w, err := launch(deadline(t), cluster.Options{
		Executor:    binaries.failpoint,
		Environment: map[string]string{"FLOCKER_EXECUTOR_RELEASE_TIMEOUT": "3s"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if _, err := closeWatched(w); err != nil {
			t.Error(err)
		}
	})
	return w
}

// orderAway is an operator who removes the lease and sends the dataset away.
func orderAway(t *testing.T, c *cluster.Minicluster, name, node string) {
	t.Helper()
	d, err := dataset(deadline(t), c, name)
	if err != nil {
		t.Fatal(err)
	}
	c.Service.RemoveLease(d.ID)
	c.Service.Move(d.ID, node)
}

func expectDoubles(t *testing.T, w *cluster.Minicluster, want bool) {
	t.Helper()
	if want {
		eventually(t, "the oracle has seen it", func() error {
			if len(theOracle.doubles(w.Dir())) == 0 {
				return errors.New("no image is behind two loop devices")
			}
			return nil
		})
	}
	doubles, err := closeWatched(w)
	if err != nil {
		t.Error(err)
	}
	if got := len(doubles) > 0; got != want {
		t.Errorf("images behind two loop devices: %v, want some: %v", doubles, want)
	}
}

// openWriter returns when somebody reads the fifo.
func openWriter(t *testing.T, fifo string) *os.File {
	t.Helper()
	opened := make(chan *os.File, 1)
	go func() {
		f, err := os.OpenFile(fifo, os.O_WRONLY, 0)
		if err != nil {
			t.Error(err)
		}
		opened <- f
	}()
	select {
	case f := <-opened:
		return f
	case <-time.After(20 * time.Second):
		t.Fatal("the second stage was never held up")
		return nil
	}
}
