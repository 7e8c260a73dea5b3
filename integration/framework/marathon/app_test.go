package marathon_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/framework/marathon"
)

// What Marathon, or this package, would not take.
func TestRefusedDefinitions(t *testing.T) {
	for name, tc := range map[string]struct{ definition, says string }{
		"no JSON":             {`id: /a`, "invalid character"},
		"no id":               {`{"cmd": "x"}`, "id is missing"},
		"unknown field":       {`{"id": "/a", "comand": "x"}`, "comand"},
		"unknown inner field": {`{"id": "/a", "fetch": [{"url": "x"}]}`, "url"},
		"secret":              {`{"id": "/a", "env": {"A": {"secret": "s"}}}`, "env"},
		"protocol":            {`{"id": "/a", "healthChecks": [{"protocol": "ICMP"}]}`, `"ICMP"`},
		"no command":          {`{"id": "/a", "healthChecks": [{"protocol": "COMMAND"}]}`, "command is missing"},
		"no such port":        {`{"id": "/a", "portDefinitions": [], "healthChecks": [{"protocol": "MESOS_TCP"}]}`, "portIndex 0"},
		"two ports":           {`{"id": "/a", "check": {"tcp": {"port": 1, "portIndex": 0}}}`, "one of the two"},
		"two checks":          {`{"id": "/a", "check": {"tcp": {}, "http": {}}}`, "one of exec, http and tcp"},
		"constraint":          {`{"id": "/a", "constraints": [["hostname", "UNIQUE"]]}`, "CLUSTER"},
	} {
		if _, err := marathon.Parse([]byte(tc.definition)); err == nil || !strings.Contains(err.Error(), tc.says) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
	}
}

// What does not go together with flocker-executor is said, field by field.
func TestSound(t *testing.T) {
	const good = `"id": "/a", "labels": {"flocker.volume": "a:data"}, "executor": "./flocker-executor", "upgradeStrategy": {"minimumHealthCapacity": 0, "maximumOverCapacity": 0}`
	for name, tc := range map[string]struct {
		definition string
		says       []string
	}{
		"good":              {`{` + good + `, "cmd": "x"}`, nil},
		"root":              {`{` + good + `, "cmd": "x", "user": "root"}`, nil},
		"not Flocker's":     {`{"id": "/a", "args": ["x"], "instances": 3, "user": "nobody"}`, nil},
		"default upgrade":   {`{"id": "/a", "cmd": "x", "executor": "./flocker-executor"}`, []string{"upgradeStrategy", "want 0 and 0"}},
		"two instances":     {`{` + good + `, "cmd": "x", "instances": 2}`, []string{"instances 2"}},
		"no executor":       {`{"id": "/a", "cmd": "x", "labels": {"flocker.volume": "a:b"}}`, []string{`executor ""`}},
		"no cmd":            {`{` + good + `}`, []string{`cmd ""`}},
		"args":              {`{` + good + `, "args": ["x"]}`, []string{"args", "cmd"}},
		"user":              {`{` + good + `, "cmd": "x", "user": "nobody"}`, []string{`user "nobody"`, "flocker.user"}},
		"container":         {`{` + good + `, "cmd": "x", "container": {"type": "DOCKER", "docker": {"image": "redis:7"}}}`, []string{`image "redis:7"`, "flocker.image"}},
		"mesos's container": {`{` + good + `, "cmd": "x", "container": {"type": "MESOS", "docker": {"image": "redis:7"}}}`, []string{`image "redis:7"`}},
		"host volumes":      {`{` + good + `, "cmd": "x", "container": {"type": "MESOS", "volumes": [{"containerPath": "a", "hostPath": "/a", "mode": "RW"}]}}`, nil},
		"all kept capacity": {`{` + strings.Replace(good, `"minimumHealthCapacity": 0`, `"minimumHealthCapacity": 1`, 1) + `, "cmd": "x"}`, []string{"minimumHealthCapacity 1"}},
	} {
		err := parse(t, tc.definition).Sound()
		if (err != nil) != (tc.says != nil) {
			t.Errorf("%s: %v, want %q", name, err, tc.says)
		}
		for _, want := range tc.says {
			if err != nil && !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v, want %q", name, err, want)
			}
		}
	}
}

// The kinds of checks that TestTaskInfo has not.
func TestChecks(t *testing.T) {
	app := func(checks string) *mesos.TaskInfo {
		return parse(t, `{"id": "/a", "executor": "./x", "cmd": "x", `+checks+`}`).TaskInfo(0, "a.1", offer())
	}
	info := app(`"healthChecks": [{"protocol": "TCP"}, {"protocol": "MESOS_TCP", "port": 80, "ipProtocol": "IPv6", "gracePeriodSeconds": 1}], "check": {"tcp": {"portIndex": 0}}`)
	if diff := cmp.Diff(&mesos.HealthCheck_TCPCheckInfo{Port: 80, Protocol: mesos.IPv6.Enum()}, info.HealthCheck.TCP); diff != "" || *info.HealthCheck.GracePeriodSeconds != 1 {
		t.Errorf("%v %s", info.HealthCheck, diff)
	}
	if diff := cmp.Diff(&mesos.CheckInfo_Tcp{Port: 31000}, info.Check.TCP); diff != "" {
		t.Error(diff)
	}
	info = app(`"healthChecks": [{"protocol": "COMMAND", "command": {"value": "test -e x"}}], "check": {"http": {"port": 81, "path": "/x"}}`)
	if diff := cmp.Diff(&mesos.CommandInfo{Shell: ptr(true), Value: ptr("test -e x")}, info.HealthCheck.Command); diff != "" || info.HealthCheck.Type != mesos.HealthCheck_COMMAND {
		t.Error(diff)
	}
	if diff := cmp.Diff(&mesos.CheckInfo_Http{Port: 81, Path: ptr("/x")}, info.Check.HTTP); diff != "" {
		t.Error(diff)
	}
	if info = app(`"healthChecks": [{"protocol": "HTTP"}]`); info.HealthCheck != nil {
		t.Errorf("Marathon's own check was sent: %v", info.HealthCheck)
	}
}

// A container is the executor's, whatever it is.
func TestContainer(t *testing.T) {
	info := parse(t, `{"id": "/a", "executor": "./x", "cmd": "x", "container": {"type": "DOCKER", "docker": {"image": "i:1", "privileged": true}}}`).TaskInfo(0, "a.1", offer())
	want := &mesos.ContainerInfo_DockerInfo{
		Image: "i:1", Network: mesos.ContainerInfo_DockerInfo_HOST.Enum(), Privileged: ptr(true), ForcePullImage: ptr(false),
		Parameters: []mesos.Parameter{{Key: "label", Value: "MESOS_TASK_ID=a.1"}},
	}
	if diff := cmp.Diff(want, info.Executor.Container.Docker); diff != "" || info.Container != nil {
		t.Errorf("%v %s", info.Container, diff)
	}
	if image := variables(info.Executor.Command.Environment)["MARATHON_APP_DOCKER_IMAGE"]; image != "i:1" {
		t.Errorf("MARATHON_APP_DOCKER_IMAGE is %q", image)
	}
	info = parse(t, `{"id": "/a", "executor": "./x", "cmd": "x", "container": {"type": "MESOS", "docker": {"image": "i:1"}}}`).TaskInfo(0, "a.1", offer())
	if c := info.Executor.Container; c.GetType() != mesos.ContainerInfo_MESOS || c.Mesos.Image.Docker.Name != "i:1" {
		t.Errorf("container: %v", c)
	}
}
