package cluster

import (
	"bytes"
	"errors"
	"io"
	"os"
	"strconv"
	"syscall"
)

// spawn starts this binary again under another name. os/exec is not used
// because process 1 reaps every child itself.
func spawn(name string, config []byte, logPath string) (pid int, ready io.ReadCloser, err error) {
	log, err := os.OpenFile(logPath, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = log.Close() }()
	r, w, err := os.Pipe()
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = w.Close() }()
	null, err := os.Open(os.DevNull)
	if err != nil {
		_ = r.Close()
		return 0, nil, err
	}
	defer func() { _ = null.Close() }()
	pid, err = syscall.ForkExec("/proc/self/exe", []string{name, string(config)}, &syscall.ProcAttr{
		Dir:   "/",
		Env:   os.Environ(),
		Files: []uintptr{null.Fd(), log.Fd(), log.Fd(), w.Fd()},
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		_ = r.Close()
		return 0, nil, err
	}
	return pid, r, nil
}

// killOthers sends SIGKILL to every process of the namespace but this one,
// process 1, and keep. It says whether there were any.
func killOthers(keep int) (bool, error) {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return false, err
	}
	others := false
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil || pid == 1 || pid == keep || isChildOf(pid, keep) {
			continue
		}
		others = true
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil && !errors.Is(err, syscall.ESRCH) {
			return false, err
		}
	}
	return others, nil
}

// isChildOf says whether parent started pid: the Flocker agent's mkfs and the
// like may finish.
func isChildOf(pid, parent int) bool {
	stat, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/stat")
	if err != nil {
		return false
	}
	end := bytes.LastIndexByte(stat, ')')
	fields := bytes.Fields(stat[end+1:])
	return parent != 0 && len(fields) > 1 && string(fields[1]) == strconv.Itoa(parent)
}
