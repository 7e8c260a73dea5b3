package stage

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"os"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// become is the third step: it turns this process into the task, and returns
// only when it cannot. It runs while the program initialises, on the main
// thread: what it changes is that thread's, and exec makes it the process's.
//
// The order is that of Mesos' launcher (src/slave/containerizer/mesos/
// launch.cpp): limits, bounding set, groups, user, capabilities, no_new_privs,
// exec. Once the limits are set there may be no memory to allocate and no thread
// to start, so that all is prepared before and nothing but system calls follows.
func become() int {
	e := prepareLaunch()
	report := binary.LittleEndian.AppendUint32(nil, e.Step)
	report = binary.LittleEndian.AppendUint32(report, e.Number)
	report = binary.LittleEndian.AppendUint32(report, e.Errno)
	_, _ = syscall.Write(launchReportFD, report)
	return 1
}

func prepareLaunch() launchError {
	for _, fd := range []int{launchOrderFD, launchReportFD} {
		syscall.CloseOnExec(fd)
	}
	var o launchOrder
	err := json.NewDecoder(os.NewFile(launchOrderFD, "order")).Decode(&o)
	if err != nil || len(o.Programs) == 0 || len(o.Task.Argv) == 0 {
		return launchError{Step: stepOrder, Errno: uint32(syscall.EINVAL)}
	}
	steps := []func(Task) launchError{setLimits, dropBounding, setUser, setCapabilities, setNoNewPrivs}
	for _, step := range steps {
		if e := step(o.Task); e.Errno != 0 {
			return e
		}
	}
	_, _ = syscall.Write(launchReportFD, ready)
	return execute(o)
}

func failure(step, number int, err error) launchError {
	if err == nil {
		return launchError{}
	}
	errno := syscall.EINVAL
	errors.As(err, &errno)
	return launchError{Step: uint32(step), Number: uint32(number), Errno: uint32(errno)}
}

func setLimits(t Task) launchError {
	for _, l := range t.Limits {
		// Not prlimit, behind which Go would put back its own idea of open files.
		if err := syscall.Setrlimit(l.Resource, &syscall.Rlimit{Cur: l.Soft, Max: l.Hard}); err != nil {
			return failure(stepLimit, l.Resource, err)
		}
	}
	return launchError{}
}

// setUser keeps the permitted capabilities when some are to be set afterwards.
func setUser(t Task) launchError {
	u := t.User
	if u == nil {
		return launchError{}
	}
	if t.Capabilities != nil && t.Capabilities.Effective != nil {
		if err := prctl(unix.PR_SET_KEEPCAPS, 1, 0); err != nil {
			return failure(stepUID, 0, err)
		}
	}
	var groups unsafe.Pointer
	if len(u.Groups) > 0 {
		groups = unsafe.Pointer(&u.Groups[0])
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGROUPS, uintptr(len(u.Groups)), uintptr(groups), 0); errno != 0 {
		return failure(stepGroups, 0, errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETGID, uintptr(u.GID), 0, 0); errno != 0 {
		return failure(stepGID, 0, errno)
	}
	if _, _, errno := syscall.RawSyscall(syscall.SYS_SETUID, uintptr(u.UID), 0, 0); errno != 0 {
		return failure(stepUID, 0, errno)
	}
	return launchError{}
}

func setNoNewPrivs(t Task) launchError {
	if !t.NoNewPrivs {
		return launchError{}
	}
	return failure(stepNoNewPrivs, 0, prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0))
}

// prctl acts on this thread alone.
func prctl(option, a, b uintptr) error {
	if _, _, errno := syscall.RawSyscall6(syscall.SYS_PRCTL, option, a, b, 0, 0, 0); errno != 0 {
		return errno
	}
	return nil
}

// execute tries one program after the other, as fork does.
func execute(o launchOrder) (e launchError) {
	for i, program := range o.Programs {
		err := syscall.Exec(program, o.Task.Argv, o.Task.Env)
		if errors.Is(err, syscall.ENOEXEC) {
			err = syscall.Exec(shell, shellArguments(program, o.Task.Argv), o.Task.Env)
		}
		if i == 0 || !missing(err) {
			e = failure(stepExec, i, err)
		}
		if !missing(err) && !errors.Is(err, syscall.EACCES) {
			break
		}
	}
	return e
}
