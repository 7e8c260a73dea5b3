package stage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// The descriptors of the third step besides the standard ones: a file with a
// launchOrder, and a pipe to say on what became of it.
const (
	launchOrderFD  = 3
	launchReportFD = 4
)

// launchOrder is what the third step is to become.
type launchOrder struct {
	Programs []string // to try in this order
	Task     Task
}

// launch forks this program's own file once more, as the third step: Go's fork
// sets no limits and no capabilities. The guard never changes its own.
func launch(programs []string, t Task, files []uintptr) (pid int, o Outcome) {
	order, err := orderFile(launchOrder{Programs: programs, Task: t})
	if err != nil {
		return 0, failed("", fmt.Errorf("tell the third step: %w", err))
	}
	defer order.Close()
	ours, theirs, err := os.Pipe()
	if err != nil {
		return 0, failed("", err)
	}
	defer ours.Close()
	pid, err = syscall.ForkExec("/proc/self/exe", []string{LaunchName}, &syscall.ProcAttr{
		// Its limits may be too small for a second thread or more memory.
		Env:   []string{"GOMAXPROCS=1", "GOGC=off"},
		Files: append(append([]uintptr{}, files...), order.Fd(), theirs.Fd()),
		Sys:   &syscall.SysProcAttr{Setsid: true, Setctty: t.TTY != nil},
	})
	_ = theirs.Close()
	if err != nil {
		return 0, failed("", fmt.Errorf("start the third step: %w", err))
	}
	said, err := io.ReadAll(ours)
	if err == nil && len(said) == len(ready) {
		return pid, Outcome{Program: programs[0]}
	}
	_, _ = syscall.Wait4(pid, nil, 0, nil) // it may have been reaped already
	return 0, launchFailure(programs, t, said)
}

// orderFile is a file in memory, from which an order of any size can be read
// without anybody writing to it meanwhile.
func orderFile(o launchOrder) (*os.File, error) {
	data, err := json.Marshal(o)
	if err != nil {
		return nil, err
	}
	fd, err := unix.MemfdCreate(LaunchName, unix.MFD_CLOEXEC)
	if err != nil {
		return nil, os.NewSyscallError("memfd_create", err)
	}
	f := os.NewFile(uintptr(fd), LaunchName)
	if _, err = f.Write(data); err == nil {
		_, err = f.Seek(0, io.SeekStart)
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	return f, nil
}

// ready is said just before the first exec. The pipe closes with a successful
// one; any other end is followed by a launchError.
var ready = []byte{'.'}

// launchError is what the third step failed at: a step, for limits the resource
// and for exec the index of the program, and an errno.
type launchError struct{ Step, Number, Errno uint32 }

// The steps that can fail.
const (
	stepOrder = iota
	stepLimit
	stepGroups
	stepGID
	stepUID
	stepBounding
	stepCapabilities
	stepAmbient
	stepNoNewPrivs
	stepExec
)

var stepNames = [...]string{
	stepOrder:        "read the order",
	stepLimit:        "set resource limit",
	stepGroups:       "set supplementary groups",
	stepGID:          "set group",
	stepUID:          "set user",
	stepBounding:     "drop from the bounding set capability",
	stepCapabilities: "set capabilities",
	stepAmbient:      "set ambient capability",
	stepNoNewPrivs:   "set no_new_privs",
}

// launchFailure tells what the third step said before it ended.
func launchFailure(programs []string, t Task, said []byte) Outcome {
	var e launchError
	if len(said) > 0 && said[0] == ready[0] {
		said = said[1:]
	}
	if _, err := binary.Decode(said, binary.LittleEndian, &e); err != nil || e.Step > stepExec {
		return failed("", errors.New("the third step died; the task's limits may be too small for it"))
	}
	errno := syscall.Errno(e.Errno)
	if e.Step == stepExec {
		return notStarted(programs[min(int(e.Number), len(programs)-1)], t, errno)
	}
	name := stepNames[e.Step]
	if e.Step == stepLimit || e.Step == stepBounding || e.Step == stepAmbient {
		name = fmt.Sprintf("%s %d", name, e.Number)
	}
	return failed("", fmt.Errorf("%s: %w", name, errno))
}
