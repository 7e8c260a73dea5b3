package contain

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cgroupRoot has a folder for each hierarchy, or is the unified one.
const cgroupRoot = "/sys/fs/cgroup"

// destroyTimeout bounds each step of a cgroup's end. A process that waits for a
// disk takes no signal and keeps it longer.
const destroyTimeout = 20 * time.Second

// cgroup is a container's, as the linux launcher has one: everything below it
// dies with the container, wherever it came from (a docker container, too).
type cgroup struct {
	path    string
	unified bool
}

// openCgroup finds the place of a cgroup: the freezer's hierarchy, or the unified
// one where that is all there is.
func openCgroup(name string) cgroup {
	if freezer := filepath.Join(cgroupRoot, "freezer"); isDir(freezer) {
		return cgroup{path: filepath.Join(freezer, name)}
	}
	return cgroup{path: filepath.Join(cgroupRoot, name), unified: true}
}

func isDir(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.IsDir()
}

// add makes the cgroup and puts a process into it. A unified one has processes in
// its leaves only, so that others can be made below it (recorded by name: leaf).
func (g cgroup) add(pid int) error {
	dir := g.path
	if g.unified {
		dir = filepath.Join(dir, "leaf")
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "cgroup.procs"), []byte(strconv.Itoa(pid)), 0)
}

// destroy kills everything in the cgroup and below, waits until it is dead and
// removes the cgroup. One that does not exist is destroyed.
func (g cgroup) destroy() error {
	if !isDir(g.path) {
		return nil
	}
	err := g.kill()
	if err == nil {
		err = poll(g.remove)
	}
	if err != nil {
		return fmt.Errorf("destroy cgroup %s: %w", g.path, err)
	}
	return nil
}

// kill stops the processes first, so that none gets away by forking.
func (g cgroup) kill() error {
	if g.unified {
		return g.write("cgroup.kill", "1")
	}
	if err := g.write("freezer.state", "FROZEN"); err != nil {
		return err
	}
	err := poll(func() error { return g.is("FROZEN") })
	all, listErr := g.groups()
	for _, dir := range all {
		err = errors.Join(err, signalGroup(dir, unix.SIGKILL))
	}
	for _, dir := range all { // one below may be frozen by itself, as a paused container is
		err = errors.Join(err, cgroup{path: dir}.write("freezer.state", "THAWED"))
	}
	return errors.Join(err, listErr)
}

func (g cgroup) write(file, text string) error {
	err := os.WriteFile(filepath.Join(g.path, file), []byte(text), 0)
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil // whoever made it has removed it
	}
	return err
}

// is fails as long as the cgroup exists in another state.
func (g cgroup) is(state string) error {
	text, err := os.ReadFile(filepath.Join(g.path, "freezer.state"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	if err == nil && strings.TrimSpace(string(text)) != state {
		err = fmt.Errorf("freezer.state is %q", text)
	}
	return err
}

// groups lists the cgroup and those below it, parents first.
func (g cgroup) groups() ([]string, error) {
	var all []string
	err := filepath.WalkDir(g.path, func(path string, d fs.DirEntry, err error) error {
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err == nil && d.IsDir() {
			all = append(all, path)
		}
		return err
	})
	return all, err
}

// signalGroup leaves out processes of other PID namespaces, which are listed as 0.
func signalGroup(dir string, s unix.Signal) error {
	text, err := os.ReadFile(filepath.Join(dir, "cgroup.procs"))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, unix.ENODEV) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, field := range strings.Fields(string(text)) {
		if pid, err := strconv.Atoi(field); err == nil && pid > 0 {
			signal(pid, s)
		}
	}
	return nil
}

// remove fails as long as a process has not been reaped.
func (g cgroup) remove() error {
	all, err := g.groups()
	for _, dir := range slices.Backward(all) {
		if e := os.Remove(dir); e != nil && !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// poll asks until there is no error or no time: a cgroup tells nobody.
func poll(ok func() error) error {
	over := time.After(destroyTimeout)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-over:
			return fmt.Errorf("not within %v: %w", destroyTimeout, err)
		}
	}
}
