package agent

import (
	"strconv"
	"time"
)

// formatDuration prints as Mesos does (stout/duration.hpp): the largest unit
// that fits, and the next smaller one where only that is whole.
func formatDuration(d time.Duration) string {
	if d == 0 {
		return "0ns"
	}
	units := []struct {
		size time.Duration
		name string
	}{
		{7 * 24 * time.Hour, "weeks"},
		{24 * time.Hour, "days"},
		{time.Hour, "hrs"},
		{time.Minute, "mins"},
		{time.Second, "secs"},
		{time.Millisecond, "ms"},
		{time.Microsecond, "us"},
		{time.Nanosecond, "ns"},
	}
	i := 0
	for i < len(units)-1 && d < units[i].size {
		i++
	}
	if d%units[i].size != 0 && i < len(units)-1 && d%units[i+1].size == 0 {
		i++
	}
	return strconv.FormatFloat(float64(d)/float64(units[i].size), 'g', 15, 64) + units[i].name
}
