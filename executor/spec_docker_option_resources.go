package executor

import (
	"errors"
	"fmt"
	"math"
	"path"
	"regexp"
	"strconv"
	"strings"

	"github.com/docker/go-units"
	"github.com/moby/moby/api/types/blkiodev"
	"github.com/moby/moby/api/types/container"
)

// resourceOptions are limits and devices. The agent's own limits hold besides
// where the container's cgroup is below the executor's.
var resourceOptions = map[string]option{
	"cpu-period":         integer(func(d *draft) *int64 { return &d.c.Host.CPUPeriod }),
	"cpu-quota":          integer(func(d *draft) *int64 { return &d.c.Host.CPUQuota }),
	"cpu-rt-period":      integer(func(d *draft) *int64 { return &d.c.Host.CPURealtimePeriod }),
	"cpu-rt-runtime":     integer(func(d *draft) *int64 { return &d.c.Host.CPURealtimeRuntime }),
	"cpu-shares":         integer(func(d *draft) *int64 { return &d.c.Host.CPUShares }),
	"cpus":               cpusOption,
	"cpuset-cpus":        text(func(d *draft) *string { return &d.c.Host.CpusetCpus }),
	"cpuset-mems":        text(func(d *draft) *string { return &d.c.Host.CpusetMems }),
	"memory":             size(func(d *draft) *int64 { return &d.c.Host.Memory }),
	"memory-reservation": size(func(d *draft) *int64 { return &d.c.Host.MemoryReservation }),
	"memory-swap":        sizeOrNone(func(d *draft) *int64 { return &d.c.Host.MemorySwap }),
	"memory-swappiness":  between(-1, 100, func(d *draft, n int64) { d.c.Host.MemorySwappiness = &n }),
	"oom-kill-disable":   oomKillDisable,
	"oom-score-adj":      between(-1000, 1000, func(d *draft, n int64) { d.c.Host.OomScoreAdj = int(n) }),
	"pids-limit":         between(math.MinInt64, math.MaxInt64, func(d *draft, n int64) { d.c.Host.PidsLimit = &n }),
	"shm-size":           size(func(d *draft) *int64 { return &d.c.Host.ShmSize }),
	"storage-opt":        pairs(func(d *draft) *map[string]string { return &d.c.Host.StorageOpt }),
	"ulimit":             ulimitOption,

	"blkio-weight":        blkioWeight,
	"blkio-weight-device": weightDevice,
	"device-read-bps":     throttle(rateOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceReadBps }),
	"device-read-iops":    throttle(countOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceReadIOps }),
	"device-write-bps":    throttle(rateOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceWriteBps }),
	"device-write-iops":   throttle(countOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceWriteIOps }),

	"device":             deviceOption,
	"device-cgroup-rule": deviceRule,
	"gpus":               gpusOption,
}

func oomKillDisable(d *draft, value string) error {
	d.c.Host.OomKillDisable = new(bool)
	return boolean(func(d *draft) *bool { return d.c.Host.OomKillDisable })(d, value)
}

// ulimitOption takes the place of an earlier one of the same name.
func ulimitOption(d *draft, value string) error {
	u, err := units.ParseUlimit(value)
	if err != nil {
		return fmt.Errorf("%w: <name>=<soft>[:<hard>] is allowed", err)
	}
	for i, before := range d.c.Host.Ulimits {
		if before.Name == u.Name {
			d.c.Host.Ulimits[i] = u
			return nil
		}
	}
	d.c.Host.Ulimits = append(d.c.Host.Ulimits, u)
	return nil
}

var errDevice = errors.New("<device of the node>[:<in the container>][:<some of rwm>] is allowed")

func deviceOption(d *draft, value string) error {
	parts := strings.Split(value, ":")
	host := path.Clean(parts[0])
	m := container.DeviceMapping{PathOnHost: host, PathInContainer: host, CgroupPermissions: "rwm"}
	rest := parts[1:]
	if n := len(rest); n > 0 && isDeviceMode(rest[n-1]) {
		m.CgroupPermissions, rest = rest[n-1], rest[:n-1]
	}
	if len(rest) == 1 {
		m.PathInContainer, rest = path.Clean(rest[0]), nil
	}
	if len(rest) > 0 || !path.IsAbs(m.PathOnHost) || !path.IsAbs(m.PathInContainer) {
		return errDevice
	}
	d.c.Host.Devices = append(d.c.Host.Devices, m)
	return nil
}

// isDeviceMode: each of rwm at most once.
func isDeviceMode(text string) bool {
	for i, c := range text {
		if !strings.ContainsRune("rwm", c) || strings.ContainsRune(text[:i], c) {
			return false
		}
	}
	return text != ""
}

var deviceRuleForm = regexp.MustCompile(`^[acb] ([0-9]+|\*):([0-9]+|\*) [rwm]{1,3}$`)

func deviceRule(d *draft, value string) error {
	if !deviceRuleForm.MatchString(value) {
		return errors.New("<c, b or a> <major>:<minor> <some of rwm> is allowed; a number may be *")
	}
	d.c.Host.DeviceCgroupRules = append(d.c.Host.DeviceCgroupRules, value)
	return nil
}

// Weights that the kernel has for block devices.
const (
	minWeight = 10
	maxWeight = 1000
)

// throttle reads <device>:<rate>.
func throttle(rate func(string) (uint64, error), field func(*draft) *[]*blkiodev.ThrottleDevice) option {
	return func(d *draft, value string) error {
		device, text, _ := strings.Cut(value, ":")
		n, err := rate(text)
		if err != nil || !strings.HasPrefix(device, "/dev/") {
			return errors.New("/dev/<device>:<rate> is allowed")
		}
		*field(d) = append(*field(d), &blkiodev.ThrottleDevice{Path: device, Rate: n})
		return nil
	}
}

func countOf(text string) (uint64, error) { return strconv.ParseUint(text, 10, 64) }

func rateOf(text string) (uint64, error) {
	n, err := bytesOf(text)
	return uint64(n), err
}

func blkioWeight(d *draft, value string) error {
	n, err := strconv.ParseUint(value, 0, 16)
	if err != nil || n > maxWeight {
		return fmt.Errorf("a whole number from 0 to %d is allowed", maxWeight)
	}
	d.c.Host.BlkioWeight = uint16(n)
	return nil
}

func weightDevice(d *draft, value string) error {
	device, text, _ := strings.Cut(value, ":")
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n != 0 && n < minWeight || n > maxWeight || !strings.HasPrefix(device, "/dev/") {
		return errors.New("/dev/<device>:<weight from 10 to 1000> is allowed")
	}
	d.c.Host.BlkioWeightDevice = append(d.c.Host.BlkioWeightDevice, &blkiodev.WeightDevice{Path: device, Weight: uint16(n)})
	return nil
}
