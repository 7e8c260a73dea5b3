package executor

import (
	"errors"
	"fmt"
	"math"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// resources of setrlimit(2) by their names in Mesos (posix/rlimits.cpp).
var resources = map[mesos.RLimitInfo_RLimit_Type]int{
	mesos.RLimitInfo_RLimit_RLMT_AS:         unix.RLIMIT_AS,
	mesos.RLimitInfo_RLimit_RLMT_CORE:       unix.RLIMIT_CORE,
	mesos.RLimitInfo_RLimit_RLMT_CPU:        unix.RLIMIT_CPU,
	mesos.RLimitInfo_RLimit_RLMT_DATA:       unix.RLIMIT_DATA,
	mesos.RLimitInfo_RLimit_RLMT_FSIZE:      unix.RLIMIT_FSIZE,
	mesos.RLimitInfo_RLimit_RLMT_LOCKS:      unix.RLIMIT_LOCKS,
	mesos.RLimitInfo_RLimit_RLMT_MEMLOCK:    unix.RLIMIT_MEMLOCK,
	mesos.RLimitInfo_RLimit_RLMT_MSGQUEUE:   unix.RLIMIT_MSGQUEUE,
	mesos.RLimitInfo_RLimit_RLMT_NICE:       unix.RLIMIT_NICE,
	mesos.RLimitInfo_RLimit_RLMT_NOFILE:     unix.RLIMIT_NOFILE,
	mesos.RLimitInfo_RLimit_RLMT_NPROC:      unix.RLIMIT_NPROC,
	mesos.RLimitInfo_RLimit_RLMT_RSS:        unix.RLIMIT_RSS,
	mesos.RLimitInfo_RLimit_RLMT_RTPRIO:     unix.RLIMIT_RTPRIO,
	mesos.RLimitInfo_RLimit_RLMT_RTTIME:     unix.RLIMIT_RTTIME,
	mesos.RLimitInfo_RLimit_RLMT_SIGPENDING: unix.RLIMIT_SIGPENDING,
	mesos.RLimitInfo_RLimit_RLMT_STACK:      unix.RLIMIT_STACK,
}

// limits of a task: each has both values, or neither, which means none.
func limits(r *mesos.RLimitInfo) ([]guard.Limit, error) {
	var out []guard.Limit
	for _, l := range r.GetRlimits() {
		resource, ok := resources[l.Type]
		limit := guard.Limit{Resource: resource, Soft: math.MaxUint64, Hard: math.MaxUint64}
		switch {
		case !ok:
			return nil, fmt.Errorf("container.rlimit_info: type %v: not a limit of Linux", l.Type)
		case (l.Soft == nil) != (l.Hard == nil):
			return nil, fmt.Errorf("container.rlimit_info: %v: give both soft and hard, or neither for no limit", l.Type)
		case l.Soft != nil && *l.Soft > *l.Hard:
			return nil, fmt.Errorf("container.rlimit_info: %v: soft %d is above hard %d", l.Type, *l.Soft, *l.Hard)
		case l.Soft != nil:
			limit.Soft, limit.Hard = *l.Soft, *l.Hard
		}
		out = append(out, limit)
	}
	return out, nil
}

// firstCapability is Mesos' number for CHOWN, which is 0 in Linux.
const firstCapability = int32(mesos.CapabilityInfo_CHOWN)

// capabilities of a task (linux/capabilities isolator): what is effective has to
// lie within the bounding set, which is the same when not given.
func capabilities(l *mesos.LinuxInfo) (*guard.Capabilities, error) {
	if l.GetCapabilityInfo() != nil && l.EffectiveCapabilities != nil {
		return nil, errors.New("container.linux_info: give only one of capability_info and effective_capabilities")
	}
	field, asked := "effective_capabilities", l.GetEffectiveCapabilities()
	if l.GetCapabilityInfo() != nil {
		field, asked = "capability_info", l.CapabilityInfo
	}
	effective, err := capabilityNumbers(field, asked)
	if err != nil {
		return nil, err
	}
	bounding, err := capabilityNumbers("bounding_capabilities", l.GetBoundingCapabilities())
	switch {
	case err != nil:
		return nil, err
	case effective == nil && bounding == nil:
		return nil, nil
	case bounding == nil:
		bounding = effective
	}
	for _, n := range effective {
		if !slices.Contains(bounding, n) {
			return nil, fmt.Errorf("container.linux_info.%s: %v is not among bounding_capabilities", field, mesos.CapabilityInfo_Capability(int32(n)+firstCapability))
		}
	}
	return &guard.Capabilities{Effective: effective, Bounding: bounding}, nil
}

// capabilityNumbers are those of capabilities(7); nil when nothing is asked.
// Capabilities newer than our Mesos types come as their numbers.
func capabilityNumbers(field string, c *mesos.CapabilityInfo) ([]int, error) {
	if c == nil {
		return nil, nil
	}
	numbers := []int{}
	for _, name := range c.Capabilities {
		n := int32(name) - firstCapability
		if n < 0 || n > 63 {
			return nil, fmt.Errorf("container.linux_info.%s: %v: not a capability of Linux", field, name)
		}
		numbers = append(numbers, int(n))
	}
	return numbers, nil
}

// terminal of a task.
func terminal(t *mesos.TTYInfo) (*guard.TTY, error) {
	if t == nil {
		return nil, nil
	}
	size := t.GetWindowSize()
	if size == nil {
		return &guard.TTY{}, nil
	}
	if size.Rows > math.MaxUint16 || size.Columns > math.MaxUint16 {
		return nil, fmt.Errorf("container.tty_info.window_size: %d rows and %d columns; at most %d are allowed", size.Rows, size.Columns, math.MaxUint16)
	}
	return &guard.TTY{Rows: uint16(size.Rows), Columns: uint16(size.Columns)}, nil
}
