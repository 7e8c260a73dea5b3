package marathon

import (
	"fmt"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// HealthCheck is one of an app's health checks. Those whose protocol is COMMAND
// or begins with MESOS_ are the executor's; the others are Marathon's own and
// reach no task.
type HealthCheck struct {
	Protocol               string         `json:"protocol"`
	Command                *CommandHealth `json:"command,omitempty"`
	Path                   *string        `json:"path,omitempty"`
	Port                   *uint32        `json:"port,omitempty"`
	PortIndex              *int           `json:"portIndex,omitempty"`
	IPProtocol             string         `json:"ipProtocol"`
	GracePeriodSeconds     float64        `json:"gracePeriodSeconds"`
	IntervalSeconds        float64        `json:"intervalSeconds"`
	TimeoutSeconds         float64        `json:"timeoutSeconds"`
	DelaySeconds           float64        `json:"delaySeconds"`
	MaxConsecutiveFailures uint32         `json:"maxConsecutiveFailures"`
	IgnoreHTTP1xx          bool           `json:"ignoreHttp1xx,omitempty"`
}

// CommandHealth is a shell command.
type CommandHealth struct {
	Value string `json:"value"`
}

func (h HealthCheck) validate(ports int) error {
	switch h.Protocol {
	case "COMMAND":
		if h.Command == nil {
			return fmt.Errorf("protocol COMMAND: command is missing")
		}
		return nil
	case "HTTP", "HTTPS", "TCP", "MESOS_HTTP", "MESOS_HTTPS", "MESOS_TCP":
		return validatePort(h.Port, h.PortIndex, ports)
	}
	return fmt.Errorf("protocol %q: want COMMAND, MESOS_HTTP, MESOS_HTTPS, MESOS_TCP, HTTP, HTTPS or TCP", h.Protocol)
}

func validatePort(port *uint32, index *int, ports int) error {
	if port != nil && index != nil {
		return fmt.Errorf("port and portIndex: want one of the two")
	}
	if i := value(index); port == nil && (i < 0 || i >= ports) {
		return fmt.Errorf("portIndex %d: the app has %d portDefinitions", i, ports)
	}
	return nil
}

// mesosHealth is the first health check that is the executor's; the rest are
// left out, as Marathon does.
func (a App) mesosHealth(ports []uint64) *mesos.HealthCheck {
	for _, h := range a.HealthChecks {
		if m := h.mesos(ports); m != nil {
			return m
		}
	}
	return nil
}

func (h HealthCheck) mesos(ports []uint64) *mesos.HealthCheck {
	m := &mesos.HealthCheck{
		DelaySeconds: &h.DelaySeconds, IntervalSeconds: &h.IntervalSeconds, TimeoutSeconds: &h.TimeoutSeconds,
		GracePeriodSeconds: &h.GracePeriodSeconds, ConsecutiveFailures: &h.MaxConsecutiveFailures,
	}
	switch h.Protocol {
	case "COMMAND":
		m.Type = mesos.HealthCheck_COMMAND
		m.Command = shell(h.Command.Value)
	case "MESOS_HTTP", "MESOS_HTTPS":
		scheme := map[string]string{"MESOS_HTTP": "http", "MESOS_HTTPS": "https"}[h.Protocol]
		m.Type = mesos.HealthCheck_HTTP
		m.HTTP = &mesos.HealthCheck_HTTPCheckInfo{
			Scheme: &scheme, Port: port(h.Port, h.PortIndex, ports), Path: h.Path, Protocol: h.ipProtocol(),
		}
	case "MESOS_TCP":
		m.Type = mesos.HealthCheck_TCP
		m.TCP = &mesos.HealthCheck_TCPCheckInfo{Port: port(h.Port, h.PortIndex, ports), Protocol: h.ipProtocol()}
	default:
		return nil
	}
	return m
}

func (h HealthCheck) ipProtocol() *mesos.NetworkInfo_Protocol {
	if h.IPProtocol == "IPv6" {
		return mesos.IPv6.Enum()
	}
	return mesos.IPv4.Enum()
}

// port is the fixed one, or the one that was assigned to this port definition.
func port(fixed *uint32, index *int, ports []uint64) uint32 {
	if fixed != nil {
		return *fixed
	}
	return uint32(ports[value(index)])
}

func shell(command string) *mesos.CommandInfo {
	return &mesos.CommandInfo{Shell: ptr(true), Value: &command}
}

func value[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
