package executor

import (
	"errors"
	"fmt"
	"math"
	"net/url"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// checkReader turns a task's check and health check into ours. What Mesos itself
// refuses (common/validation.cpp) is an error that names the field.
type checkReader struct {
	field string   // "check" or "health_check"
	env   []string // of a check's command, before its own
	read  func(field string, c *mesos.CommandInfo) (program string, argv []string, err error)
	// sameUser is an error unless a command's user is the task's own.
	sameUser func(field, user string) error
}

func (r checkReader) fail(field, format string, a ...any) error {
	return fmt.Errorf("%s.%s: %s", r.field, field, fmt.Sprintf(format, a...))
}

// check reads a CheckInfo; nil is none.
func (r checkReader) check(c *mesos.CheckInfo) (*checks.Check, error) {
	if c == nil {
		return nil, nil
	}
	out, err := r.times(c.GetDelaySeconds(), c.GetIntervalSeconds(), c.GetTimeoutSeconds())
	if err != nil {
		return nil, err
	}
	switch {
	case c.Type == mesos.CheckInfo_COMMAND && c.Command != nil:
		out.Command, err = r.command("command.command", &c.Command.Command)
	case c.Type == mesos.CheckInfo_HTTP && c.HTTP != nil:
		out.HTTP, err = r.http("http", c.HTTP.Port, c.HTTP.GetPath())
	case c.Type == mesos.CheckInfo_TCP && c.TCP != nil:
		out.TCP, err = r.tcp(c.TCP.Port)
	default:
		err = r.wrongType(c.Type)
	}
	return &out, err
}

// health reads a HealthCheck; nil is none.
func (r checkReader) health(h *mesos.HealthCheck) (*checks.Health, error) {
	if h == nil {
		return nil, nil
	}
	times, err := r.times(h.GetDelaySeconds(), h.GetIntervalSeconds(), h.GetTimeoutSeconds())
	if err != nil {
		return nil, err
	}
	out := checks.Health{Check: times, Failures: int(h.GetConsecutiveFailures())}
	if out.Grace, err = r.seconds("grace_period_seconds", h.GetGracePeriodSeconds()); err != nil {
		return nil, err
	}
	switch {
	case h.Type == mesos.HealthCheck_COMMAND && h.Command != nil:
		out.Command, err = r.command("command", h.Command)
	case h.Type == mesos.HealthCheck_HTTP && h.HTTP != nil:
		out.HTTP, err = r.healthHTTP(h.HTTP)
	case h.Type == mesos.HealthCheck_TCP && h.TCP != nil:
		if out.TCP, err = r.tcp(h.TCP.Port); err == nil {
			out.TCP.IPv6, err = r.ipv6("tcp", h.TCP.GetProtocol())
		}
	default:
		err = r.wrongType(h.Type)
	}
	return &out, err
}

func (r checkReader) wrongType(given fmt.Stringer) error {
	return r.fail("type", "%v without what it checks; COMMAND with command, HTTP with http and TCP with tcp are allowed", given)
}

func (r checkReader) times(delay, interval, timeout float64) (c checks.Check, err error) {
	if c.Delay, err = r.seconds("delay_seconds", delay); err != nil {
		return c, err
	}
	if c.Interval, err = r.seconds("interval_seconds", interval); err != nil {
		return c, err
	}
	c.Timeout, err = r.seconds("timeout_seconds", timeout)
	return c, err
}

// maxSeconds is about a hundred years.
const maxSeconds = 100 * 366 * 24 * 3600

func (r checkReader) seconds(field string, value float64) (time.Duration, error) {
	if math.IsNaN(value) || value < 0 || value > maxSeconds {
		return 0, r.fail(field, "%v: seconds from 0 to %d are allowed", value, maxSeconds)
	}
	return time.Duration(value * float64(time.Second)), nil
}

// command reads what a check runs: with r.env and its own environment on top, as
// the task's user.
func (r checkReader) command(field string, c *mesos.CommandInfo) (*checks.Command, error) {
	field = r.field + "." + field
	program, argv, err := r.read(field, c)
	if err != nil {
		return nil, err
	}
	if err := r.sameUser(field+".user", c.GetUser()); err != nil {
		return nil, err
	}
	env, err := addVariables(append([]string(nil), r.env...), field, c.GetEnvironment())
	if err != nil {
		return nil, err
	}
	return &checks.Command{Program: program, Argv: argv, Env: env}, nil
}

func (r checkReader) http(field string, port uint32, path string) (*checks.HTTP, error) {
	if path != "" && !strings.HasPrefix(path, "/") {
		return nil, r.fail(field+".path", "%q: must begin with /", path)
	}
	if _, err := url.Parse("http://127.0.0.1" + path); err != nil {
		return nil, r.fail(field+".path", "%q: %v", path, errors.Unwrap(err))
	}
	p, err := r.port(field, port)
	return &checks.HTTP{Scheme: "http", Port: p, Path: path}, err
}

func (r checkReader) healthHTTP(h *mesos.HealthCheck_HTTPCheckInfo) (*checks.HTTP, error) {
	out, err := r.http("http", h.Port, h.GetPath())
	if err != nil {
		return nil, err
	}
	if h.Scheme != nil {
		out.Scheme = *h.Scheme
	}
	if out.Scheme != "http" && out.Scheme != "https" {
		return nil, r.fail("http.scheme", "%q: http and https are allowed", out.Scheme)
	}
	out.Statuses = h.Statuses
	out.IPv6, err = r.ipv6("http", h.GetProtocol())
	return out, err
}

func (r checkReader) tcp(port uint32) (*checks.TCP, error) {
	p, err := r.port("tcp", port)
	return &checks.TCP{Port: p}, err
}

func (r checkReader) port(field string, port uint32) (int, error) {
	if port == 0 || port > math.MaxUint16 {
		return 0, r.fail(field+".port", "%d: 1 to %d are allowed", port, math.MaxUint16)
	}
	return int(port), nil
}

func (r checkReader) ipv6(field string, p mesos.NetworkInfo_Protocol) (bool, error) {
	if p != mesos.IPv4 && p != mesos.IPv6 {
		return false, r.fail(field+".protocol", "%v: IPv4 and IPv6 are allowed", p)
	}
	return p == mesos.IPv6, nil
}
