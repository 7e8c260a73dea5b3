package executor

import (
	"errors"
	"fmt"
	"math"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
	"golang.org/x/sys/unix"
)

// As Mesos has them (docker/docker.cpp, slave/containerizer/mesos/isolators/cgroups/constants.hpp).
const (
	sharesPerCPU = 1024
	minShares    = 2
	quotaPerCPU  = 100_000 // microseconds of each period, which is as long
	minQuota     = 1000
	minMemory    = 32 << 20
	mebibyte     = 1 << 20
)

// resources of the task alone: those of its executor are the executor's, which
// runs beside the container.
func (d *draft) resources() error {
	h := &d.c.Host
	if cpus, given := scalar(d.task.Resources, "cpus"); given {
		h.CPUShares = max(clamp(cpus*sharesPerCPU), minShares)
	}
	if limit, given, err := d.limit("cpus"); err != nil {
		return err
	} else if given && !math.IsInf(limit, 1) {
		h.CPUQuota = max(clamp(limit*quotaPerCPU), minQuota)
	}
	request, given := scalar(d.task.Resources, "mem")
	if given {
		h.Memory = max(clamp(request*mebibyte), minMemory)
	}
	limit, limited, err := d.limit("mem")
	if err != nil || !limited {
		return err
	}
	if given {
		h.MemoryReservation = h.Memory
	}
	if given && request < limit {
		h.OomScoreAdj = oomScoreAdj(request*mebibyte, d.totalMemory())
	}
	if h.Memory = 0; !math.IsInf(limit, 1) {
		h.Memory = max(clamp(limit*mebibyte), minMemory)
	}
	return nil
}

func (d *draft) limit(name string) (value float64, given bool, err error) {
	l, given := d.task.Limits[name]
	if given && (math.IsNaN(l.Value) || l.Value < 0) {
		err = fmt.Errorf("limits.%s: %v: must not be negative", name, l.Value)
	}
	return l.Value, given, err
}

// scalar adds up what a task has of a resource, whatever role it comes from.
func scalar(all []mesos.Resource, name string) (sum float64, given bool) {
	for _, r := range all {
		if r.Name == name && r.Scalar != nil {
			sum, given = sum+r.Scalar.Value, true
		}
	}
	return sum, given
}

func clamp(n float64) int64 {
	if n >= math.MaxInt64 {
		return math.MaxInt64
	}
	return int64(n)
}

// oomScoreAdj is higher the smaller the part of the memory that is assured.
func oomScoreAdj(request float64, total uint64) int {
	return max(0, 1000-int(1000*request/float64(total)))
}

// totalMemory of the node, in bytes.
func (d *draft) totalMemory() uint64 {
	if d.options.NodeMemory != 0 {
		return d.options.NodeMemory
	}
	var info unix.Sysinfo_t
	if unix.Sysinfo(&info) != nil { // cannot fail with a valid address
		return math.MaxUint64
	}
	return info.Totalram * uint64(info.Unit)
}

// ulimitNames by the numbers of setrlimit(2); the engine knows no limit of the
// address space.
var ulimitNames = map[int]string{
	unix.RLIMIT_CORE: "core", unix.RLIMIT_CPU: "cpu", unix.RLIMIT_DATA: "data", unix.RLIMIT_FSIZE: "fsize",
	unix.RLIMIT_LOCKS: "locks", unix.RLIMIT_MEMLOCK: "memlock", unix.RLIMIT_MSGQUEUE: "msgqueue", unix.RLIMIT_NICE: "nice",
	unix.RLIMIT_NOFILE: "nofile", unix.RLIMIT_NPROC: "nproc", unix.RLIMIT_RSS: "rss", unix.RLIMIT_RTPRIO: "rtprio",
	unix.RLIMIT_RTTIME: "rttime", unix.RLIMIT_SIGPENDING: "sigpending", unix.RLIMIT_STACK: "stack",
}

func (d *draft) ulimits() error {
	all, err := limits(d.info.RlimitInfo)
	if err != nil {
		return err
	}
	for _, l := range all {
		name, ok := ulimitNames[l.Resource]
		if !ok {
			return errors.New("container.rlimit_info: RLMT_AS: a docker container has no such limit: leave it out")
		}
		// What does not fit is "no limit", which the engine writes as -1.
		d.c.Host.Ulimits = append(d.c.Host.Ulimits, &container.Ulimit{Name: name, Soft: int64(l.Soft), Hard: int64(l.Hard)})
	}
	return nil
}

// terminal: the engine makes one of the size that is asked for.
func (d *draft) terminal() error {
	tty, err := terminal(d.info.TTYInfo)
	if tty != nil {
		d.c.Config.Tty = true
		d.c.Host.ConsoleSize = [2]uint{uint(tty.Rows), uint(tty.Columns)}
	}
	return err
}
