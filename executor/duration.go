package executor

import (
	"errors"
	"math"
	"strconv"
	"strings"
	"time"
)

var errDuration = errors.New("must be a number with one of ns, us, ms, secs, mins, hrs, days, weeks")

// durationUnits are Mesos' own words (stout/duration.hpp).
var durationUnits = map[string]time.Duration{
	"ns":    time.Nanosecond,
	"us":    time.Microsecond,
	"ms":    time.Millisecond,
	"secs":  time.Second,
	"mins":  time.Minute,
	"hrs":   time.Hour,
	"days":  24 * time.Hour,
	"weeks": 7 * 24 * time.Hour,
}

// ParseDuration reads a duration as Mesos prints it: "5secs", "1.5mins",
// "4500ms". Negative and overlong ones are errors.
func ParseDuration(s string) (time.Duration, error) {
	cut := strings.LastIndexAny(s, "0123456789.") + 1
	unit, ok := durationUnits[s[cut:]]
	if !ok || strings.Trim(s[:cut], "0123456789.") != "" {
		return 0, errDuration
	}
	n, err := strconv.ParseFloat(s[:cut], 64)
	if err != nil || n*float64(unit) >= math.MaxInt64 {
		return 0, errDuration
	}
	return time.Duration(math.Round(n * float64(unit))), nil
}
