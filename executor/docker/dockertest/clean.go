package dockertest

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/moby/sys/mountinfo"
	"golang.org/x/sys/unix"
)

// Close ends the engine with everything of it: containers, containerd, mounts,
// cgroups, bridge, files. It may be called twice.
func (e *Engine) Close() error {
	if e.dockerd != nil {
		_ = e.Resume() // SIGTERM means nothing to a stopped process
	}
	_ = e.API.Close() // idle connections
	return errors.Join(e.stop(syscall.SIGTERM), e.killRest(), e.stopListening(), e.unmount(), e.removeCgroups(), e.removeBridge(), e.removeDir())
}

// killRest kills what a killed engine leaves: containerd, its shims and the
// containers.
func (e *Engine) killRest() error {
	return kill(func() []int { return e.processes(isEngines) })
}

// kill repeats until there are none.
func kill(processes func() []int) error {
	deadline := time.NewTimer(stopTimeout)
	defer deadline.Stop()
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	for {
		rest := processes()
		if len(rest) == 0 {
			return nil
		}
		for _, pid := range rest {
			_ = syscall.Kill(pid, syscall.SIGKILL) // gone is as good
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			return fmt.Errorf("end docker engine: processes %v live on", rest)
		}
	}
}

// processes of this engine: programs, as chosen, whose arguments name its folder,
// and what is in its cgroups if isEngines chooses; and the children of them all,
// wherever their cgroup is.
func (e *Engine) processes(chosen func(program, cgroup, own string) bool) []int {
	var all []int
	parents := map[int]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/cmdline") // the pattern is right
	for _, file := range files {
		dir := filepath.Dir(file)
		cmdline, _ := os.ReadFile(file)                        // a process that is gone has none
		cgroup, _ := os.ReadFile(filepath.Join(dir, "cgroup")) // nor a cgroup
		exe, _ := os.Readlink(filepath.Join(dir, "exe"))       // nor a program
		pid, err := strconv.Atoi(filepath.Base(dir))
		if err != nil || len(cmdline) == 0 {
			continue // a zombie has no arguments
		}
		parents[pid] = parent(dir)
		program := ""
		if bytes.Contains(cmdline, []byte(e.Dir+"/")) {
			program = filepath.Base(exe)
		}
		if chosen(program, string(cgroup), ":"+e.cgroup+"/") {
			all = append(all, pid)
		}
	}
	found := len(all)
	for child, parent := range parents {
		if slices.Contains(all[:found], parent) && !slices.Contains(all, child) {
			all = append(all, child)
		}
	}
	return all
}

// parent is 0 for a process that is gone.
func parent(dir string) int {
	stat, _ := os.ReadFile(filepath.Join(dir, "stat"))
	_, rest, _ := strings.Cut(string(stat), ") ") // of the program's name
	var state string
	var pid int
	_, _ = fmt.Sscan(rest, &state, &pid)
	return pid
}

func isContainerd(program, _, _ string) bool { return program == "containerd" }

func isEngines(program, cgroup, own string) bool {
	return strings.HasPrefix(program, "containerd") || program == "dockerd" || program == "runc" || strings.Contains(cgroup, own)
}

func (e *Engine) unmount() error {
	table, err := mountinfo.GetMounts(mountinfo.PrefixFilter(e.Dir))
	if err != nil {
		return fmt.Errorf("unmount docker engine: %w", err)
	}
	for i := len(table) - 1; i >= 0; i-- {
		if err := unix.Unmount(table[i].Mountpoint, unix.MNT_DETACH); err != nil && !errors.Is(err, unix.EINVAL) {
			return fmt.Errorf("unmount %s: %w", table[i].Mountpoint, err)
		}
	}
	return nil
}

func (e *Engine) removeCgroups() error {
	var failed error
	for _, pattern := range []string{"/sys/fs/cgroup" + e.cgroup, "/sys/fs/cgroup/*" + e.cgroup} {
		roots, _ := filepath.Glob(pattern) // the pattern is right
		for _, root := range roots {
			failed = errors.Join(failed, removeTree(root))
		}
	}
	return failed
}

// removeTree removes a cgroup, the innermost first. Its files are no files.
func removeTree(cgroup string) error {
	inner, err := os.ReadDir(cgroup)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, entry := range inner {
		if entry.IsDir() {
			err = errors.Join(err, removeTree(filepath.Join(cgroup, entry.Name())))
		}
	}
	if failed := unix.Rmdir(cgroup); failed != nil && !errors.Is(failed, unix.ENOENT) {
		err = errors.Join(err, fmt.Errorf("remove cgroup %s: %w", cgroup, failed))
	}
	return err
}

// removeDir goes through rm, which does not cross into a filesystem that
// somebody has mounted there.
func (e *Engine) removeDir() error {
	if out, err := exec.Command("rm", "-rf", "--one-file-system", e.Dir).CombinedOutput(); err != nil {
		return fmt.Errorf("remove docker engine's folder: %w: %s", err, out)
	}
	return nil
}

func (e *Engine) makeBridge() error {
	number := strings.TrimPrefix(filepath.Base(e.Dir), "engine") // the folder's, which is random
	name := "br" + number
	name = name[:min(len(name), unix.IFNAMSIZ-1)]
	e.bridge = name
	net := crc32.ChecksumIEEE([]byte(number)) % 256
	for _, args := range [][]string{
		{"link", "add", name, "type", "bridge"},
		{"address", "add", fmt.Sprintf("10.213.%d.1/24", net), "dev", name},
		{"link", "set", name, "up"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("make bridge %s: %w: %s", name, err, out)
		}
	}
	return nil
}

func (e *Engine) removeBridge() error {
	if e.bridge == "" {
		return nil
	}
	out, err := exec.Command("ip", "link", "delete", e.bridge).CombinedOutput()
	if err != nil && !bytes.Contains(out, []byte("Cannot find")) {
		return fmt.Errorf("remove bridge %s: %w: %s", e.bridge, err, out)
	}
	return nil
}
