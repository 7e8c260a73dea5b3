package docker_test

import (
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// wantOutput waits until a file holds text.
func wantOutput(t *testing.T, file, text string) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(30 * time.Second); ; {
		got, err := os.ReadFile(file)
		if err == nil && strings.Contains(string(got), text) {
			return
		}
		select {
		case <-tick.C:
		case <-late:
			t.Fatalf("%s holds %q, want %q", file, got, text)
		}
	}
}

const traps = `trap 'echo term; exit 3' TERM; trap 'echo usr1; exit 5' USR1; trap 'echo hup' HUP; echo ready; while :; do sleep 0.05; done`

func TestSignal(t *testing.T) {
	e := open(t, shared)
	for _, test := range []struct {
		stop string // what stops it, as an image may say
		sig  syscall.Signal
		code int
	}{
		{"", syscall.SIGTERM, 3},
		{"", syscall.SIGUSR1, 5},
		{"", syscall.SIGKILL, 137},
		{"SIGUSR1", syscall.SIGTERM, 5},
	} {
		t.Run(test.stop+" "+test.sig.String(), func(t *testing.T) {
			c := task(t, traps)
			c.Config.StopSignal = test.stop
			b := started(t, e, c)
			wantOutput(t, c.Stdout, "ready")
			if err := b.Signal(test.sig); err != nil {
				t.Fatal(err)
			}
			wantStatus(t, b, test.code)
			if err := b.Signal(test.sig); err != nil {
				t.Error("after the end:", err)
			}
		})
	}
}

func TestSignalsOneAfterTheOther(t *testing.T) {
	c := task(t, traps)
	b := started(t, open(t, shared), c)
	wantOutput(t, c.Stdout, "ready")
	if err := b.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, c.Stdout, "hup")
	if err := b.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 137)
}

func TestSignalBeforeStart(t *testing.T) {
	b := open(t, shared).Body(docker.Container{Name: "flocker-x"})
	if err := b.Signal(syscall.SIGTERM); err == nil {
		t.Error("no error")
	}
}

func TestOutOfMemory(t *testing.T) {
	c := task(t, "tail /dev/zero")
	c.Host.Memory = 16 << 20
	b := started(t, open(t, shared), c)
	wantStatus(t, b, 137)
	if !strings.Contains(b.Why(), "memory") {
		t.Errorf("why: %q", b.Why())
	}
}
