package guard

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/guard/stage"
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
	Sandbox string     // absolute; what Launch was told
	Binds   []Bind     // bound in this order
	Roots   []string   // storage roots: every other mount below them is detached
	Keep    []*os.File // pins and locks that the guard inherits; the task never does
}

// Task is a program the guard forks: the task's own, or one of its checks. It
// inherits no descriptor but the standard ones, starts with the default action
// for every signal, and leads a session of its own. Its order of becoming what
// it is, is that of Mesos' launcher (src/slave/containerizer/mesos/launch.cpp):
// working directory, terminal, limits, user, capabilities, no_new_privs, exec.
type Task struct {
	// Program is the file to run; "" means Argv[0]. It is looked up in Dir first,
	// then, when it holds no slash, in PATH of Env, as User sees it.
	Program string
	Argv    []string
	Env     []string
	// Dir is the working directory, which User need not be able to find. When it
	// is missing below the sandbox, it is made and User's.
	Dir string
	// Stdout and Stderr are files below the sandbox to append to, made for User
	// when missing; "" is the executor's own. No symbolic link in them is
	// followed. Standard input is the executor's.
	Stdout, Stderr string
	User           *User // nil: the executor's own, root
	Limits         []Limit
	Capabilities   *Capabilities // nil: as they are
	NoNewPrivs     bool          // PR_SET_NO_NEW_PRIVS
	// TTY, if not nil, is the task's controlling terminal and its standard input,
	// output and error. What it shows is copied to Stdout; nobody types.
	TTY *TTY
}

// What a task may be given besides.
type (
	// User is who a process runs as.
	User = stage.User
	// Limit is a resource limit.
	Limit = stage.Limit
	// Capabilities are what a process may do without being root.
	Capabilities = stage.Capabilities
	// TTY is a terminal.
	TTY = stage.TTY
)

// Identity names a guard across processes, for the journal.
type Identity struct {
	Pid          int
	StartTime    uint64 // field 22 of /proc/<pid>/stat
	PIDNamespace uint64 // inode of its PID namespace
}

// ExecError says why a task could not be started. It unwraps to the errno of
// exec where there is one.
type ExecError struct {
	Program string // as it was looked up; "" when it did not come to that
	Reason  string
	Errno   syscall.Errno // 0 when exec was not reached
}

func execError(o stage.Outcome) *ExecError {
	return &ExecError{Program: o.Program, Reason: o.Error, Errno: o.Errno}
}

func (e *ExecError) Error() string {
	if e.Program == "" {
		return e.Reason
	}
	return "exec " + e.Program + ": " + e.Reason
}

// Unwrap returns the errno.
func (e *ExecError) Unwrap() error {
	if e.Errno == 0 {
		return nil
	}
	return e.Errno
}

// Guard is process 1 of the task's PID namespace. One goroutine owns it, but
// Signal, Exec, Exited and Stop may be called from any.
type Guard struct {
	cmd      *exec.Cmd
	control  *os.File
	sandbox  string
	identity Identity
	alone    chan stage.Alone
	ready    chan stage.Ready
	ran      chan stage.Outcome
	exited   chan syscall.WaitStatus
	created  []string // directories to remove; the reader's until readDone, then the waiter's
	reaped   chan struct{}
	readDone chan struct{}

	lastCommand  atomic.Uint64
	commands     chan command     // to dispatch: one begins
	ended        chan stage.Ended // to dispatch: one has ended
	dispatchDone chan struct{}
}

// Launch forks the second stage and does not wait for it: a new PID and mount
// namespace, / made recursively slave, every mount of a dataset detached (where
// the last element of a mount point is a UUID), its own /proc. It holds nothing,
// and may be launched before there is anything to bind, so that the task starts
// sooner then. Whoever launches it calls Bind, and Stop in the end.
//
// The guard ends when this process ends, however that happens.
func Launch(ctx context.Context, sandbox string) (*Guard, error) {
	failpoint.Hit("guard.start.before")
	g, err := launch(sandbox)
	if err != nil {
		return nil, fmt.Errorf("start the guard: %w", err)
	}
	failpoint.Hit("guard.start.after")
	if err := g.send(stage.Order{Space: &stage.Space{Sandbox: sandbox}}); err != nil {
		return nil, fmt.Errorf("start the guard: %w", g.abandon(ctx, err))
	}
	return g, nil
}

