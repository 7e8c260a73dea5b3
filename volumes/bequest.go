package volumes

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
)

// bequest is what a dead executor leaves to do, as its keeper's argument. The
// files that go with it are the container's state, the run's lock, then lock and
// pin of each dataset.
type bequest struct {
	Container string   `json:"container"`
	Engine    string   `json:"engine"`
	Run       string   `json:"run,omitempty"` // "" without datasets
	Datasets  []string `json:"datasets,omitempty"`
}

// Places of the files.
const (
	stateFile = 0
	runFile   = 1
)

func lockFile(dataset int) int { return 2 + 2*dataset }
func pinFile(dataset int) int  { return 3 + 2*dataset }

// leaveKeeper starts the keeper.
func (h *Held) leaveKeeper(ctx context.Context) error {
	b := bequest{Container: h.container.body.Name(), Engine: h.container.body.Engine()}
	state, err := newMaking()
	if err != nil {
		return fmt.Errorf("start the keeper: %w", err)
	}
	h.container.making = state
	files := []*os.File{state}
	if h.run != nil {
		b.Run, files = h.run.Name, append(files, h.run.File())
	}
	for _, v := range h.vols {
		b.Datasets = append(b.Datasets, v.entry.Record.Dataset)
		files = append(files, v.lock.File(), v.pin)
	}
	argument, err := json.Marshal(b)
	if err == nil {
		err = h.container.leave(ctx, keep.Config{Argument: string(argument), Env: h.o.FinishEnv, Files: files}, h.o.log())
	}
	if err != nil {
		return errors.Join(err, state.Close())
	}
	for i, v := range h.vols {
		v.dropCopy = func(ctx context.Context) error { return h.container.keeper.Drop(ctx, pinFile(i)) }
	}
	return nil
}

// dismissKeeper ends the keeper, when nothing is left for it to do. Repeatable.
func (h *Held) dismissKeeper(ctx context.Context) error {
	if h.container == nil || h.container.keeper == nil {
		return nil
	}
	h.container.unwatch(ctx)
	failpoint.Hit("keeper.done.before")
	if err := h.container.keeper.Done(ctx); err != nil {
		return err
	}
	failpoint.Hit("keeper.done.after")
	h.container.keeper = nil
	return h.container.making.Close()
}
