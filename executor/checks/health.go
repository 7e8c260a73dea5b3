package checks

import (
	"fmt"
	"time"
)

// counter counts failures in a row (health_checker.cpp success, failure).
type counter struct {
	health  Health
	started time.Time
	healthy bool      // has ever passed
	row     int       // failures that count, since the last success
	since   time.Time // of the first of them
}

// passed returns a verdict for the first success ever and the first after
// failures, nil for the others.
func (c *counter) passed(now time.Time) *Verdict {
	news := !c.healthy || c.row > 0
	message := "health check passed"
	if c.row > 0 {
		message += fmt.Sprintf(" after %s in %v", times(c.row, "failure"), rounded(now.Sub(c.since)))
	}
	c.healthy, c.row = true, 0
	if !news {
		return nil
	}
	return &Verdict{Healthy: true, Message: message}
}

// failed returns a verdict, or nil in the grace period.
func (c *counter) failed(now time.Time, err error) *Verdict {
	if c.graced(now) {
		return nil
	}
	if c.row == 0 {
		c.since = now
	}
	c.row++
	return &Verdict{Kill: c.row >= c.health.Failures, Message: c.message(now, err)}
}

func (c *counter) graced(now time.Time) bool {
	return !c.healthy && c.health.Grace > 0 && now.Sub(c.started) <= c.health.Grace
}

func (c *counter) message(now time.Time, err error) string {
	message := "health check failed"
	if c.row > 1 {
		message += fmt.Sprintf(" %d times in a row in %v", c.row, rounded(now.Sub(c.since)))
	}
	message += ": " + err.Error()
	if !c.healthy {
		message += fmt.Sprintf(" (it has never passed, %v after the task's start)", rounded(now.Sub(c.started)))
	}
	return message
}

func times(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

func rounded(d time.Duration) time.Duration {
	return d.Round(100 * time.Millisecond)
}
