package stage

import (
	"slices"
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// bounding is the bounding set that c asks for. Without one of its own it is the
// effective set, which the task's programs could otherwise leave: Mesos' rule
// (src/slave/containerizer/mesos/isolators/linux/capabilities.cpp).
func (c *Capabilities) bounding() []int {
	switch {
	case c == nil:
		return nil
	case c.Bounding != nil:
		return c.Bounding
	}
	return c.Effective
}

// dropBounding comes before the user is changed, since only root may.
func dropBounding(t Task) launchError {
	kept := t.Capabilities.bounding()
	if kept == nil {
		return launchError{}
	}
	for number := 0; prctl(unix.PR_CAPBSET_READ, uintptr(number), 0) == nil; number++ {
		if slices.Contains(kept, number) {
			continue
		}
		if err := prctl(unix.PR_CAPBSET_DROP, uintptr(number), 0); err != nil {
			return failure(stepBounding, number, err)
		}
	}
	return launchError{}
}

// setCapabilities sets the effective, permitted and inheritable set, and for a
// user other than root the ambient one, without which exec would drop them all.
func setCapabilities(t Task) launchError {
	if t.Capabilities == nil || t.Capabilities.Effective == nil {
		return launchError{}
	}
	var data [2]unix.CapUserData
	for _, number := range t.Capabilities.Effective {
		if number < 0 || number > 63 {
			return failure(stepCapabilities, 0, syscall.EINVAL)
		}
		d, bit := &data[number/32], uint32(1)<<(number%32)
		d.Effective, d.Permitted, d.Inheritable = d.Effective|bit, d.Permitted|bit, d.Inheritable|bit
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	_, _, errno := syscall.RawSyscall(syscall.SYS_CAPSET, uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0])), 0)
	if errno != 0 {
		return failure(stepCapabilities, 0, errno)
	}
	if t.User == nil || t.User.UID == 0 {
		return launchError{}
	}
	return setAmbient(t.Capabilities.Effective)
}

func setAmbient(numbers []int) launchError {
	for _, number := range numbers {
		if err := prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_RAISE, uintptr(number)); err != nil {
			return failure(stepAmbient, number, err)
		}
	}
	return launchError{}
}
