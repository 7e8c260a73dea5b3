//go:build soak

package executor_test

import (
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// TestSoakAsDockerRun has other options each time.
func TestSoakAsDockerRun(t *testing.T) {
	h := newByHand(t)
	generated := options(slices.Concat(dockerRunLines(t)))
	rapid.Check(t, func(r *rapid.T) {
		if d := h.agree(t.Context(), generated.Draw(r, "options")); d != "" {
			r.Error(d)
		}
	})
}
