//go:build !mesos

package integration_test

import "testing"

// On cgroup v2 it is the same. Released agents do not run there.
func TestDockerNothingBesideOnCgroupV2(t *testing.T) {
	t.Parallel()
	nothingBeside(t, true)
}
