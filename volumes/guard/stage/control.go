package stage

import (
	"fmt"
	"io"

	"golang.org/x/sys/unix"
)

// control reads the control socket and collects the descriptors that come over
// it. A plain read would drop those.
type control struct {
	received []int
	oob      [1040]byte // room for ManyDescriptors
}

// ManyDescriptors is the most that the kernel passes at once (SCM_MAX_FD).
const ManyDescriptors = 253

func (c *control) Read(p []byte) (int, error) {
	for {
		n, length, _, _, err := unix.Recvmsg(ControlFD, p, c.oob[:], unix.MSG_CMSG_CLOEXEC)
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return 0, fmt.Errorf("read the control socket: %w", err)
		case n == 0:
			return 0, io.EOF
		}
		return n, c.take(c.oob[:length])
	}
}

func (c *control) take(oob []byte) error {
	if len(oob) == 0 {
		return nil
	}
	messages, err := unix.ParseSocketControlMessage(oob)
	if err != nil {
		return fmt.Errorf("receive descriptors: %w", err)
	}
	for _, m := range messages {
		fds, err := unix.ParseUnixRights(&m)
		if err != nil {
			return fmt.Errorf("receive descriptors: %w", err)
		}
		c.received = append(c.received, fds...)
	}
	return nil
}
