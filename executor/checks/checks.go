package checks

import "time"

// MinInterval is the least pause between two runs: an interval of 0, which Mesos
// allows, would keep a core busy.
const MinInterval = 100 * time.Millisecond

// Check is one check in the executor's own words. Exactly one of Command, HTTP
// and TCP is set.
type Check struct {
	Command *Command
	HTTP    *HTTP
	TCP     *TCP
	Delay   time.Duration // before the first run
	// Interval is the pause between the end of one run and the next, at least
	// MinInterval.
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
	Program string // the file to run; "" means the first of Argv
	Argv    []string
	Env     []string
}

// HTTP is a GET request to the loopback address. Redirects are followed, to any
// host, fifty at most.
type HTTP struct {
	Scheme string // http or https; certificates are not verified
	Port   int
	Path   string // "" or with a leading slash; may carry a query
	IPv6   bool
	// Statuses, of the last answer, that are success; none means 200 to 399.
	Statuses []uint32
}

// TCP is a connection to the loopback address; to be accepted is success.
type TCP struct {
	Port int
	IPv6 bool
}
