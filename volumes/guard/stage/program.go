package stage

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
)

// defaultPath is what execvp(3) searches when the environment has no PATH.
const defaultPath = "/bin:/usr/bin"

// shell runs what the kernel does not know how to run, as with execvp(3), which
// is what Mesos uses.
const shell = "/bin/sh"

func shellArguments(program string, argv []string) []string {
	return append([]string{argv[0], program}, argv[1:]...)
}

// lookup finds the programs that a name may mean, in the order to try them, as
// Mesos' launcher does (src/slave/containerizer/mesos/launch.cpp): one that is
// not absolute first in the working directory, then, without a slash, along
// PATH. It is never empty: what is not found is left for exec to say. This
// process is root and sees more than the task's user may, so that only exec can
// choose.
func lookup(name, dir string, env []string) []string {
	if filepath.IsAbs(name) {
		return []string{name}
	}
	here := filepath.Join(dir, name)
	if strings.Contains(name, "/") {
		return []string{here}
	}
	var found []string
	for _, element := range append([]string{dir}, filepath.SplitList(searchPath(env))...) {
		if !filepath.IsAbs(element) {
			element = filepath.Join(dir, element)
		}
		if file := filepath.Join(element, name); mayBeProgram(file) {
			found = append(found, file)
		}
	}
	if len(found) == 0 {
		return []string{here}
	}
	return found
}

func searchPath(env []string) string {
	for _, variable := range env {
		if value, ok := strings.CutPrefix(variable, "PATH="); ok {
			return value
		}
	}
	return defaultPath
}

// mayBeProgram leaves out what nobody can run. A filesystem of another machine
// may deny root what it grants the user.
func mayBeProgram(file string) bool {
	info, err := os.Stat(file)
	if err != nil {
		return errors.Is(err, syscall.EACCES)
	}
	return info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func missing(err error) bool {
	return errors.Is(err, syscall.ENOENT) || errors.Is(err, syscall.ENOTDIR)
}

// notStarted says why exec failed, and for a permission whose it is.
func notStarted(program string, t Task, err error) Outcome {
	if t.User == nil || !errors.Is(err, syscall.EACCES) {
		return failed(program, err)
	}
	where := ""
	if element := closed(program, *t.User); element != "" && element != program {
		where = ", who may not search directory " + element
	}
	return failed(program, fmt.Errorf("%w to user %d%s", err, t.User.UID, where))
}

// closed is the first element of a path whose mode keeps u out, or "".
func closed(path string, u User) string {
	for end := range path {
		if end+1 < len(path) && path[end+1] != '/' {
			continue
		}
		element := path[:end+1]
		info, err := os.Stat(element)
		if err == nil && !searchable(info, u) {
			return element
		}
	}
	return ""
}

func searchable(info os.FileInfo, u User) bool {
	owner, ok := info.Sys().(*syscall.Stat_t)
	switch {
	case !ok || u.UID == 0:
		return true
	case owner.Uid == u.UID:
		return info.Mode()&0o100 != 0
	case owner.Gid == u.GID || slices.Contains(u.Groups, owner.Gid):
		return info.Mode()&0o010 != 0
	}
	return info.Mode()&0o001 != 0
}
