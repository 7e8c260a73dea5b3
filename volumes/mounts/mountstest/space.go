package mountstest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// Space is a process in a mount namespace of its own. It ends when its standard
// input does, or with the test.
type Space struct {
	Pid    int
	stdin  io.Closer
	stdout *bufio.Scanner
	cmd    *exec.Cmd
}

// Unshare runs a program in a new mount namespace, with the flags of unshare(1)
// besides --mount: "--propagation=slave" and the like. It returns when the
// program has written its first line.
func Unshare(t testing.TB, flags []string, name string, args ...string) *Space {
	t.Helper()
	argv := append(append([]string{"--mount"}, flags...), name)
	s := &Space{cmd: exec.Command("unshare", append(argv, args...)...)}
	s.cmd.Stderr = os.Stderr
	stdin, err := s.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	s.Pid, s.stdin, s.stdout = s.cmd.Process.Pid, stdin, bufio.NewScanner(stdout)
	t.Cleanup(s.End)
	if !s.stdout.Scan() {
		t.Fatalf("unshare %s: ended before its first line", strings.Join(argv, " "))
	}
	return s
}

// UnshareShell runs a shell script that way, then stays.
func UnshareShell(t testing.TB, flags []string, script string) *Space {
	t.Helper()
	return Unshare(t, flags, "sh", "-ec", script+"\necho ready\ncat")
}

// Line is the last line that the program wrote.
func (s *Space) Line() string { return s.stdout.Text() }

// End closes the program's standard input and waits for it. Repeatable.
func (s *Space) End() {
	_ = s.stdin.Close()
	for s.stdout.Scan() {
	}
	_ = s.cmd.Wait()
}
