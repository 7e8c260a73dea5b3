package marathon_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/framework/marathon"
)

// parse reads an app definition that has to be good.
func parse(t *testing.T, definition string) marathon.App {
	t.Helper()
	app, err := marathon.Parse([]byte(definition))
	if err != nil {
		t.Fatal(err)
	}
	return app
}

// offer of a node with ports 31000 to 31009.
func offer() mesos.Offer {
	return mesos.Offer{
		AgentID: mesos.AgentID{Value: "S0"}, Hostname: "node-1",
		Resources: []mesos.Resource{{
			Name: "ports", Type: mesos.RANGES.Enum(),
			Ranges: &mesos.Value_Ranges{Range: []mesos.Value_Range{{Begin: 31000, End: 31009}}},
		}},
	}
}

// command is the executor's, of an app with these further fields.
func command(t *testing.T, fields string) *mesos.CommandInfo {
	t.Helper()
	app := parse(t, `{"id": "/a", "executor": "./my-executor", `+fields+`}`)
	return app.TaskInfo(0, "a.1", offer()).Executor.Command
}

// Whatever the app says, the value is the wrapped one; without a cmd, and with
// args, there is no shell that could run it.
func TestCommandLine(t *testing.T) {
	for name, tc := range map[string]struct {
		fields, rest string
		shell        bool
		arguments    []string
	}{
		"cmd":          {`"cmd": "python -m http.server $PORT0"`, "python -m http.server $PORT0", true, nil},
		"quotes":       {`"cmd": "echo 'a b'"`, "echo 'a b'", true, nil},
		"one space":    {`"cmd": " "`, " ", true, nil},
		"args":         {`"args": ["a", "b c"]`, "a b c", false, []string{"a", "b c"}},
		"cmd and args": {`"cmd": "x", "args": ["a"]`, "x", false, []string{"a"}},
		"neither":      {`"cpus": 1`, "", false, nil},
		"empty cmd":    {`"cmd": ""`, "", false, nil},
	} {
		t.Run(name, func(t *testing.T) {
			c := command(t, tc.fields)
			if want := "chmod ug+rx './my-executor' && exec './my-executor' " + tc.rest; c.GetValue() != want {
				t.Errorf("value %q, want %q", c.GetValue(), want)
			}
			if c.GetShell() != tc.shell {
				t.Errorf("shell %v, want %v", c.GetShell(), tc.shell)
			}
			if diff := cmp.Diff(tc.arguments, c.Arguments); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// What a real shell makes of the wrapped command before the executor starts.
func TestWhatTheExecutorSees(t *testing.T) {
	for cmd, want := range map[string]string{
		"echo hi && echo after":                      "[echo][hi]",
		"date >> data/test.txt; cat data/test.txt":   "nothing",
		"a > out.txt":                                "out.txt: [a]",
		"a | sed 's/a/b/'":                           "[b]",
		`echo $GREETING "$(echo 1 2)"`:               "[echo][hello][1 2]",
		"FOO=bar ./run":                              "[FOO=bar][./run]",
		"'date >> data/test.txt; cat data/test.txt'": "[date >> data/test.txt; cat data/test.txt]",
		"-- sh -c 'echo $PORT0 > d/x'":               "[--][sh][-c][echo $PORT0 > d/x]",
		" ":                                          "",
	} {
		t.Run(cmd, func(t *testing.T) {
			dir := t.TempDir()
			script := "#!/bin/sh\nfor a; do printf '[%s]' \"$a\"; done\n"
			if err := os.WriteFile(filepath.Join(dir, "my-executor"), []byte(script), 0o600); err != nil {
				t.Fatal(err)
			}
			c := exec.Command("/bin/sh", "-c", command(t, fmt.Sprintf(`"cmd": %q`, cmd)).GetValue())
			c.Dir, c.Env = dir, append(os.Environ(), "GREETING=hello")
			out, err := c.Output()
			got := string(out)
			if file, e := os.ReadFile(filepath.Join(dir, "out.txt")); e == nil {
				got += "out.txt: " + string(file)
			}
			if err != nil {
				got += "nothing"
			}
			if strings.TrimSpace(got) != want {
				t.Errorf("got %q, want %q (%v)", got, want, err)
			}
		})
	}
}

func TestExecutorValues(t *testing.T) {
	for executor, legal := range map[string]bool{
		"./my-executor": true, "x": true, "/opt/x/y": true, "/mnt/mesos/sandbox/x": true, "": true, "//cmd": true,
		"http://h/x": false, "https://h/a/b": false, "x/": false, "//x": false,
	} {
		_, err := marathon.Parse([]byte(fmt.Sprintf(`{"id": "/a", "executor": %q}`, executor)))
		if (err == nil) != legal {
			t.Errorf("executor %q: %v, want legal %v", executor, err, legal)
		}
	}
}
