package replay_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

// A process is an agent's.
type process struct {
	cmd   *exec.Cmd
	ended chan struct{} // closed when it has been reaped
}

// startAgent starts the agent process and waits until it listens.
func (r *rig) startAgent(ctx context.Context) error {
	text, err := json.Marshal(r.config)
	if err != nil {
		return err
	}
	file := filepath.Join(r.dir, "agent.json")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	if err := os.Remove(r.config.ReadyFile); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if r.agent, err = startProcess(file, filepath.Join(r.dir, "agent.log")); err != nil {
		return err
	}
	return r.awaitReady(ctx)
}

// startProcess starts an agent process that appends to a log.
func startProcess(config, logFile string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command("/proc/self/exe", agentVerb, config), ended: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = log, log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		_ = p.cmd.Wait() // how it ended is not of interest
		close(p.ended)
	}()
	return p, nil
}

func (r *rig) awaitReady(ctx context.Context) error {
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(deadline)
	for {
		if _, err := os.Stat(r.config.ReadyFile); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-r.agent.ended:
			return fmt.Errorf("the agent ended: %s", r.log())
		case <-limit:
			return fmt.Errorf("the agent does not get ready: %s", r.log())
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (r *rig) log() string {
	text, err := os.ReadFile(filepath.Join(r.dir, "agent.log"))
	if err != nil {
		return err.Error()
	}
	return string(text)
}

// signalAgent signals the agent process.
func (r *rig) signalAgent(s syscall.Signal) error { return r.agent.cmd.Process.Signal(s) }

// awaitAgent waits until the agent process has ended.
func (r *rig) awaitAgent(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, deadline)
	defer cancel()
	select {
	case <-r.agent.ended:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("the agent does not end: %w", context.Cause(ctx))
	}
}

// openDir makes a folder that any user may enter. The name is short: it is part
// of the paths of Unix sockets.
func openDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "replay") //nolint:usetesting // t.TempDir's is neither short nor open
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// copyBinary puts a copy of the test binary where any user may run it.
func copyBinary(t *testing.T) string {
	t.Helper()
	in, err := os.Open("/proc/self/exe")
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	path := filepath.Join(openDir(t), "stub")
	out, err := os.OpenFile(path, os.O_CREATE|os.O_WRONLY, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.Copy(out, in); err != nil {
		t.Fatal(err)
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return path
}

// freePort finds a port below those that the kernel gives out by itself: the
// agent takes it only later, and again after each restart.
func freePort(t *testing.T) int {
	t.Helper()
	for range 100 {
		port := 12000 + rand.IntN(18000)
		l, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		return port
	}
	t.Fatal("no free port")
	return 0
}
