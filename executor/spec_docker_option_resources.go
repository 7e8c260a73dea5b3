package executor

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"path"
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
	"pids-limit":         between(-1, math.MaxInt64, func(d *draft, n int64) { d.c.Host.PidsLimit = &n }),
	"shm-size":           size(func(d *draft) *int64 { return &d.c.Host.ShmSize }),
	"storage-opt":        pairs(func(d *draft) *map[string]string { return &d.c.Host.StorageOpt }),
	"ulimit":             ulimitOption,

	"blkio-weight":        between(0, 1000, func(d *draft, n int64) { d.c.Host.BlkioWeight = uint16(n) }),
	"blkio-weight-device": weightDevice,
	"device-read-bps":     throttle(bytesOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceReadBps }),
	"device-read-iops":    throttle(countOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceReadIOps }),
	"device-write-bps":    throttle(bytesOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceWriteBps }),
	"device-write-iops":   throttle(countOf, func(d *draft) *[]*blkiodev.ThrottleDevice { return &d.c.Host.BlkioDeviceWriteIOps }),

	"device":             deviceOption,
	"device-cgroup-rule": list(func(d *draft) *[]string { return &d.c.Host.DeviceCgroupRules }),
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
	m := container.DeviceMapping{PathOnHost: parts[0], PathInContainer: parts[0], CgroupPermissions: "rwm"}
	rest := parts[1:]
	if n := len(rest); n > 0 && rest[n-1] != "" && strings.Trim(rest[n-1], "rwm") == "" {
		m.CgroupPermissions, rest = rest[n-1], rest[:n-1]
	}
	if len(rest) == 1 {
		m.PathInContainer, rest = rest[0], nil
	}
	if len(rest) > 0 || !path.IsAbs(m.PathOnHost) || !path.IsAbs(m.PathInContainer) {
		return errDevice
	}
	d.c.Host.Devices = append(d.c.Host.Devices, m)
	return nil
}

// throttle reads <device>:<rate>.
func throttle(rate func(string) (int64, error), field func(*draft) *[]*blkiodev.ThrottleDevice) option {
	return func(d *draft, value string) error {
		device, text, _ := strings.Cut(value, ":")
		n, err := rate(text)
		if err != nil || n < 0 || !strings.HasPrefix(device, "/dev/") {
			return errors.New("/dev/<device>:<rate> is allowed")
		}
		*field(d) = append(*field(d), &blkiodev.ThrottleDevice{Path: device, Rate: uint64(n)})
		return nil
	}
}

func countOf(text string) (int64, error) { return strconv.ParseInt(text, 10, 64) }

func weightDevice(d *draft, value string) error {
	device, text, _ := strings.Cut(value, ":")
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil || n != 0 && n < 10 || n > 1000 || !strings.HasPrefix(device, "/dev/") {
		return errors.New("/dev/<device>:<weight from 10 to 1000> is allowed")
	}
	d.c.Host.BlkioWeightDevice = append(d.c.Host.BlkioWeightDevice, &blkiodev.WeightDevice{Path: device, Weight: uint16(n)})
	return nil
}

// gpusOption reads all, a number, or a list as docker run does:
// device=<id>[,…] in quotes, capabilities=, driver=, count=.
func gpusOption(d *draft, value string) error {
	fields, err := commas(value)
	if err != nil {
		return err
	}
	r := container.DeviceRequest{Options: map[string]string{}}
	words := []string{"gpu"}
	for _, field := range fields {
		key, text, given := strings.Cut(field, "=")
		switch {
		case !given, key == "count":
			r.Count, err = gpuCount(cmp.Or(text, key))
		case key == "device":
			r.DeviceIDs = strings.Split(text, ",")
		case key == "driver":
			r.Driver = text
		case key == "capabilities":
			words = append(words, strings.Split(text, ",")...)
		default:
			err = errors.New("count, device, driver and capabilities are allowed")
		}
		if err != nil {
			return err
		}
	}
	if r.Count == 0 && len(r.DeviceIDs) == 0 {
		r.Count = 1
	}
	r.Capabilities = [][]string{words}
	d.c.Host.DeviceRequests = append(d.c.Host.DeviceRequests, r)
	return nil
}

func gpuCount(text string) (int, error) {
	if text == "all" {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < -1 {
		return 0, fmt.Errorf("count %q: all or a number is allowed", text)
	}
	return n, nil
}
