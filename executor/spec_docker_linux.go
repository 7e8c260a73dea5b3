package executor

import (
	"errors"
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/moby/moby/api/types/container"
)

// linux is what linux_info asks for.
func (d *draft) linux() error {
	l := d.info.LinuxInfo
	h := &d.c.Host
	caps, err := capabilities(l)
	if err != nil {
		return err
	}
	if caps != nil && caps.Effective == nil {
		return errors.New("container.linux_info.bounding_capabilities: a docker container has one set: give effective_capabilities as well")
	}
	if caps != nil {
		h.CapDrop = []string{"ALL"} // the engine has one set, so what is effective is the bounding set as well
		for _, n := range caps.Effective {
			h.CapAdd = append(h.CapAdd, capabilityName(n))
		}
	}
	if l.GetSeccomp().GetUnconfined() {
		h.SecurityOpt = append(h.SecurityOpt, "seccomp=unconfined")
	}
	switch l.GetIPCMode() {
	case mesos.LinuxInfo_PRIVATE:
		h.IpcMode = container.IPCModePrivate
	case mesos.LinuxInfo_SHARE_PARENT:
		h.IpcMode = container.IPCModeHost
	}
	if l != nil && l.SHMSize != nil {
		if h.IpcMode.IsHost() {
			return fmt.Errorf("container.linux_info.shm_size: %d: ipc_mode SHARE_PARENT has the node's /dev/shm: give only one", *l.SHMSize)
		}
		h.ShmSize = int64(*l.SHMSize) * mebibyte
	}
	return nil
}

// newCapabilities are those that our Mesos types do not name.
var newCapabilities = map[int]string{38: "PERFMON", 39: "BPF", 40: "CHECKPOINT_RESTORE"}

// capabilityName as the engine has it, without CAP_.
func capabilityName(number int) string {
	if name, ok := newCapabilities[number]; ok {
		return name
	}
	return mesos.CapabilityInfo_Capability(int32(number) + firstCapability).String()
}
