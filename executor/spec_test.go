package executor_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
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

func TestSpecRefuses(t *testing.T) {
	for want, task := range map[string]mesos.TaskInfo{
		"label flocker.volum": withLabels("flocker.volum", "a:b"),
		"label flocker.image-file: value \"a.tar\": only a docker container has an image": withLabels("flocker.image-file", "a.tar"),
		"several commands":                         withData(`{"cmd": "a", "value": "b"}`),
		"command from flocker.command: contains a": withLabels("flocker.command", "a\x00b"),
	} {
		refuses(t, task, false, want)
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
	task.Resources = append(task.Resources, mesos.Resource{Name: "ports", Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 31000, End: 31001}}}})
	task.Discovery = &mesos.DiscoveryInfo{
		Name: ptr("db"), Ports: &mesos.Ports{Ports: []mesos.Port{{Number: 31000}}},
	}
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
	want := []string{"PATH=/bin", "FLOCKER_ID=keep", "MESOS_ALLOCATION_ROLE=storage", "MESOS_SANDBOX=/s", "LIBPROCESS_PORT=0"}
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

// A task of a group has a folder of its own, with its output.
func TestSpecOfATaskOfAGroup(t *testing.T) {
	task := info("web.1")
	task.Command = &mesos.CommandInfo{Value: ptr("true")}
	o := executor.SpecOptions{LabelPrefix: "flocker.", Sandbox: "/s", Group: true, Environ: []string{"MESOS_SANDBOX=/s", "LIBPROCESS_IP=10.0.0.1"}}
	s, err := executor.NewSpec(t.Context(), task, o)
	if err != nil {
		t.Fatal(err)
	}
	want := guard.Task{
		Argv: sh("true"), Dir: "/s/tasks/web.1", Stdout: "/s/tasks/web.1/stdout", Stderr: "/s/tasks/web.1/stderr",
		Env: []string{"MESOS_SANDBOX=/s/tasks/web.1", "LIBPROCESS_IP=10.0.0.1", "MESOS_CONTAINER_IP=10.0.0.1", "MESOS_ALLOCATION_ROLE="},
	}
	if d := cmp.Diff(want, s.Command); d != "" || s.Sandbox != want.Dir {
		t.Errorf("sandbox %s, %s", s.Sandbox, d)
	}
	for _, id := range []string{"", ".", "..", "a/b", `a\b`, "a\nb", "\x00", strings.Repeat("a", 256)} {
		task.TaskID.Value = id
		refuses(t, task, true, fmt.Sprintf("task id %q: ", id))
	}
	task.TaskID.Value = "a/b" // names no directory when it is alone
	accepted(t, task)
}

// Aurora's labels carry its own prefix.
func TestSpecWithAurorasLabels(t *testing.T) {
	const aurora = "org.apache.aurora.metadata."
	for name, c := range map[string]struct {
		labels []string
		says   string // "" when accepted
	}{
		"all":                 {[]string{aurora + "flocker.volume", "a:b", aurora + "flocker.volume.c", "c:d:ro", aurora + "flocker.command", "true", aurora + "flocker.user", "nobody"}, ""},
		"with others":         {[]string{aurora + "flocker.command", "true", aurora + "owner", "x", "org.apache.aurora.tier", "preferred", "flocker.volum", "not ours"}, ""},
		"typo":                {[]string{aurora + "flocker.volum", "a:b"}, "did you mean " + aurora + "flocker.volume?"},
		"only the usual ones": {[]string{"flocker.command", "true"}, "label " + aurora + "flocker.command"},
		"bad user":            {[]string{aurora + "flocker.command", "true", aurora + "flocker.user", "no-such-user"}, "label " + aurora + `flocker.user: value "no-such-user"`},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := executor.NewSpec(t.Context(), withLabels(c.labels...), executor.SpecOptions{LabelPrefix: aurora + "flocker."})
			switch {
			case c.says == "" && (err != nil || !slices.Equal(s.Command.Argv, sh("true")) || s.Source != aurora+"flocker.command"):
				t.Errorf("%v: %v from %s", err, s.Command.Argv, s.Source)
			case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says)):
				t.Errorf("%v; want it to say %q", err, c.says)
			}
			if name == "all" && (len(s.Volumes) != 2 || !s.Volumes[1].ReadOnly || s.Command.User == nil || s.Command.User.UID != 65534) {
				t.Errorf("%+v", s)
			}
		})
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
		if err == nil && (len(s.Command.Argv) == 0 && s.Container == nil || len(s.Volumes) > 1) {
			t.Errorf("spec %+v", s)
		}
	})
}
