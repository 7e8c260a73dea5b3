package marathon

import (
	"bytes"
	"encoding/json"
)

// strict decodes JSON into v, which holds the defaults; fields that v does not
// have are errors.
func strict(data []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	return d.Decode(v)
}

// UnmarshalJSON has Marathon's defaults (artifact.raml).
func (f *Fetch) UnmarshalJSON(data []byte) error {
	type plain Fetch
	v := plain{Extract: true}
	err := strict(data, &v)
	*f = Fetch(v)
	return err
}

// UnmarshalJSON has Marathon's defaults (app.raml).
func (p *PortDefinition) UnmarshalJSON(data []byte) error {
	type plain PortDefinition
	v := plain{Protocol: "tcp"}
	err := strict(data, &v)
	*p = PortDefinition(v)
	return err
}

// UnmarshalJSON has Marathon's defaults (resources.raml).
func (r *ExecutorResources) UnmarshalJSON(data []byte) error {
	type plain ExecutorResources
	v := plain{CPUs: 0.1, Mem: 32, Disk: 10}
	err := strict(data, &v)
	*r = ExecutorResources(v)
	return err
}

// UnmarshalJSON has Marathon's defaults (healthCheck.raml).
func (h *HealthCheck) UnmarshalJSON(data []byte) error {
	type plain HealthCheck
	v := plain{
		Protocol: "HTTP", IPProtocol: "IPv4", MaxConsecutiveFailures: 3,
		GracePeriodSeconds: 300, IntervalSeconds: 60, TimeoutSeconds: 20, DelaySeconds: 15,
	}
	err := strict(data, &v)
	*h = HealthCheck(v)
	return err
}

// UnmarshalJSON has Marathon's defaults (check.raml).
func (c *Check) UnmarshalJSON(data []byte) error {
	type plain Check
	v := plain{IntervalSeconds: 60, TimeoutSeconds: 20, DelaySeconds: 15}
	err := strict(data, &v)
	*c = Check(v)
	return err
}

func ptr[T any](v T) *T { return &v }
