package executor_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// marathonLine is what Marathon makes of an app's executor and cmd.
func marathonLine(path, cmd string) string {
	return "chmod ug+rx '" + path + "' && exec '" + path + "' " + cmd
}

func withMarathon(line string) mesos.TaskInfo {
	t := info("t")
	t.Executor = &mesos.ExecutorInfo{Command: &mesos.CommandInfo{Value: &line}}
	return t
}

func marathonSpec(t testing.TB, line string, args ...string) (executor.Spec, error) {
	return executor.NewSpec(t.Context(), withMarathon(line), executor.SpecOptions{LabelPrefix: "flocker.", Arguments: args, Sandbox: "/sandbox"})
}

func TestMarathonsRemainder(t *testing.T) {
	notShell := withMarathon(marathonLine("./x", "true"))
	notShell.Executor.Command.Shell = new(bool)
	for name, c := range map[string]struct {
		task mesos.TaskInfo
		want string // script, or that of the arguments
	}{
		"plain":              {withMarathon(marathonLine("./x", "sleep 1")), "sleep 1"},
		"any path":           {withMarathon(marathonLine(`/a b/"c"&&$d`, "sleep 1")), "sleep 1"},
		"as it is":           {withMarathon(marathonLine("./x", " echo  'a b'\n\techo $X ")), " echo  'a b'\n\techo $X "},
		"empty":              {withMarathon(marathonLine("./x", "")), "arguments"},
		"no blank behind it": {withMarathon("chmod ug+rx './x' && exec './x'"), "arguments"},
		"blank":              {withMarathon(marathonLine("./x", " ")), "arguments"},
		"a dash":             {withMarathon(marathonLine("./x", "--lease 1m -- sleep 1")), "arguments"},
		"one quoted word":    {withMarathon(marathonLine("./x", " 'sleep 1; true'\n")), "arguments"},
		"in double quotes":   {withMarathon(marathonLine("./x", `"sleep $X"`)), "arguments"},
		"in several quotes":  {withMarathon(marathonLine("./x", `'it'\''s'"."`)), "arguments"},
		"two quoted words":   {withMarathon(marathonLine("./x", "'a b' 'c'")), "'a b' 'c'"},
		"partly quoted":      {withMarathon(marathonLine("./x", "'a b'c")), "'a b'c"},
		"quoted with more":   {withMarathon(marathonLine("./x", "'a b' > c")), "'a b' > c"},
		"other path":         {withMarathon("chmod ug+rx './x' && exec './y' true"), "arguments"},
		"longer path":        {withMarathon("chmod ug+rx './x' && exec './x'y true"), "arguments"},
		"a quote in it":      {withMarathon(marathonLine("./x'y", "true")), "arguments"},
		"not at the start":   {withMarathon("true; " + marathonLine("./x", "true")), "arguments"},
		"other mode":         {withMarathon("chmod +x './x' && exec './x' true"), "arguments"},
		"not a shell":        {notShell, "arguments"},
		"no executor":        {info("t"), "arguments"},
	} {
		s, err := executor.NewSpec(t.Context(), c.task, executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"arguments"}})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if d := cmp.Diff(sh(c.want), s.Command.Argv); d != "" || len(s.Passed) != 0 {
			t.Errorf("%s: %s, passed over %v", name, d, s.Passed)
		}
	}
}

// Where another source wins, only what ends the executor matters.
func TestMarathonWarnings(t *testing.T) {
	for name, c := range map[string]struct {
		cmd, label, data string
		says             []string // one for each warning
	}{
		"advice":             {"a > f", "", "", []string{`Marathon's cmd: "> f" was obeyed twice`}},
		"one for each kind":  {"a > f 2> g | b", "", "", []string{`"> f", "2> g" was`, `"| b" runs twice`}},
		"long":               {"a | " + strings.Repeat("ü", 100), "", "", []string{"…"}},
		"the label wins":     {"a > f", "true", "", nil},
		"a blank cmd":        {" ", "true", "", nil},
		"label, background":  {"a > f &", "true", "", []string{`"&" made`}},
		"old Marathon":       {"a > f", "", `{"id": "/app", "cmd": "a > f"}`, []string{"obeyed twice"}},
		"other data":         {"a > f", "", `{"cmd": "b"}`, nil},
		"arguments":          {"-- a > f", "", "", nil},
		"either":             {"a &> f", "", "", []string{`"&>" means`}},
		"either, the quotes": {"a '&> f'", "", "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			task := withMarathon(marathonLine("./x", c.cmd))
			task.Labels = withLabels("f.command", c.label).Labels
			task.Data = []byte(c.data)
			s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "f.", Arguments: []string{"a", "b"}})
			if err != nil {
				t.Fatal(err)
			}
			if len(s.Warnings) != len(c.says) {
				t.Fatalf("%q, want %q", s.Warnings, c.says)
			}
			for i, says := range c.says {
				w := s.Warnings[i]
				if !strings.Contains(w, says) || !strings.Contains(w, `label f.command and set "cmd": " "`) || len(w) > 500 {
					t.Errorf("%q does not say %q and what to do", w, says)
				}
			}
		})
	}
}

// Whatever Marathon sends is read, and its script, if it has one, is the end of it.
func FuzzMarathon(f *testing.F) {
	f.Add("./x", "a > f | b &")
	f.Add("./x", "a $(b `c` ${d}) \"$(e)\" 'f' && \\\n g")
	f.Add("x'y", "<<EOF 2>&1 &>> (")
	f.Add("", "$((${`\\`")
	f.Fuzz(func(t *testing.T, path, cmd string) {
		line := marathonLine(path, cmd)
		s, err := marathonSpec(t, line, "the", "arguments")
		if err != nil {
			return // a zero byte
		}
		script := s.Command.Argv[len(s.Command.Argv)-1]
		if !slices.Equal(s.Command.Argv, []string{"the", "arguments"}) && (script != cmd || strings.Contains(path, "'")) {
			t.Errorf("%q gives %q", line, s.Command.Argv)
		}
		for _, w := range s.Warnings {
			if !strings.HasPrefix(w, "Marathon's cmd: ") {
				t.Errorf("%q gives warning %q", cmd, w)
			}
		}
	})
}
