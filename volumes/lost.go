package volumes

import (
	"context"
	"fmt"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// secondReading is how long a mount must be gone before that is believed.
const secondReading = 250 * time.Millisecond

// watcher looks at the mounts of a running task after every change of the mount
// table.
type watcher struct {
	cancel context.CancelFunc
	done   chan struct{}
	doubts map[*holding]string // told already; its goroutine's alone
}

// watch starts the watcher, if there is something to watch. It outlives ctx.
func (h *Held) watch(ctx context.Context) error {
	if len(h.vols) == 0 {
		return nil
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(ctx))
	changed, err := mounts.Watch(ctx)
	if err != nil {
		cancel()
		return err
	}
	w := &watcher{cancel: cancel, done: make(chan struct{}), doubts: map[*holding]string{}}
	h.watcher = w
	go func() {
		defer close(w.done)
		for range changed {
			h.inspect(ctx, w)
		}
	}()
	return nil
}

// unwatch ends the watcher. Repeatable.
func (h *Held) unwatch() {
	if h.watcher == nil {
		return
	}
	h.watcher.cancel()
	<-h.watcher.done
	h.watcher = nil
}

// inspect reports a volume whose mount is gone at two readings. A table that
// cannot be read, or that shows a second mount, is no evidence of that.
func (h *Held) inspect(ctx context.Context, w *watcher) {
	for _, v := range h.vols {
		if h.mounted(v, w) {
			continue
		}
		h.o.log().Warn("the mount of a volume in use is not there; looking again", append(v.fields(), zap.Duration("in", secondReading))...)
		select {
		case <-ctx.Done():
			return
		case <-time.After(secondReading):
		}
		if !h.mounted(v, w) {
			h.lose(fmt.Errorf("keep volume %s (%s): its mount %s is gone from this node although the task uses it",
				v.Name, v.facts(), v.mount.Point))
			continue
		}
		h.o.log().Info("the mount of the volume is there again", v.fields()...)
	}
}

// mounted warns once of what it cannot tell, not at every change of the table.
func (h *Held) mounted(v *holding, w *watcher) bool {
	m, found, err := mounts.Find(v.entry.Record.Dataset)
	if err == nil {
		delete(w.doubts, v)
		return found && m == v.mount
	}
	if w.doubts[v] != err.Error() {
		w.doubts[v] = err.Error()
		h.o.log().Warn("cannot tell whether the volume is still mounted", append(v.fields(), zap.Error(err))...)
	}
	return true
}
