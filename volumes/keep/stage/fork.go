package stage

import (
	"os"
	"strconv"
	"syscall"
)

func init() {
	switch {
	case len(os.Args) == 3 && os.Args[0] == ForkName:
		os.Exit(fork(os.Args[1], os.Args[2]))
	case len(os.Args) == 3 && os.Args[0] == Name:
		os.Exit(keep(os.Args[1], os.Args[2]))
	case len(os.Args) == 2 && os.Args[0] == FinishName:
		// Go's runtime took the signals over again when the program was run.
		if err := ignoreSignals(); err != nil {
			_ = complain("ignore signals", err)
		}
	}
}

// fork starts the process that stays and returns this one's exit status. files
// says how many descriptors there are beside the socket.
func fork(files, argument string) int {
	n, err := strconv.Atoi(files)
	if err != nil {
		return complain("count the files", err)
	}
	var all []uintptr
	for fd := range FirstFD + n {
		all = append(all, uintptr(fd))
	}
	_, err = syscall.ForkExec("/proc/self/exe", []string{Name, argument, files}, &syscall.ProcAttr{
		Env:   os.Environ(),
		Files: all,
		Sys:   &syscall.SysProcAttr{Setsid: true},
	})
	if err != nil {
		return complain("fork", err)
	}
	return 0
}

func complain(what string, err error) int {
	_, _ = os.Stderr.WriteString(Name + ": " + what + ": " + err.Error() + "\n")
	return 1
}
