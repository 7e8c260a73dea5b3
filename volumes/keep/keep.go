package keep

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/control"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/keep/stage"
)

// FirstFile is the descriptor that the first file of a Config has in the process
// that finishes. One that was dropped leads to nothing there, as /dev/null.
const FirstFile = stage.FirstFD

// FinishName is argument 0 of the process that finishes.
const FinishName = stage.FinishName

const (
	startTimeout = 10 * time.Second
	// answerTimeout is for a keeper that does not answer, because somebody has
	// stopped it. It is killed then.
	answerTimeout = 2 * time.Second
	endTimeout    = 5 * time.Second // of a process that is dying
)

// Config of a keeper.
type Config struct {
	// Argument of the process that finishes, and to be seen in ps: no secrets.
	Argument string
	Env      []string // of that process
	Files    []*os.File
}

// Keeper is the process. Its methods may be called from any goroutine.
type Keeper struct {
	socket *os.File
	pidfd  int
	orders chan order
	said   chan byte     // what the keeper answers
	gone   chan struct{} // closed when it has ended
	over   chan struct{} // closed when all goroutines have
}

type order struct {
	what byte
	done chan error // capacity 1
}

// Start starts a keeper. When it returns nil the keeper has the files open, and
// is no descendant of this process. Whoever starts it calls Done in the end. The
// files stay the caller's.
func Start(ctx context.Context, c Config) (*Keeper, error) {
	if len(c.Files) > stage.MaxFiles {
		return nil, fmt.Errorf("start the keeper: %d files: at most %d can be kept", len(c.Files), stage.MaxFiles)
	}
	failpoint.Hit("keeper.start.before")
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	k, err := start(ctx, c)
	if err != nil {
		return nil, fmt.Errorf("start the keeper: %w", err)
	}
	failpoint.Hit("keeper.start.after")
	return k, nil
}

func start(ctx context.Context, c Config) (*Keeper, error) {
	socket, theirs, err := control.Pair("keeper")
	if err != nil {
		return nil, err
	}
	err = errors.Join(fork(ctx, c, theirs), theirs.Close())
	pidfd := -1
	if err == nil {
		pidfd, err = arm(ctx, socket)
	}
	if err != nil {
		// A keeper that is not armed ends with its socket.
		return nil, errors.Join(err, socket.Close())
	}
	k := &Keeper{
		socket: socket, pidfd: pidfd, orders: make(chan order), said: make(chan byte, 1),
		gone: make(chan struct{}), over: make(chan struct{}),
	}
	go k.read()
	go k.serve()
	return k, nil
}

// fork runs this program's own file, which may have been deleted meanwhile, and
// waits until its child is nobody's.
func fork(ctx context.Context, c Config, socket *os.File) error {
	cmd := exec.CommandContext(ctx, "/proc/self/exe", strconv.Itoa(len(c.Files)), c.Argument)
	cmd.Args[0] = stage.ForkName
	cmd.Env = append([]string{"GOMAXPROCS=1"}, c.Env...)
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	cmd.ExtraFiles = append([]*os.File{socket}, c.Files...)
	return cmd.Run()
}

// arm waits until the keeper is there, and tells it to act from now on.
func arm(ctx context.Context, socket *os.File) (pidfd int, err error) {
	stop := context.AfterFunc(ctx, func() { _ = socket.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	var word [4]byte
	if _, err := io.ReadFull(socket, word[:]); err != nil {
		return -1, fmt.Errorf("it does not say that it is ready: %w", errors.Join(err, context.Cause(ctx)))
	}
	pidfd, err = unix.PidfdOpen(int(binary.LittleEndian.Uint32(word[:])), 0)
	if err != nil {
		return -1, os.NewSyscallError("pidfd_open", err)
	}
	if _, err := socket.Write([]byte{stage.Armed}); err != nil {
		return -1, errors.Join(err, unix.Close(pidfd))
	}
	return pidfd, nil
}
