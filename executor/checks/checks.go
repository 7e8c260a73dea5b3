// Package checks runs the checks and health checks of a task.
package checks

import "time"

// Check is one check in the executor's own words. Exactly one of Command, HTTP
// and TCP is set.
type Check struct {
	Command *Command
	HTTP    *HTTP
	TCP     *TCP
	Delay   time.Duration // before the first run
	// Interval is the pause between the end of one run and the next.
	Interval time.Duration
	Timeout  time.Duration // of one run; 0 means none
}

// Health is a health check.
type Health struct {
	Check
	// Failures in a row after which the task is to be killed; 0 means the first.
	Failures int
	// Grace after Start in which failures of a task that was never healthy do not
	// count.
	Grace time.Duration
}

// Command is a program that is run beside the task; exit status 0 is success.
type Command struct {
	Argv []string
	Env  []string
}

// HTTP is a GET request to the loopback address.
type HTTP struct {
	Scheme string // http or https; certificates are not verified
	Port   int
	Path   string
	IPv6   bool
}

// TCP is a connection to the loopback address.
type TCP struct {
	Port int
	IPv6 bool
}
