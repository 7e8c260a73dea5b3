package volumes_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// The engine is who was given the socket that process 1 made: it is its mounts
// that count.
func TestActivatedEngineElsewhere(t *testing.T) {
	w := newWorld(t)
	must(t, os.Mkdir(mapped(w.dir), 0o755))
	socket := os.NewFile(uintptr(listen(w.dir)), "socket")
	defer func() { _ = socket.Close() }()
	engine := exec.Command("unshare", "--mount", "--propagation", "private", "sh", "-c", "echo ready; cat")
	engine.ExtraFiles = []*os.File{socket}
	stdin, err := engine.StdinPipe()
	must(t, err)
	stdout, err := engine.StdoutPipe()
	must(t, err)
	must(t, engine.Start())
	defer func() {
		_ = stdin.Close()
		must(t, engine.Wait())
	}()
	_, err = stdout.Read(make([]byte, 6))
	must(t, err)
	w.dataset("data", there)
	h := w.hold(w.containerOptions("task-1"), vol("data"))
	err = h.StartContainer(t.Context(), newStandIn(w.dir, "one", writing))
	want := fmt.Sprintf("(process %d) does not see the dataset", engine.Process.Pid)
	if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(w.log(), "one") {
		t.Errorf("start: %v, requests %s; want %q", err, w.log(), want)
	}
	must(t, h.Release(t.Context()))
	w.clean()
}
