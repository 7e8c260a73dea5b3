package wire_test

import (
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// Proto2 defaults are written for absent fields, but for deprecated ones.
func TestDefaults(t *testing.T) {
	cpus := 1.5
	for _, c := range []struct {
		msg  any
		want string
	}{
		{&mesos.CommandInfo{}, `{"shell":true}`},
		{&mesos.CommandInfo_URI{Value: "u"}, `{"value":"u","extract":true}`},
		{&mesos.Environment_Variable{Name: "A"}, `{"name":"A","type":"VALUE"}`},
		{&mesos.FrameworkInfo{User: "u", Name: "n"}, `{"user":"u","name":"n","failover_timeout":0.0,"checkpoint":false}`},
		{&mesos.CheckInfo{IntervalSeconds: &cpus}, `{"delay_seconds":15.0,"interval_seconds":1.5,"timeout_seconds":20.0}`},
		{
			&mesos.HealthCheck{HTTP: &mesos.HealthCheck_HTTPCheckInfo{Port: 80}},
			`{"delay_seconds":15.0,"interval_seconds":10.0,"timeout_seconds":20.0,"consecutive_failures":3,` +
				`"grace_period_seconds":10.0,"http":{"protocol":"IPv4","port":80}}`,
		},
		{&mesos.ContainerInfo_DockerInfo{Image: "i"}, `{"image":"i","network":"HOST","privileged":false}`},
		{&mesos.LinuxInfo{}, `{"share_cgroups":true}`},
		{&mesos.Image{Type: mesos.Image_DOCKER.Enum()}, `{"type":"DOCKER","cached":true}`},
		{&mesos.Resource{Name: "cpus", Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: 1}}, `{"name":"cpus","type":"SCALAR","scalar":{"value":1.0}}`},
		{&mesos.Filters{}, `{"refuse_seconds":5.0}`},
	} {
		if got, err := wire.MarshalJSON(c.msg); err != nil || string(got) != c.want {
			t.Errorf("%T: %s, %v\nwant %s", c.msg, got, err, c.want)
		}
	}
}
