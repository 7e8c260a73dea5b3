package marathon

import (
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Check is an app's "check", which informs and kills nothing. Exactly one of
// Exec, HTTP and TCP is set.
type Check struct {
	Exec            *ExecCheck `json:"exec,omitempty"`
	HTTP            *PortCheck `json:"http,omitempty"`
	TCP             *PortCheck `json:"tcp,omitempty"`
	IntervalSeconds float64    `json:"intervalSeconds"`
	TimeoutSeconds  float64    `json:"timeoutSeconds"`
	DelaySeconds    float64    `json:"delaySeconds"`
}

// ExecCheck runs a shell command.
type ExecCheck struct {
	Command struct {
		Shell string `json:"shell"`
	} `json:"command"`
}

// PortCheck asks a port; Path is HTTP's.
type PortCheck struct {
	Port      *uint32 `json:"port,omitempty"`
	PortIndex *int    `json:"portIndex,omitempty"`
	Path      *string `json:"path,omitempty"`
}

func (c Check) validate(ports int) error {
	set := 0
	for _, is := range []bool{c.Exec != nil, c.HTTP != nil, c.TCP != nil} {
		if is {
			set++
		}
	}
	if set != 1 {
		return fmt.Errorf("want one of exec, http and tcp")
	}
	for _, p := range []*PortCheck{c.HTTP, c.TCP} {
		if p != nil {
			return validatePort(p.Port, p.PortIndex, ports)
		}
	}
	return nil
}

func (c Check) mesos(ports []uint64) *mesos.CheckInfo {
	m := &mesos.CheckInfo{DelaySeconds: &c.DelaySeconds, IntervalSeconds: &c.IntervalSeconds, TimeoutSeconds: &c.TimeoutSeconds}
	switch {
	case c.Exec != nil:
		m.Type = mesos.CheckInfo_COMMAND
		m.Command = &mesos.CheckInfo_Command{Command: *shell(c.Exec.Command.Shell)}
	case c.HTTP != nil:
		m.Type = mesos.CheckInfo_HTTP
		m.HTTP = &mesos.CheckInfo_Http{Port: port(c.HTTP.Port, c.HTTP.PortIndex, ports), Path: c.HTTP.Path}
	default:
		m.Type = mesos.CheckInfo_TCP
		m.TCP = &mesos.CheckInfo_Tcp{Port: port(c.TCP.Port, c.TCP.PortIndex, ports)}
	}
	return m
}
