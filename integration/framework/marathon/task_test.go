package marathon_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/framework/marathon"
)

func ptr[T any](v T) *T { return &v }

const whole = `{
  "id": "/web/db", "cmd": "./db", "executor": "./my-executor", "user": "root",
  "cpus": 0.5, "mem": 64, "disk": 10, "version": "2015-02-03T12:30:00.000Z",
  "executorResources": {"cpus": 0.2},
  "env": {"FOO": "bar", "PORT0": "mine"},
  "labels": {"flocker.volume": "db:data", "b": "2"},
  "fetch": [{"uri": "http://h/my-executor", "executable": true}, {"uri": "http://h/x.tgz", "extract": false, "cache": true, "destPath": "y"}],
  "portDefinitions": [{"port": 0, "protocol": "tcp,udp", "name": "main", "labels": {"l": "v"}}, {"port": 9000}],
  "taskKillGracePeriodSeconds": 7,
  "healthChecks": [{"protocol": "HTTP"}, {"protocol": "MESOS_HTTP", "path": "/ok", "portIndex": 1}, {"protocol": "COMMAND", "command": {"value": "true"}}],
  "check": {"exec": {"command": {"shell": "test -e x"}}, "intervalSeconds": 5},
  "container": {"type": "MESOS", "volumes": [{"containerPath": "etc", "hostPath": "/etc", "mode": "RO"}]},
  "constraints": [["hostname", "CLUSTER", "node-1"]]
}`

// Field by field, what goes where for a custom executor.
func TestTaskInfo(t *testing.T) {
	got := parse(t, whole).TaskInfo(0, "web_db.1", offer())
	got.Executor = nil
	discovered := func(n uint32, protocol string, name *string, l *mesos.Labels) mesos.Port {
		return mesos.Port{Number: n, Protocol: &protocol, Name: name, Labels: l}
	}
	labels := &mesos.Labels{Labels: []mesos.Label{{Key: "l", Value: ptr("v")}}}
	want := &mesos.TaskInfo{
		Name: "db.web", TaskID: mesos.TaskID{Value: "web_db.1"}, AgentID: mesos.AgentID{Value: "S0"},
		Resources: []mesos.Resource{scalar("cpus", 0.5), scalar("mem", 64), scalar("disk", 10), {
			Name: "ports", Type: mesos.RANGES.Enum(),
			Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 31000, End: 31000}, {Begin: 31001, End: 31001}}},
		}},
		Labels: &mesos.Labels{Labels: []mesos.Label{{Key: "b", Value: ptr("2")}, {Key: "flocker.volume", Value: ptr("db:data")}}},
		Discovery: &mesos.DiscoveryInfo{Visibility: mesos.FRAMEWORK, Name: ptr("db.web"), Ports: &mesos.Ports{Ports: []mesos.Port{
			discovered(31000, "tcp", ptr("main"), labels), discovered(31000, "udp", ptr("main"), labels), discovered(31001, "tcp", nil, nil),
		}}},
		KillPolicy: &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: 7e9}},
		HealthCheck: &mesos.HealthCheck{
			Type: mesos.HealthCheck_HTTP, DelaySeconds: ptr(15.), IntervalSeconds: ptr(60.), TimeoutSeconds: ptr(20.),
			GracePeriodSeconds: ptr(300.), ConsecutiveFailures: ptr(uint32(3)),
			HTTP: &mesos.HealthCheck_HTTPCheckInfo{Scheme: ptr("http"), Port: 31001, Path: ptr("/ok"), Protocol: mesos.IPv4.Enum()},
		},
		Check: &mesos.CheckInfo{
			Type: mesos.CheckInfo_COMMAND, DelaySeconds: ptr(15.), IntervalSeconds: ptr(5.), TimeoutSeconds: ptr(20.),
			Command: &mesos.CheckInfo_Command{Command: mesos.CommandInfo{Shell: ptr(true), Value: ptr("test -e x")}},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("TaskInfo: %s", diff)
	}
}

func scalar(name string, v float64) mesos.Resource {
	return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}}
}

func TestExecutorInfo(t *testing.T) {
	got := parse(t, whole).TaskInfo(0, "web_db.1", offer()).Executor
	env := got.Command.Environment
	got.Command.Environment = nil
	want := &mesos.ExecutorInfo{
		ExecutorID: mesos.ExecutorID{Value: "marathon-web_db.1"},
		Resources:  []mesos.Resource{scalar("cpus", 0.2), scalar("mem", 32), scalar("disk", 10)},
		Container: &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), Mesos: &mesos.ContainerInfo_MesosInfo{}, Volumes: []mesos.Volume{
			{ContainerPath: "etc", HostPath: ptr("/etc"), Mode: mesos.RO.Enum()},
		}},
		Command: &mesos.CommandInfo{
			Value: ptr("chmod ug+rx './my-executor' && exec './my-executor' ./db"), User: ptr("root"),
			URIs: []mesos.CommandInfo_URI{
				{Value: "http://h/my-executor", Executable: ptr(true), Extract: ptr(true), Cache: ptr(false)},
				{Value: "http://h/x.tgz", Executable: ptr(false), Extract: ptr(false), Cache: ptr(true), OutputFile: ptr("y")},
			},
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ExecutorInfo: %s", diff)
	}
	wantEnv := map[string]string{
		"MESOS_TASK_ID": "web_db.1", "MARATHON_APP_ID": "/web/db", "MARATHON_APP_VERSION": "2015-02-03T12:30:00.000Z",
		"MARATHON_APP_RESOURCE_CPUS": "0.5", "MARATHON_APP_RESOURCE_MEM": "64.0", "MARATHON_APP_RESOURCE_DISK": "10.0",
		"MARATHON_APP_RESOURCE_GPUS": "0", "MARATHON_APP_ENFORCE_GROUP_ROLE": "FALSE",
		"MARATHON_APP_LABELS": "B FLOCKER_VOLUME", "MARATHON_APP_LABEL_B": "2", "MARATHON_APP_LABEL_FLOCKER_VOLUME": "db:data",
		"HOST": "node-1", "PORT": "31000", "PORTS": "31000,31001", "PORT0": "mine", "PORT1": "31001",
		"PORT_31000": "31000", "PORT_MAIN": "31000", "PORT_9000": "31001", "FOO": "bar",
	}
	if diff := cmp.Diff(wantEnv, variables(env)); diff != "" {
		t.Errorf("environment: %s", diff)
	}
}

