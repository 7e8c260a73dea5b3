package main_test

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// binaries holds minicluster and flocker-executor, built once.
var binaries string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "minicluster-test-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer func() { _ = os.RemoveAll(dir) }()
	// A person who is not root runs one of them.
	if err := os.Chmod(dir, 0o755); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	binaries = dir
	for _, program := range []string{"minicluster", "flocker-executor"} {
		out, err := exec.Command("go", "build", "-o", dir, "../"+program).CombinedOutput()
		if err != nil {
			fmt.Fprintf(os.Stderr, "go build %s: %v\n%s", program, err, out)
			return 1
		}
	}
	return m.Run()
}

// program is one run of minicluster; what it prints arrives in lines.
type program struct {
	*exec.Cmd
	lines  <-chan string
	said   []string // lines taken from the channel
	stderr *bytes.Buffer
}

// launch starts minicluster. It is killed if the test ends before it does.
func launch(t *testing.T, args ...string) *program {
	t.Helper()
	return launchAs(t, nil, args...)
}

func launchAs(t *testing.T, credential *syscall.Credential, args ...string) *program {
	t.Helper()
	cmd := exec.Command(filepath.Join(binaries, "minicluster"), args...)
	cmd.Dir = filepath.Join("..", "..")
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential, Setpgid: true, Pdeathsig: syscall.SIGKILL}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p := &program{Cmd: cmd, stderr: &bytes.Buffer{}}
	cmd.Stderr = p.stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p.lines = readLines(stdout)
	t.Cleanup(func() {
		if cmd.ProcessState == nil {
			_ = cmd.Process.Kill()
			p.drain()
			_ = cmd.Wait()
		}
	})
	return p
}

func readLines(r io.Reader) <-chan string {
	lines := make(chan string, 10000)
	go func() {
		defer close(lines)
		for s := bufio.NewScanner(r); s.Scan(); {
			lines <- s.Text()
		}
	}()
	return lines
}

func (p *program) drain() {
	for line := range p.lines {
		p.said = append(p.said, line)
	}
}

// until returns the first line, of those not yet taken, that holds the text.
func (p *program) until(t *testing.T, text string) string {
	t.Helper()
	over := time.After(90 * time.Second)
	for {
		select {
		case line, ok := <-p.lines:
			if !ok {
				t.Fatalf("ended without saying %q:\n%s\n%s", text, p.output(), p.stderr)
			}
			p.said = append(p.said, line)
			if strings.Contains(line, text) {
				return line
			}
		case <-over:
			t.Fatalf("never said %q:\n%s", text, p.output())
		}
	}
}

func (p *program) output() string { return strings.Join(p.said, "\n") }

// interrupt is Ctrl-C.
func (p *program) interrupt(t *testing.T) {
	t.Helper()
	if err := p.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
}

// exit waits for the program's end and returns its exit status.
func (p *program) exit(t *testing.T) int {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
	defer cancel()
	stop := context.AfterFunc(ctx, func() { _ = p.Process.Kill() })
	defer stop()
	p.drain()
	err := p.Wait()
	if ctx.Err() != nil {
		t.Fatalf("did not end:\n%s\n%s", p.output(), p.stderr)
	}
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return p.ProcessState.ExitCode()
}
