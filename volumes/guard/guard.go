// Package guard runs a task below a small second stage of the same program.
// (contract draft; the package's owner replaces this file)
package guard

import (
	"context"
	"os"
	"syscall"
)

// Bind is one dataset to be bound into the task's view.
type Bind struct {
	Source   string // the dataset's mount point
	Device   uint64 // st_dev of its root as the pin saw it
	Path     string // relative to Sandbox, or absolute
	ReadOnly bool
}

// Config of a guard.
type Config struct {
	Sandbox string     // absolute
	Binds   []Bind     // bound in this order
	Roots   []string   // storage roots: every other mount below them is detached
	Keep    []*os.File // pins and locks that the guard inherits; the task never does
}

// Task is the command the guard forks.
type Task struct {
	Argv []string // Argv[0] is looked up in Dir first, then PATH of Env, when it holds no slash
	Env  []string
	Dir  string // working directory
}

// Identity names a guard across processes, for the journal.
type Identity struct {
	Pid          int
	StartTime    uint64 // field 22 of /proc/<pid>/stat
	PIDNamespace uint64 // inode of its PID namespace
}

// Guard is process 1 of the task's PID namespace. One goroutine owns it, but
// Signal and Stop may be called from any.
type Guard struct{}

// Start starts the second stage: new PID and mount namespace, / made
// recursively slave, the binds, every other mount below Roots detached, its own
// /proc. It returns when all that is done and each bind has been verified by
// device number in the guard's mount table, or with an error and nothing left.
func Start(ctx context.Context, c Config) (*Guard, error) { panic("contract") }

// Identity of the running guard.
func (g *Guard) Identity() Identity { panic("contract") }

// Run forks the task. An error that tells why exec failed, errno included.
func (g *Guard) Run(ctx context.Context, t Task) error { panic("contract") }

// Signal sends sig to every process of the namespace but the guard.
func (g *Guard) Signal(sig syscall.Signal) error { panic("contract") }

// Exited delivers the task's wait status once, when its first process has ended
// (others may still run), or closes without a value when the guard died.
func (g *Guard) Exited() <-chan syscall.WaitStatus { panic("contract") }

// Stop kills every process of the namespace and returns when the guard is
// reaped, which the kernel allows only after the namespace is empty. Repeatable.
func (g *Guard) Stop(ctx context.Context) error { panic("contract") }
