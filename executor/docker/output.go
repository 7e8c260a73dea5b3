package docker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync/atomic"
	"time"

	"github.com/moby/moby/api/pkg/stdcopy"
	"github.com/moby/moby/client"
	"go.uber.org/zap"
	"golang.org/x/sys/unix"
)

// output is where a container's output goes: two files that are appended to, or
// the executor's own. One goroutine at a time writes.
type output struct {
	tty      bool
	out, err *sink
	writing  atomic.Bool
	written  atomic.Int64 // bytes, also those that were lost
}

func openOutput(c Container, log *zap.Logger) (*output, error) {
	out, err := openSink(c.Stdout, os.Stdout, log)
	if err != nil {
		return nil, err
	}
	other, err := openSink(c.Stderr, os.Stderr, log)
	if err != nil {
		out.close()
		return nil, err
	}
	o := &output{tty: c.Config.Tty, out: out, err: other}
	out.output, other.output = o, o
	return o, nil
}

func (o *output) close() {
	o.out.close()
	o.err.close()
}

// copy writes what r delivers until it ends.
func (o *output) copy(r io.Reader) error {
	o.interrupt(time.Time{})
	if o.tty {
		_, err := io.Copy(o.out, r)
		return err
	}
	_, err := stdcopy.StdCopy(o.out, o.err, r)
	return err
}

// interrupt ends a write under way at a time, and all later ones; the zero Time is
// never. A file has none that takes long, and cannot be interrupted.
func (o *output) interrupt(at time.Time) {
	_ = o.out.file.SetWriteDeadline(at)
	_ = o.err.file.SetWriteDeadline(at)
}

// sink is one of the two. A write that fails, as on a full disk, loses what it
// was to write and not what comes later: the container must not be blocked.
type sink struct {
	output *output
	file   *os.File
	own    bool
	log    *zap.Logger
	lost   int64
}

func openSink(path string, standard *os.File, log *zap.Logger) (*sink, error) {
	if path == "" {
		file, own := interruptible(standard)
		return &sink{file: file, own: own, log: log}, nil
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND|os.O_CREATE|unix.O_NOFOLLOW, 0o644)
	if err != nil {
		return nil, fmt.Errorf("open the container's output: %w", err)
	}
	return &sink{file: file, own: true, log: log}, nil
}

// interruptible opens a pipe to a container logger anew if it can, so that a
// writing can be ended when the logger has stopped reading.
func interruptible(standard *os.File) (file *os.File, own bool) {
	info, err := standard.Stat()
	if err != nil || info.Mode()&os.ModeNamedPipe == 0 {
		return standard, false
	}
	file, err = os.OpenFile(fmt.Sprintf("/proc/self/fd/%d", standard.Fd()), os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return standard, false
	}
	return file, true
}

// Write never fails.
func (s *sink) Write(p []byte) (int, error) {
	s.output.writing.Store(true)
	n, err := s.file.Write(p)
	s.output.writing.Store(false)
	s.output.written.Add(int64(len(p)))
	if err != nil {
		if s.lost == 0 {
			s.log.Error("output of the container is being lost", zap.String("file", s.file.Name()), zap.Error(err))
		}
		s.lost += int64(len(p) - n)
	}
	return len(p), nil
}

func (s *sink) close() {
	if s.lost > 0 {
		s.log.Error("output of the container was lost", zap.String("file", s.file.Name()), zap.Int64("bytes", s.lost))
	}
	if !s.own {
		return
	}
	if err := s.file.Close(); err != nil {
		s.log.Error("close the container's output", zap.Error(err))
	}
}

// stream is a copying under way.
type stream struct {
	from   io.Closer
	to     *output
	done   <-chan struct{}
	until  time.Time // when it ended; to be read when done is closed
	before int64     // of what was written, when stuck was last asked
}

func copying(o *output, from io.Closer, r io.Reader, log *zap.Logger) *stream {
	done := make(chan struct{})
	s := &stream{from: from, to: o, done: done}
	go func() {
		defer close(done)
		err := o.copy(r)
		s.until = time.Now()
		if err != nil && !errors.Is(err, context.Canceled) {
			log.Debug("docker engine: output ended", zap.Error(err))
		}
	}()
	return s
}

// drain waits for the end of the stream, as long as something of it comes, and
// closes it.
func (s *stream) drain(ctx context.Context) {
	for s.stuck(); ; {
		before := s.before
		select {
		case <-s.done:
		case <-time.After(outputTimeout):
			if s.stuck(); s.before != before {
				continue
			}
		case <-ctx.Done():
		}
		s.close()
		return
	}
}

// busy says that somebody is slow to take the output, and what comes waits.
func (s *stream) busy() bool { return s.to.writing.Load() }

// stuck says that nobody has taken anything since it was last asked.
func (s *stream) stuck() bool {
	before := s.before
	s.before = s.to.written.Load()
	return s.busy() && s.before == before
}

func (s *stream) close() {
	_ = s.from.Close() // it is only read
	s.to.interrupt(time.Unix(1, 0))
	<-s.done
}

type closerFunc func()

func (f closerFunc) Close() error { f(); return nil }

// attach has the engine send what the container writes from now on, whatever
// its log driver is.
func (b *Body) attach(ctx context.Context, o *output) (*stream, error) {
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	a, err := b.engine.api.ContainerAttach(ctx, b.ref(), client.ContainerAttachOptions{Stream: true, Stdout: true, Stderr: true})
	if err != nil {
		return nil, fmt.Errorf("attach to its output: %w", err)
	}
	return copying(o, closerFunc(a.Close), a.Reader, b.engine.log), nil
}

// resume goes on with the output after the engine was away since then: from the
// log driver, where it can be read; else only what comes from now on. What the
// engine had taken and not passed on when it was killed is lost. The last line, if
// it has no end, gets one from the log driver.
func (b *Body) resume(ctx context.Context, o *output, since time.Time, runs bool) *stream {
	life, cancel, begun := b.lasting(ctx)
	logs, err := b.engine.api.ContainerLogs(life, b.ref(), client.ContainerLogsOptions{
		ShowStdout: true, ShowStderr: true, Follow: runs,
		Since: fmt.Sprintf("%d.%09d", since.Unix(), since.Nanosecond()),
	})
	if err == nil && begun() == nil {
		return copying(o, closerFunc(func() { cancel(); _ = logs.Close() }), logs, b.engine.log)
	}
	cancel()
	b.engine.log.Warn("the log driver cannot tell what the container wrote while the engine was away; that is lost",
		b.field(), zap.Time("since", since), zap.Error(err))
	if runs {
		s, err := b.attach(ctx, o)
		if err == nil {
			return s
		}
		b.engine.log.Error("the rest of the container's output is lost", b.field(), zap.Error(err))
	}
	return &stream{from: closerFunc(func() {}), to: o, done: closed(), until: since}
}
