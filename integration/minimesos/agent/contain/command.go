package contain

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// command is what the helper executes. With a shell the arguments are ignored;
// without, they are the whole argv and may be empty (recorded: 12, 01).
func command(s Spec) (path string, argv []string, err error) {
	if s.Shell {
		path, err = lookup("sh", s.Env)
		return path, []string{"sh", "-c", s.Value}, err
	}
	argv = s.Arguments
	if len(argv) == 0 {
		argv = []string{s.Value}
	}
	path, err = lookup(s.Value, s.Env)
	return path, argv, err
}

// lookup finds a program as Mesos does: an absolute one is taken as it is, any
// other is looked for in the working directory first, then along the PATH of the
// container.
func lookup(program string, env []string) (string, error) {
	if filepath.IsAbs(program) {
		return program, nil
	}
	if executable(program) {
		if strings.ContainsRune(program, '/') {
			return program, nil
		}
		return "./" + program, nil
	}
	for _, dir := range filepath.SplitList(variable(env, "PATH")) {
		if path := filepath.Join(dir, program); executable(path) {
			return path, nil
		}
	}
	return "", &os.PathError{Op: "find", Path: program, Err: syscall.ENOENT}
}

func executable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func variable(env []string, name string) string {
	for _, entry := range env {
		if value, ok := strings.CutPrefix(entry, name+"="); ok {
			return value
		}
	}
	return ""
}
