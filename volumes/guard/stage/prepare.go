package stage

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

// separate builds the task's view of the machine as far as that goes without its
// datasets. From then on nothing of the node's is kept alive here: what was
// mounted is detached, and what is mounted from now on follows the node's
// unmounts, or does not come here at all.
func (s *stage) separate(space Space) Alone {
	var alone Alone
	s.sandbox = space.Sandbox
	err := isolate()
	if err == nil {
		alone.StartTime, alone.PIDNamespace, err = identify()
	}
	if err == nil {
		s.binder, err = newBinder(space.Sandbox)
	}
	if err == nil {
		err = s.binder.detachOthers()
	}
	if err != nil {
		alone.Error = err.Error()
	}
	return alone
}

// prepare binds the datasets of p, whose trees have been received, and tells
// what it made.
func (s *stage) prepare(p Plan) Ready {
	var ready Ready
	b := s.binder
	defer b.close()
	if err := b.bindAll(p, s.control.received); err != nil {
		ready.Error = err.Error()
	}
	ready.Created = b.created
	return ready
}

// isolate cuts the new mount namespace off from the one it was copied from: what
// is mounted or unmounted here stays here. It still follows the other, so that
// no mount of the node is kept alive by the copy.
func isolate() error {
	propagation := uintptr(unix.MS_SLAVE)
	if failpoint.Fault("private") {
		propagation = unix.MS_PRIVATE
	}
	if err := unix.Mount("", "/", "", unix.MS_REC|propagation, ""); err != nil {
		return fmt.Errorf("make / recursively slave: %w", err)
	}
	table, err := mounts.Table()
	if err != nil {
		return err
	}
	for _, i := range table {
		if mounts.Group(i, "shared") != 0 {
			return fmt.Errorf("make / recursively slave: %s is still shared", i.Mountpoint)
		}
	}
	if err := unix.Mount("proc", "/proc", "proc", unix.MS_NOSUID|unix.MS_NODEV|unix.MS_NOEXEC, ""); err != nil {
		return fmt.Errorf("mount /proc: %w", err)
	}
	return pause()
}

// pause waits at the fifo that a test names.
func pause() error {
	fifo := failpoint.FaultValue("pause-stage")
	if fifo == "" {
		return nil
	}
	f, err := os.Open(fifo)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = io.Copy(io.Discard, f)
	return err
}

// identify reads who this process is from its own /proc, which is right
// whatever PID namespace the executor's /proc belongs to.
func identify() (startTime, namespace uint64, err error) {
	stat, err := os.ReadFile("/proc/self/stat")
	if err != nil {
		return 0, 0, err
	}
	// The command, field 2, is the only one that may hold blanks and brackets.
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	if len(fields) < 20 {
		return 0, 0, fmt.Errorf("read own identity: unexpected stat line %q", stat)
	}
	if startTime, err = strconv.ParseUint(fields[19], 10, 64); err != nil {
		return 0, 0, fmt.Errorf("read own identity: %w", err)
	}
	var ns unix.Stat_t
	if err := unix.Stat("/proc/self/ns/pid", &ns); err != nil {
		return 0, 0, fmt.Errorf("read own PID namespace: %w", err)
	}
	return startTime, ns.Ino, nil
}

// bindAll does the binds of p, detaches every other mount of a dataset and
// checks the outcome.
func (b *binder) bindAll(p Plan, trees []int) error {
	if err := b.know(p.Roots); err != nil {
		return err
	}
	// The sandbox may have been given to the task's user meanwhile.
	if err := b.look(); err != nil {
		return err
	}
	if len(trees) < len(p.Binds) {
		return fmt.Errorf("%d descriptors came for %d binds", len(trees), len(p.Binds))
	}
	for i, bind := range p.Binds {
		failpoint.Hit("guard.stage.bind.before")
		if err := b.bind(bind, trees[i]); err != nil {
			return fmt.Errorf("bind %s at %s: %w", bind.Source, bind.Path, err)
		}
		failpoint.Hit("guard.stage.bind.after")
	}
	failpoint.Hit("guard.stage.detach.before")
	if err := b.detachOthers(); err != nil {
		return err
	}
	failpoint.Hit("guard.stage.detach.after")
	return b.verify()
}