// Bind binds the datasets of c, once, and detaches every other mount of a
// dataset (also below c.Roots). It returns when all that is done and each bind
// has been verified by device number in the guard's mount table, or with an
// error and the guard stopped.
func (g *Guard) Bind(ctx context.Context, c Config) error {
	err := g.identify(ctx)
	if err == nil {
		err = g.bind(ctx, c)
	}
	if err != nil {
		return fmt.Errorf("start the guard: %w", g.abandon(ctx, err))
	}
	failpoint.Hit("guard.bind.after")
	return nil
}

// Start is Launch and Bind. It leaves nothing when it fails; ctx bounds only the
// start.
func Start(ctx context.Context, c Config) (*Guard, error) {
	g, err := Launch(ctx, c.Sandbox)
	if err != nil {
		return nil, err
	}
	if err := g.Bind(ctx, c); err != nil {
		return nil, err
	}
	return g, nil
}

// abandonTimeout bounds the end of a guard whose start failed. Nothing of the
// task runs yet, so that nothing can hold it up.
const abandonTimeout = 10 * time.Second

// abandon stops the guard because of err, and completes err.
func (g *Guard) abandon(ctx context.Context, err error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), abandonTimeout)
	defer cancel()
	if stop := g.Stop(ctx); stop != nil {
		return errors.Join(err, stop)
	}
	if errors.Is(err, errDied) {
		return fmt.Errorf("%w (%s)", err, g.cmd.ProcessState)
	}
	return err
}

// Identity of the guard; before Bind only its Pid is known.
func (g *Guard) Identity() Identity { return g.identity }

// Run forks the task, once. An *ExecError in the chain tells why it does not
// run; the guard is then still there and has to be stopped.
func (g *Guard) Run(ctx context.Context, t Task) error {
	failpoint.Hit("guard.run.before")
	task := stage.Task(t)
	if err := g.send(stage.Order{Task: &task}); err != nil {
		return fmt.Errorf("start the task: %w", err)
	}
	outcome, err := receive(ctx, g, g.ran)
	if err != nil {
		return fmt.Errorf("start the task: %w", err)
	}
	if outcome.Error != "" {
		return fmt.Errorf("start the task: %w", execError(outcome))
	}
	failpoint.Hit("guard.run.after")
	return nil
}

// Signal sends sig to every process of the namespace but the guard, whatever
// session or process group it is in and whoever forked it; after SIGTERM those
// that are stopped go on, so that they see it. It does not wait for an effect;
// that nobody is left to get it is no error.
func (g *Guard) Signal(sig syscall.Signal) error {
	if err := g.send(stage.Order{Signal: sig}); err != nil {
		return fmt.Errorf("signal the task: %w", err)
	}
	return nil
}

// Exited delivers the task's wait status once, when its first process has ended
// (others may still run), or closes without a value when the guard died.
func (g *Guard) Exited() <-chan syscall.WaitStatus { return g.exited }

// Stop kills every process of the namespace and returns when the guard is
// reaped, which the kernel allows only after the namespace is empty. Repeatable.
// When ctx ends first, an error says so and the guard goes on dying.
func (g *Guard) Stop(ctx context.Context) error {
	failpoint.Hit("guard.stop.before")
	if err := g.cmd.Process.Kill(); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop the guard, process %d: %w", g.cmd.Process.Pid, err)
	}
	select {
	case <-g.reaped:
	case <-ctx.Done():
		return fmt.Errorf("stop the guard, process %d: its namespace is not empty yet: %w", g.cmd.Process.Pid, context.Cause(ctx))
	}
	failpoint.Hit("guard.stop.after")
	return nil
}
