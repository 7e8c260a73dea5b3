package docker_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/moby/moby/api/types/container"
)

// Not a byte of the output is lost, whatever the log driver does with it.
func TestOutput(t *testing.T) {
	var want strings.Builder
	for i := range 100_000 {
		fmt.Fprintln(&want, i+1)
	}
	e := open(t, shared)
	for _, driver := range []string{"json-file", "local", "none"} {
		t.Run(driver, func(t *testing.T) {
			c := task(t, "seq 1 100000; seq 1 100000 >&2; printf end")
			c.Host.LogConfig = container.LogConfig{Type: driver}
			wantStatus(t, started(t, e, c), 0)
			if got := contents(t, c.Stdout); got != want.String()+"end" {
				t.Errorf("stdout: %d bytes, want %d", len(got), want.Len()+3)
			}
			if got := contents(t, c.Stderr); got != want.String() {
				t.Errorf("stderr: %d bytes, want %d", len(got), want.Len())
			}
		})
	}
}

func TestOutputOfTerminal(t *testing.T) {
	c := task(t, "tty; echo err >&2")
	c.Config.Tty = true
	wantStatus(t, started(t, open(t, shared), c), 0)
	if got := contents(t, c.Stdout); got != "/dev/pts/0\r\nerr\r\n" {
		t.Errorf("stdout %q", got)
	}
}

// A full disk loses output, and neither blocks nor ends the task.
func TestOutputToFullDisk(t *testing.T) {
	c := task(t, "seq 1 100000; echo done >&2; exit 4")
	c.Stdout = "/dev/full"
	wantStatus(t, started(t, open(t, shared), c), 4)
	if got := contents(t, c.Stderr); got != "done\n" {
		t.Errorf("stderr %q", got)
	}
}

func TestOutputIsAppended(t *testing.T) {
	c := task(t, "echo second")
	write(t, c.Stdout, "first\n")
	wantStatus(t, started(t, open(t, shared), c), 0)
	if got := contents(t, c.Stdout); got != "first\nsecond\n" {
		t.Errorf("stdout %q", got)
	}
}
