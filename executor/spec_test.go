package executor_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func withLabels(pairs ...string) mesos.TaskInfo {
	t := info("t")
	t.Labels = &mesos.Labels{}
	for i := 0; i < len(pairs); i += 2 {
		t.Labels.Labels = append(t.Labels.Labels, mesos.Label{Key: pairs[i], Value: &pairs[i+1]})
	}
	return t
}

func withData(data string) mesos.TaskInfo {
	t := info("t")
	t.Data = []byte(data)
	return t
}

func sh(script string) []string { return []string{"/bin/sh", "-c", script} }

func TestCommandSources(t *testing.T) {
	both := withLabels("flocker.command", "from label")
	both.Data = []byte(`{"cmd": "from data"}`)
	for _, c := range []struct {
		name   string
		task   mesos.TaskInfo
		args   []string
		raw    bool
		want   []string
		passed int
	}{
		{"label", withLabels("flocker.command", "echo $X"), nil, false, sh("echo $X"), 0},
		{"label before data before arguments", both, []string{"a", "b"}, false, sh("from label"), 2},
		{"blank label is absent", withLabels("flocker.command", " \t"), []string{"x"}, false, sh("x"), 0},
		{"data value", withData(`{"value": "v", "other": 1}`), nil, false, sh("v"), 0},
		{"data cmd", withData(`{"cmd": "v", "value": "", "command": null}`), nil, false, sh("v"), 0},
		{"data command", withData(`{"command": "v"}`), []string{"x"}, false, sh("v"), 1},
		{"data of another shape", withData(`{"cmd": ["v"]}`), []string{"x"}, false, sh("x"), 0},
		{"data in another case", withData(`{"CMD": "v"}`), []string{"x"}, false, sh("x"), 0},
		{"data that is no object", withData(`["v"]`), []string{"x"}, false, sh("x"), 0},
		{"data with more behind it", withData("{\"command\":\"sleep 100\"}\xff"), []string{"x"}, false, sh("x"), 0},
		{"raw data without the flag", withData("echo raw"), []string{"x"}, false, sh("x"), 0},
		{"raw data", withData("echo raw"), []string{"x"}, true, sh("echo raw"), 1},
		{"raw data of bytes", withData("\xff\xfe"), []string{"x"}, true, sh("x"), 0},
		{"one word is a script", info("t"), []string{"sleep 1; true"}, false, sh("sleep 1; true"), 0},
		{"several are a program", info("t"), []string{"sleep", "1"}, false, []string{"sleep", "1"}, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, err := executor.NewSpec(t.Context(), c.task, executor.SpecOptions{LabelPrefix: "flocker.", Arguments: c.args, RawData: c.raw, Sandbox: "/sandbox"})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(c.want, s.Command.Argv); d != "" {
				t.Error(d)
			}
			if len(s.Passed) != c.passed || s.Command.Dir != "/sandbox" {
				t.Errorf("passed %v, dir %s", s.Passed, s.Command.Dir)
			}
		})
	}
}

