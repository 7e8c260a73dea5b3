package failpoint_test

import (
	"slices"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

func TestPointsAreDistinct(t *testing.T) {
	points := slices.Sorted(slices.Values(failpoint.Points))
	if n := len(points); n == 0 || len(slices.Compact(points)) != n {
		t.Errorf("%d points, some of them twice: %v", n, points)
	}
}
