//go:build soak

package integration_test

import (
	"os"
	"testing"
	"time"
)

// TestSoakTorture runs for SOAK (a Go duration), or five minutes.
func TestSoakTorture(t *testing.T) { torture(t, 6, soakLength(t)) }

func soakLength(t *testing.T) time.Duration {
	length := 5 * time.Minute
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	return length
}
