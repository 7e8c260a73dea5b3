package docker_test

import (
	"strings"
	"testing"
)

// The engine tells only that a process of the container was killed for want of
// memory: one that outlives it was not killed, and is not said to have been.
func TestOutOfMemoryOfAChild(t *testing.T) {
	c := task(t, "sh -c 'tail /dev/zero'; exit 3")
	c.Host.Memory = 16 << 20
	b := started(t, open(t, shared), c)
	wantStatus(t, b, 3)
	if !b.OutOfMemory() || !strings.Contains(b.Why(), "killed a process of it") {
		t.Errorf("out of memory: %v, why: %q", b.OutOfMemory(), b.Why())
	}
}
