package volumes_test

import (
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"golang.org/x/sys/unix"
)

// logged calls f with every line before whoever logs it goes on.
func logged(f func(message string)) *zap.Logger {
	return zap.New(zapcore.NewNopCore(), zap.WrapCore(func(zapcore.Core) zapcore.Core {
		everything := zapcore.NewCore(zapcore.NewJSONEncoder(zapcore.EncoderConfig{}), zapcore.AddSync(nowhere{}), zapcore.InfoLevel)
		return zapcore.RegisterHooks(everything, func(e zapcore.Entry) error {
			f(e.Message)
			return nil
		})
	}))
}

type nowhere struct{}

func (nowhere) Write(p []byte) (int, error) { return len(p), nil }

// moves changes the mount table, in a way that concerns no dataset.
func (w *world) moves() {
	w.t.Helper()
	_ = os.Mkdir(w.path("elsewhere"), 0o700)
	must(w.t, unix.Mount("tmpfs", w.path("elsewhere"), "tmpfs", 0, ""))
	must(w.t, unix.Unmount(w.path("elsewhere"), 0))
}

// looksAgain runs a task whose volume's mount is at another place at the
// watcher's first reading; back is called before the second one.
func (w *world) looksAgain(logs func(message string), meanwhile func(), back func()) {
	w.t.Helper()
	again := make(chan struct{})
	o := w.options("task-1", nil)
	o.Log = logged(func(message string) {
		logs(message)
		switch {
		case strings.Contains(message, "looking again"):
			back()
		case strings.Contains(message, "is there again"):
			close(again)
		}
	})
	h := w.running(o)
	meanwhile()
	must(w.t, os.Rename(w.path("root"), w.path("away")))
	w.moves()
	select {
	case <-again:
		notLost(w.t, h)
	case err := <-h.Lost():
		w.t.Errorf("lost at the first reading: %v", err)
		must(w.t, os.Rename(w.path("away"), w.path("root")))
	}
	must(w.t, h.Release(w.t.Context()))
	w.clean()
}

// One reading of the mount table is no proof that a mount is gone.
func TestMountIsBackAtTheSecondReading(t *testing.T) {
	w := newWorld(t)
	w.dataset("data", here)
	w.looksAgain(func(string) {}, func() {}, func() { check(os.Rename(w.path("away"), w.path("root"))) })
}

// That a dataset is mounted twice is told once, however often the table changes.
func TestMountedTwiceIsToldOnce(t *testing.T) {
	w := newWorld(t)
	id := w.dataset("data", here)
	must(t, os.Mkdir(w.path("second"), 0o700))
	var warnings atomic.Int64
	w.looksAgain(func(message string) {
		if strings.Contains(message, "cannot tell") {
			warnings.Add(1)
		}
	}, func() {
		must(t, unix.Mount(w.path("root", id), w.path("second"), "", unix.MS_BIND, ""))
		eventually(t, "it is told", func() bool { return warnings.Load() > 0 })
		for range 20 {
			w.moves()
		}
		must(t, unix.Unmount(w.path("second"), 0))
	}, func() { check(os.Rename(w.path("away"), w.path("root"))) })
	if n := warnings.Load(); n != 1 {
		t.Errorf("told %d times", n)
	}
}
