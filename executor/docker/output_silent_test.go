package docker_test

import (
	"path/filepath"
	"testing"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zaptest/observer"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// An engine that says nothing for a while after the container's end has not lost
// contact: what it brings then is all of the output, and comes once.
func TestOutputOfASilentEngine(t *testing.T) {
	t.Parallel()
	d := dockertest.New(t, dockertest.Options{})
	seen, logs := observer.New(zap.WarnLevel)
	e, err := docker.Open(t.Context(), docker.Options{Socket: d.Socket, Log: zap.New(seen), EndTimeout: time.Millisecond, SelfCgroup: []byte("0::/\n")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	c := task(t, "mkfifo /begin; echo line 1; read go </begin; i=1; while [ $i -lt 500 ]; do i=$((i+1)); echo line $i; done")
	b := started(t, e, c)
	wantOutput(t, c.Stdout, "line 1\n")
	if err := d.Pause(); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join("/proc", itoa(b.Running().PID), "root", "begin"), "now\n")
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(4 * time.Second); logs.FilterMessageSnippet("contact lost").Len() == 0; {
		select {
		case <-tick.C:
		case <-late:
			t.Fatal("the engine's silence was not noticed")
		}
	}
	if err := d.Resume(); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 0)
	wantConsecutive(t, c.Stdout)
	if last := lastLine(t, c.Stdout); last != "line 500" {
		t.Errorf("the last line is %q", last)
	}
}
