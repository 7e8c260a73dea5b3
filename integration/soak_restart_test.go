//go:build soak

package integration_test

import "testing"

// TestSoakRestarts runs for SOAK (a Go duration), or five minutes.
func TestSoakRestarts(t *testing.T) { restarts(t, 6, soakLength(t)) }
