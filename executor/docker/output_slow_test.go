package docker_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// lines writes n bytes of output.
func lines(n int) string { return "yes | head -c " + itoa(n) }

// A container logger that has stopped reading holds up neither the end of the
// task nor the container's removal.
func TestOutputThatNobodyTakes(t *testing.T) {
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = reader.Close(), writer.Close() }()
	c := task(t, lines(2_000_000)+"; sleep 1000")
	c.Stdout = ""
	stdout := os.Stdout
	os.Stdout = writer
	b := started(t, open(t, shared), c)
	os.Stdout = stdout
	t.Parallel()
	if err := b.Signal(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	wantStatus(t, b, 137)
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	if err := b.Remove(ctx); err != nil {
		t.Error(err)
	}
}

// One that is slow gets all, however long after the end of the container.
func TestOutputThatIsTakenSlowly(t *testing.T) {
	t.Parallel()
	const size = 1_200_000
	c := task(t, lines(size))
	c.Stdout = filepath.Join(c.Sandbox, "pipe")
	if err := unix.Mkfifo(c.Stdout, 0o600); err != nil {
		t.Fatal(err)
	}
	reader, err := os.OpenFile(c.Stdout, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = reader.Close() }()
	taken := make(chan int64)
	go func() { taken <- slowly(reader) }()
	b := started(t, open(t, shared), c)
	wantStatus(t, b, 0)
	if err := reader.SetReadDeadline(time.Now().Add(5 * time.Second)); err != nil {
		t.Error(err)
	}
	if n := <-taken; n != size {
		t.Errorf("%d bytes were taken, want %d", n, size)
	}
}

// slowly reads a part at a time and returns how much there was.
func slowly(from io.Reader) (sum int64) {
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		n, err := io.CopyN(io.Discard, from, 15_000)
		sum += n
		if err != nil {
			break
		}
	}
	return sum
}