func variables(e *mesos.Environment) map[string]string {
	all := map[string]string{}
	for _, v := range e.Variables {
		all[v.Name] = v.GetValue()
	}
	return all
}

// An app without portDefinitions gets one port, one with none gets none.
func TestDefaults(t *testing.T) {
	app := parse(t, `{"id": "a", "cmd": "x", "executor": "./x"}`)
	if app.Instances != 1 || app.UpgradeStrategy != (marathon.UpgradeStrategy{MinimumHealthCapacity: 1, MaximumOverCapacity: 1}) {
		t.Errorf("instances %d, upgradeStrategy %+v", app.Instances, app.UpgradeStrategy)
	}
	info := app.TaskInfo(0, "a.1", offer())
	env := variables(info.Executor.Command.Environment)
	for name, want := range map[string]string{
		"MARATHON_APP_ID": "/a", "PORT": "31000", "PORT_DEFAULT": "31000",
		"MARATHON_APP_RESOURCE_CPUS": "1.0", "MARATHON_APP_RESOURCE_MEM": "128.0", "MARATHON_APP_RESOURCE_DISK": "0.0", "MARATHON_APP_LABELS": "",
	} {
		if got, found := env[name]; got != want || !found {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	if info.Executor.Container != nil || len(info.Executor.Resources) > 0 || info.Data != nil || info.Labels != nil {
		t.Errorf("more than Marathon sets: %v", info)
	}
	info = parse(t, `{"id": "a", "cmd": "x", "executor": "./x", "portDefinitions": []}`).TaskInfo(0, "a.1", offer())
	if _, found := variables(info.Executor.Command.Environment)["PORTS"]; found || len(info.Resources) != 2 {
		t.Errorf("ports where none were asked for: %v", info)
	}
}

// An offer without the ports that are required suits nobody.
func TestPorts(t *testing.T) {
	required := `{"id": "a", "cmd": "x", "executor": "./x", "requirePorts": true, "portDefinitions": [{"port": %}]}`
	if info := parse(t, strings.Replace(required, "%", "31005", 1)).TaskInfo(0, "a.1", offer()); info.Discovery.Ports.Ports[0].Number != 31005 {
		t.Errorf("another port: %v", info.Discovery)
	}
	if info := parse(t, strings.Replace(required, "%", "80", 1)).TaskInfo(0, "a.1", offer()); info != nil {
		t.Errorf("port 80 was not offered: %v", info)
	}
	if info := parse(t, `{"id": "a", "cmd": "x", "executor": "./x"}`).TaskInfo(0, "a.1", mesos.Offer{}); info != nil {
		t.Errorf("no port was offered: %v", info)
	}
}

// A label that is too long for a variable is left out; TaskInfo has it.
func TestLongLabels(t *testing.T) {
	long := strings.Repeat("v", 512)
	app := parse(t, `{"id": "a", "cmd": "x", "executor": "./x", "labels": {"long": "`+long+`", "`+long[:493]+`": "", "a.b-c": "1"}}`)
	info := app.TaskInfo(0, "a.1", offer())
	env := variables(info.Executor.Command.Environment)
	if env["MARATHON_APP_LABELS"] != "A_B_C" || env["MARATHON_APP_LABEL_A_B_C"] != "1" || len(info.Labels.Labels) != 3 {
		t.Errorf("MARATHON_APP_LABELS %q, %d labels", env["MARATHON_APP_LABELS"], len(info.Labels.Labels))
	}
}

// Old releases send less, but up to 1.1 the whole app definition as data.
func TestReleases(t *testing.T) {
	app := parse(t, whole)
	for r, want := range map[marathon.Release]struct{ data, grace, resources, check, role bool }{
		1: {data: true},
		2: {},
		3: {grace: true},
		6: {grace: true, resources: true},
		8: {grace: true, resources: true, check: true},
		9: {grace: true, resources: true, check: true, role: true},
		0: {grace: true, resources: true, check: true, role: true},
	} {
		info := app.TaskInfo(r, "web_db.1", offer())
		_, role := variables(info.Executor.Command.Environment)["MARATHON_APP_ENFORCE_GROUP_ROLE"]
		got := struct{ data, grace, resources, check, role bool }{
			info.Data != nil, info.KillPolicy != nil, info.Executor.Resources != nil, info.Check != nil, role,
		}
		if got != want {
			t.Errorf("1.%d: %+v, want %+v", r, got, want)
		}
	}
	var data struct {
		ID, Cmd string
		Labels  map[string]string
	}
	if err := json.Unmarshal(app.TaskInfo(1, "web_db.1", offer()).Data, &data); err != nil || data.Cmd != "./db" || data.Labels["b"] != "2" {
		t.Errorf("data: %+v (%v)", data, err)
	}
}
