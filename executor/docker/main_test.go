package docker_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/moby/moby/api/types/container"
	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

// shared is the engine of all tests that do it no harm.
var shared *dockertest.Engine

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) (code int) {
	ctx := context.Background()
	var err error
	if shared, err = dockertest.Start(ctx, dockertest.Options{}); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() {
		if err := shared.Close(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
		if left := goroutines(); left > 4 {
			fmt.Fprintln(os.Stderr, "goroutines left:", left)
			code = 1
		}
	}()
	if err := shared.Import(ctx, "busybox"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// goroutines counts them once they have had time to end.
func goroutines() int {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	late := time.After(5 * time.Second)
	for runtime.NumGoroutine() > 4 {
		select {
		case <-tick.C:
		case <-late:
			buffer := make([]byte, 1<<20)
			fmt.Fprintf(os.Stderr, "%s\n", buffer[:runtime.Stack(buffer, true)])
			return runtime.NumGoroutine()
		}
	}
	return runtime.NumGoroutine()
}

// open opens an engine for one test.
func open(t *testing.T, e *dockertest.Engine) *docker.Engine {
	t.Helper()
	engine, err := docker.Open(t.Context(), docker.Options{
		Socket: e.Socket, Log: zaptest.NewLogger(t), EndTimeout: time.Second, SelfCgroup: []byte("0::/\n"),
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(engine.Close)
	return engine
}

// task is a container that runs a shell script in busybox.
func task(t *testing.T, script string) docker.Container {
	t.Helper()
	dir := t.TempDir()
	return docker.Container{
		Name:    "flocker-" + uuid.NewString(),
		Image:   docker.Image{Reference: "busybox"},
		Config:  container.Config{Cmd: []string{"/bin/sh", "-c", script}, Labels: map[string]string{"task": t.Name()}},
		Host:    container.HostConfig{NetworkMode: "none"},
		Sandbox: dir,
		Stdout:  filepath.Join(dir, "stdout"),
		Stderr:  filepath.Join(dir, "stderr"),
	}
}

// created returns a body that is created, and removed after the test.
func created(t *testing.T, e *docker.Engine, c docker.Container) *docker.Body {
	t.Helper()
	b := e.Body(c)
	t.Cleanup(func() {
		if err := b.Remove(cleanup(t)); err != nil {
			t.Error(err)
		}
	})
	if err := b.Create(t.Context(), nil); err != nil {
		t.Fatal(err)
	}
	return b
}

func started(t *testing.T, e *docker.Engine, c docker.Container) *docker.Body {
	t.Helper()
	b := created(t, e, c)
	if _, err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	return b
}

func cleanup(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func contents(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func itoa(i int) string { return strconv.Itoa(i) }

// running: neither gone nor a zombie that nobody has reaped yet.
func running(pid int) bool {
	stat, err := os.ReadFile("/proc/" + itoa(pid) + "/stat")
	return err == nil && !strings.Contains(string(stat), ") Z ")
}
