package executor_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

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
		{"never raw data like an object", withData(` {"cmd": "a"`), []string{"x"}, true, sh("x"), 0},
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

// TaskInfo.data as the schedulers write it.
func TestDataOfSchedulers(t *testing.T) {
	for file, want := range map[string]string{
		"singularity.json":  "java -jar app.jar --port $PORT0",
		"cook.json":         "./process --input 42 && echo done",
		"marathon-1.1.json": "env && sleep 60",
		"aurora.thrift":     "x",
		"chronos.txt":       "x",
	} {
		t.Run(file, func(t *testing.T) {
			data, err := os.ReadFile(filepath.Join("testdata", "data", file))
			if err != nil {
				t.Fatal(err)
			}
			s, err := executor.NewSpec(t.Context(), withData(string(data)), executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"x"}})
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(sh(want), s.Command.Argv); d != "" {
				t.Error(d)
			}
		})
	}
}

func withCommand(c mesos.CommandInfo) mesos.TaskInfo {
	t := withLabels("flocker.command", "from label")
	t.Command = &c
	return t
}

func TestCommandOfTaskInfo(t *testing.T) {
	for name, c := range map[string]struct {
		command mesos.CommandInfo
		want    []string
		says    string
	}{
		"shell":                {mesos.CommandInfo{Value: ptr("echo $X"), Arguments: []string{"ignored"}}, sh("echo $X"), ""},
		"argv":                 {mesos.CommandInfo{Shell: new(bool), Value: ptr("/bin/busybox"), Arguments: []string{"sleep", "1 2"}}, []string{"sleep", "1 2"}, ""},
		"argv, only the name":  {mesos.CommandInfo{Shell: new(bool), Value: ptr("./x"), Arguments: []string{"x"}}, []string{"x"}, ""},
		"without a value":      {mesos.CommandInfo{}, sh("from label"), ""},
		"blank":                {mesos.CommandInfo{Value: ptr(" \n")}, sh("from label"), ""},
		"argv without argv[0]": {mesos.CommandInfo{Shell: new(bool), Value: ptr("sleep")}, nil, "TaskInfo.command.arguments: must begin with the program's own name"},
		"argv without a value": {mesos.CommandInfo{Shell: new(bool), Arguments: []string{"sleep"}}, nil, "TaskInfo.command.value: must be the path"},
		"uris":                 {mesos.CommandInfo{Value: ptr("true"), URIs: []mesos.CommandInfo_URI{{Value: "http://h/x"}}}, nil, `TaskInfo.command.uris: "http://h/x": nothing fetches it there: put it on ExecutorInfo.command.uris`},
		"uris without a value": {mesos.CommandInfo{URIs: []mesos.CommandInfo_URI{{Value: "u"}}}, nil, "TaskInfo.command.uris"},
	} {
		t.Run(name, func(t *testing.T) {
			if c.says != "" {
				refuses(t, withCommand(c.command), false, c.says)
				return
			}
			got := accepted(t, withCommand(c.command)).Command
			if d := cmp.Diff(c.want, got.Argv); d != "" {
				t.Error(d)
			}
			if !c.command.GetShell() && got.Program != c.command.GetValue() || c.command.GetShell() && got.Program != "" {
				t.Errorf("program %q", got.Program)
			}
		})
	}
}

// Each source wins over those behind it, which are named for the log.
func TestOrderOfCommandSources(t *testing.T) {
	task := withMarathon(marathonLine("./x", "from cmd"))
	all := []struct {
		name   string
		remove func()
		argv   []string
	}{
		{"TaskInfo.command", func() { task.Command = nil }, sh("from command")},
		{"flocker.command", func() { task.Labels = nil }, sh("from label")},
		{"TaskInfo.data", func() { task.Data = nil }, sh("from data")},
		{"the cmd in Marathon's ExecutorInfo.command", func() { task.Executor = nil }, sh("from cmd")},
		{"the executor's arguments", func() {}, []string{"from", "arguments"}},
	}
	task.Command = &mesos.CommandInfo{Value: ptr("from command")}
	task.Labels = withLabels("flocker.command", "from label").Labels
	task.Data = []byte(`{"command": "from data"}`)
	for i, source := range all {
		s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"from", "arguments"}})
		if err != nil {
			t.Fatal(err)
		}
		// With a cmd the arguments are only what the shell has made of it.
		behind := []string{}
		for _, other := range all[i+1:] {
			if other.name != "the executor's arguments" {
				behind = append(behind, other.name)
			}
		}
		if d := cmp.Diff(source.argv, s.Command.Argv); d != "" || s.Source != source.name {
			t.Errorf("%s: from %s: %s", source.name, s.Source, d)
		}
		if d := cmp.Diff(behind, append([]string{}, s.Passed...)); d != "" {
			t.Errorf("%s: passed over: %s", source.name, d)
		}
		source.remove()
	}
}