func TestSpecRefuses(t *testing.T) {
	change := func(f func(*mesos.TaskInfo)) mesos.TaskInfo {
		task := info("t")
		f(&task)
		return task
	}
	container := func(c mesos.ContainerInfo, kind mesos.ContainerInfo_Type) mesos.TaskInfo {
		c.Type = &kind
		return change(func(t *mesos.TaskInfo) { t.Container = &c })
	}
	host := "h"
	for want, task := range map[string]mesos.TaskInfo{
		"health_check":             change(func(t *mesos.TaskInfo) { t.HealthCheck = &mesos.HealthCheck{} }),
		"support yet: check":       change(func(t *mesos.TaskInfo) { t.Check = &mesos.CheckInfo{} }),
		"max_completion_time":      change(func(t *mesos.TaskInfo) { t.MaxCompletionTime = &mesos.DurationInfo{Nanoseconds: 1} }),
		"yet: command":             change(func(t *mesos.TaskInfo) { t.Command = &mesos.CommandInfo{} }),
		"container of type DOCKER": container(mesos.ContainerInfo{}, mesos.ContainerInfo_DOCKER),
		"container.volumes":        container(mesos.ContainerInfo{Volumes: []mesos.Volume{{}}}, mesos.ContainerInfo_MESOS),
		"container.mesos.image":    container(mesos.ContainerInfo{Mesos: &mesos.ContainerInfo_MesosInfo{Image: &mesos.Image{}}}, mesos.ContainerInfo_MESOS),
		"container.hostname":       container(mesos.ContainerInfo{Hostname: &host}, mesos.ContainerInfo_MESOS),
		"container.network_infos":  container(mesos.ContainerInfo{NetworkInfos: []mesos.NetworkInfo{{}}}, mesos.ContainerInfo_MESOS),
		"container.linux_info":     container(mesos.ContainerInfo{LinuxInfo: &mesos.LinuxInfo{}}, mesos.ContainerInfo_MESOS),
		"container.rlimit_info":    container(mesos.ContainerInfo{RlimitInfo: &mesos.RLimitInfo{}}, mesos.ContainerInfo_MESOS),
		"container.tty_info":       container(mesos.ContainerInfo{TTYInfo: &mesos.TTYInfo{}}, mesos.ContainerInfo_MESOS),
		"label flocker.volum":      withLabels("flocker.volum", "a:b"),
		"label flocker.image":      withLabels("flocker.image", "busybox"),
		"several commands":         withData(`{"cmd": "a", "value": "b"}`),
		"zero byte":                withLabels("flocker.command", "a\x00b"),
	} {
		o := executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"true"}}
		if _, err := executor.NewSpec(t.Context(), task, o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, wanted %q", err, want)
		}
	}
	if _, err := executor.NewSpec(t.Context(), info("t"), executor.SpecOptions{LabelPrefix: "flocker."}); err == nil ||
		!strings.Contains(err.Error(), "flocker.command") {
		t.Errorf("no command: error %v", err)
	}
}

func TestSpecOfAFullTask(t *testing.T) {
	task := withLabels("tier", "db", "org.apache.aurora.metadata.flocker.volume", "webapp-data:/data")
	role, kind := "storage", mesos.ContainerInfo_MESOS
	task.Resources = []mesos.Resource{{Name: "cpus", AllocationInfo: &mesos.Resource_AllocationInfo{Role: &role}}}
	task.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: 7e9}}
	task.Container = &mesos.ContainerInfo{Type: &kind, Mesos: &mesos.ContainerInfo_MesosInfo{}}
	task.Discovery = &mesos.DiscoveryInfo{}
	task.Limits = map[string]mesos.Value_Scalar{"cpus": {Value: 1}}
	s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{
		LabelPrefix: "org.apache.aurora.metadata.flocker.", Arguments: []string{"true"},
		Environ: []string{
			"PATH=/bin", "FLOCKER_ID=keep", "MESOS_ALLOCATION_ROLE=other", "MESOS_SANDBOX=/s", "LIBPROCESS_PORT=0",
			"MESOS_EXECUTOR_AUTHENTICATION_TOKEN=t", "LIBPROCESS_SSL_KEY_FILE=k", "FLOCKER_CONTROL_SERVICE_HOST=h", "FLOCKER_EXECUTOR_LOG_LEVEL=debug",
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"PATH=/bin", "FLOCKER_ID=keep", "MESOS_SANDBOX=/s", "LIBPROCESS_PORT=0", "MESOS_ALLOCATION_ROLE=storage"}
	if d := cmp.Diff(want, s.Command.Env); d != "" {
		t.Error(d)
	}
	if s.KillGrace != 7*time.Second {
		t.Errorf("kill grace %v", s.KillGrace)
	}
	if len(s.Volumes) != 1 || s.Volumes[0].Name != "webapp-data" || s.Volumes[0].Path != "/data" {
		t.Errorf("volumes %+v", s.Volumes)
	}
}

// No label, data or argument upsets the parser, and no error goes without a word.
func FuzzNewSpec(f *testing.F) {
	f.Add("flocker.volume", "a:b:ro", []byte(`{"cmd":"x"}`), "arg")
	f.Add("flocker.command", "x", []byte(`{`), "")
	f.Fuzz(func(t *testing.T, key, value string, data []byte, arg string) {
		task := withLabels(key, value)
		task.Data = data
		s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{arg}, RawData: true})
		if err == nil && (len(s.Command.Argv) == 0 || len(s.Volumes) > 1) {
			t.Errorf("spec %+v", s)
		}
	})
}
