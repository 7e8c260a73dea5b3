package main

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/containerd/errdefs"
	engines "github.com/moby/moby/api/types/container"
	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
)

// Whoever finishes a dead executor's work does it also when its words reach
// nobody: the container logger that read them is dead, or has stopped reading.
func TestFinishWithoutALogger(t *testing.T) {
	engine := dockertest.New(t, dockertest.Options{})
	for name, end := range map[string]func(reader, stderr *os.File) error{
		"dead":    func(reader, _ *os.File) error { return reader.Close() },
		"stopped": func(_, stderr *os.File) error { return fill(stderr) },
	} {
		t.Run(name, func(t *testing.T) {
			reader, stderr, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = reader.Close() }()
			if err := end(reader, stderr); err != nil {
				t.Fatal(err)
			}
			made, err := engine.API.ContainerCreate(t.Context(), client.ContainerCreateOptions{
				Name: "flocker-" + name, Config: &engines.Config{Image: "busybox", Cmd: []string{"true"}},
			})
			if err != nil {
				t.Fatal(err)
			}
			finish(t, "flocker-"+name, engine.Socket, stderr)
			if _, err := engine.API.ContainerInspect(t.Context(), made.ID, client.ContainerInspectOptions{}); !errdefs.IsNotFound(err) {
				t.Errorf("the container is not removed: %v", err)
			}
		})
	}
}

// finish runs who finishes, and closes stderr.
func finish(t *testing.T, name, engine string, stderr *os.File) {
	t.Helper()
	argument, err := json.Marshal(map[string]string{"container": name, "engine": engine})
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], string(argument))
	cmd.Args[0] = keep.FinishName
	cmd.Env = append(os.Environ(), asExecutor+"=1")
	cmd.Stdout, cmd.Stderr = stderr, stderr
	nothing, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	cmd.ExtraFiles = []*os.File{nothing, nothing} // in the places of the keeper's socket and its first file
	if err := errors.Join(cmd.Start(), stderr.Close(), nothing.Close()); err != nil {
		t.Fatal(err)
	}
	late := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// fill writes until a pipe takes no more.
func fill(pipe *os.File) error {
	if err := pipe.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		return err
	}
	for {
		_, err := pipe.Write(make([]byte, 4096))
		if errors.Is(err, os.ErrDeadlineExceeded) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
