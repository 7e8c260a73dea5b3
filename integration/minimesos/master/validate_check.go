package master

import (
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// validateHealthCheck and validateCheck follow src/common/validation.cpp. A
// type of UNKNOWN counts as absent: mesos-go does not tell them apart.
func validateHealthCheck(h *mesos.HealthCheck) error {
	var err error
	switch h.Type {
	case mesos.HealthCheck_COMMAND:
		err = validateCommandHealth(h.Command)
	case mesos.HealthCheck_HTTP:
		err = validateHTTPHealth(h.HTTP)
	case mesos.HealthCheck_TCP:
		if h.TCP == nil {
			err = refusef("Expecting 'tcp' to be set for TCP health check")
		}
	default:
		err = refusef("HealthCheck must specify 'type'")
	}
	if err != nil {
		return err
	}
	return nonNegative(
		named{"delay_seconds", h.DelaySeconds},
		named{"grace_period_seconds", h.GracePeriodSeconds},
		named{"interval_seconds", h.IntervalSeconds},
		named{"timeout_seconds", h.TimeoutSeconds},
	)
}

func validateCommandHealth(c *mesos.CommandInfo) error {
	if c == nil {
		return refusef("Expecting 'command' to be set for COMMAND health check")
	}
	if c.Value == nil {
		return refusef("Command health check must contain %s", commandKind(c))
	}
	return wrap("Health check's `CommandInfo` is invalid", validateCommand(c))
}

func commandKind(c *mesos.CommandInfo) string {
	if c.GetShell() {
		return "'shell command'"
	}
	return "'executable path'"
}

func validateHTTPHealth(h *mesos.HealthCheck_HTTPCheckInfo) error {
	if h == nil {
		return refusef("Expecting 'http' to be set for HTTP health check")
	}
	if scheme := h.GetScheme(); h.Scheme != nil && scheme != "http" && scheme != "https" {
		return refusef("Unsupported HTTP health check scheme: '%s'", scheme)
	}
	if h.Path != nil && !strings.HasPrefix(h.GetPath(), "/") {
		return refusef("The path '%s' of HTTP health check must start with '/'", h.GetPath())
	}
	return nil
}

func validateCheck(c *mesos.CheckInfo) error {
	var err error
	switch c.Type {
	case mesos.CheckInfo_COMMAND:
		err = validateCommandCheck(c.Command)
	case mesos.CheckInfo_HTTP:
		err = validateHTTPCheck(c.HTTP)
	case mesos.CheckInfo_TCP:
		if c.TCP == nil {
			err = refusef("Expecting 'tcp' to be set for TCP check")
		}
	default:
		err = refusef("CheckInfo must specify 'type'")
	}
	if err != nil {
		return err
	}
	return nonNegative(
		named{"delay_seconds", c.DelaySeconds},
		named{"interval_seconds", c.IntervalSeconds},
		named{"timeout_seconds", c.TimeoutSeconds},
	)
}

func validateCommandCheck(c *mesos.CheckInfo_Command) error {
	if c == nil {
		return refusef("Expecting 'command' to be set for COMMAND check")
	}
	if c.Command.Value == nil {
		return refusef("Command check must contain %s", commandKind(&c.Command))
	}
	return wrap("Check's `CommandInfo` is invalid", validateCommand(&c.Command))
}

func validateHTTPCheck(h *mesos.CheckInfo_Http) error {
	if h == nil {
		return refusef("Expecting 'http' to be set for HTTP check")
	}
	if h.Path != nil && !strings.HasPrefix(h.GetPath(), "/") {
		return refusef("The path '%s' of HTTP check must start with '/'", h.GetPath())
	}
	return nil
}

// named is an optional number of seconds.
type named struct {
	name  string
	value *float64
}

func nonNegative(all ...named) error {
	for _, n := range all {
		if n.value != nil && *n.value < 0 {
			return refusef("Expecting '%s' to be non-negative", n.name)
		}
	}
	return nil
}
