package keep_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/control"
	"github.com/mesos-flocker/flocker-executor/volumes/keep/stage"
)

// The end of the socket means that the executor is dead only from the word on that
// says so: one whose start failed has an executor that lives, and does it itself.
func TestUnarmedKeeperDoesNothing(t *testing.T) {
	for name, orders := range map[string][]byte{"not armed": nil, "armed": {stage.Armed}, "armed, and done": {stage.Armed, stage.Done}} {
		t.Run(name, func(t *testing.T) {
			ours, theirs, err := control.Pair("keeper")
			must(t, err)
			said := filepath.Join(t.TempDir(), "said")
			cmd := exec.Command("/proc/self/exe", said, "0")
			cmd.Args[0] = stage.Name
			cmd.Env = []string{"GORACE=atexit_sleep_ms=0"}
			cmd.ExtraFiles = []*os.File{theirs}
			must(t, cmd.Start())
			must(t, theirs.Close())
			_, err = io.ReadFull(ours, make([]byte, 4))
			must(t, err)
			_, err = ours.Write(orders)
			must(t, err)
			must(t, ours.Close())
			must(t, cmd.Wait())
			if _, err := os.Stat(said); (err == nil) != (name == "armed") {
				t.Errorf("what a dead executor has left: %v", err)
			}
		})
	}
}
