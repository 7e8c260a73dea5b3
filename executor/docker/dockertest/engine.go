package dockertest

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/moby/moby/client"
)

const (
	startTimeout = time.Minute // it takes two seconds on a machine that is idle
	stopTimeout  = 30 * time.Second
	pollEvery    = 20 * time.Millisecond
)

// Options of an engine.
type Options struct {
	LiveRestore     bool     // containers survive the engine's restart
	Bridge          bool     // containers may have a network, a bridge of the engine's own
	CgroupV2        bool     // the engine finds cgroup v2 on the machine, whatever else that has
	CgroupNamespace bool     // the engine is in one of its own
	Systemd         bool     // the engine's cgroup driver is systemd; no container starts
	Activated       bool     // this process makes the socket and hands it on, as systemd does
	Args            []string // of dockerd, besides
}

// Engine is a running dockerd. One goroutine uses it.
type Engine struct {
	Socket  string
	Dir     string // everything of the engine's; dockerd's own log is the file log
	API     *client.Client
	options Options
	cgroup  string
	bridge  string
	dockerd *exec.Cmd
	ended   chan struct{}

	listening *os.File // the socket of an engine that is Activated
}

// New starts an engine that ends with the test, and puts the image busybox into it.
func New(t testing.TB, o Options) *Engine {
	t.Helper()
	e, err := Start(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	if err := e.Import(t.Context(), "busybox"); err != nil {
		t.Fatal(err)
	}
	return e
}

// Start starts an engine without images, in a folder of its own. Close must be
// called in the end.
func Start(ctx context.Context, o Options) (*Engine, error) {
	dir, err := os.MkdirTemp("", "engine")
	if err != nil {
		return nil, fmt.Errorf("start docker engine: %w", err)
	}
	e := &Engine{Dir: dir, Socket: filepath.Join(dir, "sock"), options: o, cgroup: "/" + filepath.Base(dir)}
	if e.API, err = client.New(client.WithHost("unix://" + e.Socket)); err != nil {
		return nil, fmt.Errorf("start docker engine: %w", err)
	}
	if o.Bridge {
		err = e.makeBridge()
	}
	if err == nil {
		err = e.Start(ctx)
	}
	if err != nil {
		return nil, errors.Join(err, e.Close())
	}
	return e, nil
}

func (e *Engine) args() []string {
	args := []string{
		"--data-root", filepath.Join(e.Dir, "data"), "--exec-root", filepath.Join(e.Dir, "exec"),
		"--pidfile", filepath.Join(e.Dir, "pid"), "--host", e.host(),
		"--config-file", filepath.Join(e.Dir, "daemon.json"),
		"--iptables=false", "--ip-masq=false", "--ip-forward=false", "--shutdown-timeout", "1",
	}
	args = append(args, e.driver()...)
	switch {
	case e.bridge != "":
		args = append(args, "--bridge", e.bridge)
	default:
		args = append(args, "--bridge", "none")
	}
	if e.options.LiveRestore {
		args = append(args, "--live-restore")
	}
	return append(args, e.options.Args...)
}

// Start starts an engine that Stop or Kill ended, in the folder it had, and
// returns when it answers.
func (e *Engine) Start(ctx context.Context) error {
	log, err := os.OpenFile(filepath.Join(e.Dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start docker engine: %w", err)
	}
	defer func() { _ = log.Close() }() // dockerd has it
	if err := os.WriteFile(filepath.Join(e.Dir, "daemon.json"), []byte("{}"), 0o644); err != nil {
		return fmt.Errorf("start docker engine: %w", err)
	}
	cmd, err := e.handOn(e.command())
	if err != nil {
		return err
	}
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start docker engine: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = cmd.Wait() // how it ended is in its log
	}()
	e.dockerd, e.ended = cmd, ended
	return e.ready(ctx)
}

func (e *Engine) ready(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		_, err := e.API.Ping(ctx, client.PingOptions{NegotiateAPIVersion: true})
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-e.ended:
			return fmt.Errorf("start docker engine: it ended: %s", e.log())
		case <-ctx.Done():
			return fmt.Errorf("start docker engine: %w: %s", err, e.log())
		}
	}
}

func (e *Engine) log() string {
	text, err := os.ReadFile(filepath.Join(e.Dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-4096):])
}

// PID is dockerd's.
func (e *Engine) PID() int { return e.dockerd.Process.Pid }

// Cgroup is the path, in every hierarchy, of the cgroup that holds what the engine
// starts. A test may make others in it.
func (e *Engine) Cgroup() string { return e.cgroup }

// Stop ends dockerd as an operator does, with SIGTERM, and returns when it has
// ended. Containers end too, unless live-restore is on.
func (e *Engine) Stop() error { return e.stop(syscall.SIGTERM) }

// Kill ends dockerd and its containerd with SIGKILL. Containers run on.
func (e *Engine) Kill() error {
	if err := e.stop(syscall.SIGKILL); err != nil {
		return err
	}
	if err := kill(func() []int { return e.processes(isContainerd) }); err != nil {
		return err
	}
	// The next one would take a zombie that nobody reaps for a containerd that lives.
	err := os.Remove(filepath.Join(e.Dir, "exec", "containerd", "containerd.pid"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("end docker engine: %w", err)
	}
	return nil
}

// Pause makes dockerd hang until Resume.
func (e *Engine) Pause() error { return e.dockerd.Process.Signal(syscall.SIGSTOP) }

// Resume is the undo of Pause.
func (e *Engine) Resume() error { return e.dockerd.Process.Signal(syscall.SIGCONT) }

func (e *Engine) stop(sig syscall.Signal) error {
	if e.dockerd == nil {
		return nil
	}
	if err := e.dockerd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("end docker engine: %w", err)
	}
	late := time.NewTimer(stopTimeout)
	defer late.Stop()
	select {
	case <-e.ended:
		return nil
	case <-late.C:
		return fmt.Errorf("end docker engine: it has not ended after %v: %s", stopTimeout, e.log())
	}
}
