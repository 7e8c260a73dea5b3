package guard

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/control"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/guard/stage"
)

// sendTimeout bounds a write to the guard, which reads all the time.
const sendTimeout = 5 * time.Second

var errDied = errors.New("the guard died")

// launch forks the second stage and starts the goroutines that live as long as
// it: one waits for it, one reads its reports, one knows the commands beside the
// task. Stop joins them.
func launch(sandbox string) (*Guard, error) {
	control, theirs, err := control.Pair("guard")
	if err != nil {
		return nil, err
	}
	defer theirs.Close()
	g := &Guard{
		cmd:      stageCommand(theirs),
		control:  control,
		sandbox:  sandbox,
		alone:    make(chan stage.Alone, 1),
		ready:    make(chan stage.Ready, 1),
		ran:      make(chan stage.Outcome, 1),
		exited:   make(chan syscall.WaitStatus, 1),
		reaped:   make(chan struct{}),
		readDone: make(chan struct{}),

		commands:     make(chan command),
		ended:        make(chan stage.Ended),
		dispatchDone: make(chan struct{}),
	}
	started := make(chan error)
	go g.wait(started)
	if err := <-started; err != nil {
		return nil, errors.Join(needsRoot(err), control.Close())
	}
	g.identity.Pid = g.cmd.Process.Pid
	go g.read()
	go func() {
		defer close(g.dispatchDone)
		g.dispatch()
	}()
	return g, nil
}

// needsRoot tells who may not make namespaces what to do about it.
func needsRoot(err error) error {
	if !errors.Is(err, unix.EPERM) {
		return err
	}
	return fmt.Errorf("flocker-executor needs root for the task's namespaces, and runs as user %d: "+
		"run the Mesos agent as root, and the executor with user root: %w", os.Geteuid(), err)
}

// stageCommand is this program's own file, which may have been deleted meanwhile.
func stageCommand(control *os.File) *exec.Cmd {
	return &exec.Cmd{
		Path:       "/proc/self/exe",
		Args:       []string{stage.Name},
		Env:        environment(),
		Stdin:      os.Stdin,
		Stdout:     os.Stdout,
		Stderr:     os.Stderr,
		ExtraFiles: []*os.File{control},
		SysProcAttr: &syscall.SysProcAttr{
			// Not Unshareflags: with those Go makes / private by itself.
			Cloneflags: unix.CLONE_NEWPID | unix.CLONE_NEWNS,
			Pdeathsig:  syscall.SIGKILL,
		},
	}
}

// environment of the guard, not of the task.
func environment() []string {
	env := []string{"GOMAXPROCS=2"}
	if failpoint.Enabled {
		for _, name := range []string{failpoint.Variable, failpoint.Faults} {
			env = append(env, name+"="+os.Getenv(name))
		}
	}
	return env
}

// wait forks the second stage and reaps it. The death signal follows the thread
// that forked, not the process: so the thread belongs to this goroutine and ends
// after the guard.
func (g *Guard) wait(started chan<- error) {
	runtime.LockOSThread()
	err := g.cmd.Start()
	started <- err
	if err != nil {
		return
	}
	defer close(g.reaped)
	_ = g.cmd.Wait() // the status of a killed guard says nothing
	<-g.readDone
	<-g.dispatchDone
	removeEmpty(g.sandbox, g.created)
}

// read passes the guard's reports on until it dies.
func (g *Guard) read() {
	defer close(g.readDone)
	defer g.control.Close()
	defer close(g.exited)
	for decoder := json.NewDecoder(g.control); ; {
		var r stage.Report
		if decoder.Decode(&r) != nil {
			return
		}
		switch {
		case r.Alone != nil:
			g.alone <- *r.Alone
		case r.Ready != nil:
			g.created = r.Ready.Created
			g.ready <- *r.Ready
		case r.Run != nil:
			g.ran <- *r.Run
		case r.Exited != nil:
			g.exited <- *r.Exited
		case r.Ended != nil:
			g.ended <- *r.Ended
		}
	}
}

func (g *Guard) send(o stage.Order) error {
	message, err := json.Marshal(o)
	if err != nil {
		return err
	}
	if err = g.control.SetWriteDeadline(time.Now().Add(sendTimeout)); err == nil {
		_, err = g.control.Write(message)
	}
	if err != nil {
		return fmt.Errorf("%w: %w", errDied, err)
	}
	return nil
}

// receive waits for one report of a kind.
func receive[T any](ctx context.Context, g *Guard, from <-chan T) (T, error) {
	var none T
	select {
	case report := <-from:
		return report, nil
	case <-ctx.Done():
		return none, context.Cause(ctx)
	case <-g.readDone:
	}
	select {
	case report := <-from: // it came just before the end
		return report, nil
	default:
		return none, errDied
	}
}
