package executor

import (
	"syscall"
	"testing"
)

func TestExitMessage(t *testing.T) {
	const core = 0x80
	for _, c := range []struct {
		raw   int
		known bool
		want  string
	}{
		{0, true, "Command exited with status 0"},
		{1 << 8, true, "Command exited with status 1"},
		{127 << 8, true, "Command exited with status 127"},
		{int(syscall.SIGTERM), true, "Command terminated with signal Terminated"},
		{int(syscall.SIGKILL), true, "Command terminated with signal Killed"},
		{int(syscall.SIGSEGV) | core, true, "Command terminated with signal Segmentation fault (core dumped)"},
		{34, true, "Command terminated with signal Real-time signal 0"},
		{64, true, "Command terminated with signal Real-time signal 30"},
		{33, true, "Command terminated with signal Unknown signal 33"},
		{0, false, "Failed to get exit status for Command"},
	} {
		if got := exitMessage(syscall.WaitStatus(c.raw), c.known); got != c.want {
			t.Errorf("%#x: %q, wanted %q", c.raw, got, c.want)
		}
	}
}
