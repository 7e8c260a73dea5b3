package executor

import (
	"context"
	"os"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// Options of one run.
type Options struct {
	Environment Environment
	Transport   Transport
	Spec        SpecOptions
	// Broken, if not nil, is why the executor's own settings are of no use. The
	// task is then refused with it: only a status reaches the task's owner.
	Broken error
	// Hold brings a task's volumes here. It undoes what it did when it fails; ctx
	// bounds the doing and not the undoing, nor the life of what it returns. Tasks
	// of a group are held side by side.
	Hold func(ctx context.Context, s Spec, report func(volumes.Progress)) (Held, error)
	// Guess is the id that the dataset of a volume without one most likely has: two
	// tasks of a group that ask for it differently are told apart from two that ask
	// for different ones. nil: only names are compared with names, and ids with ids.
	Guess func(v volumes.Volume) string
	// Container makes the container of a Spec that has one, an engine opened for it
	// alone; nothing runs yet. An engine that cannot be reached is an error that
	// names its socket and the setting.
	Container func(ctx context.Context, s Spec) (Container, error)
	// Recover cleans up behind executors of this node that died. It runs beside
	// the task, in a goroutine that Run joins, and ends when ctx does.
	Recover func(ctx context.Context)
	// ReleaseTimeout bounds the release of the volumes, unless a shutdown grants
	// less.
	ReleaseTimeout time.Duration
	// Terminate is SIGTERM, treated as SHUTDOWN.
	Terminate <-chan os.Signal
	// Abandon is called when the shutdown grace period is over and Run still has
	// not returned. It ends the process.
	Abandon func()
	Log     *zap.Logger
}

// Held is what a task holds, as volumes.Held promises it.
type Held interface {
	Start(ctx context.Context, t guard.Task) error
	StartContainer(ctx context.Context, b volumes.Body) error
	Signal(sig syscall.Signal) error
	Exec(ctx context.Context, t guard.Task) (syscall.WaitStatus, error)
	Exited() <-chan syscall.WaitStatus
	Lost() <-chan error
	Stop(ctx context.Context) error
	Release(ctx context.Context) error
	Pinned() bool
	Volumes() []volumes.VolumeState
}
