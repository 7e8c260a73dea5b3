package main_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// Wrong use ends at once with what was wrong.
func TestWrongUse(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, tc := range map[string]struct {
		args []string
		says []string
	}{
		"no command":          {nil, []string{"demo"}},
		"unknown command":     {[]string{"dmeo"}, []string{"dmeo"}},
		"unknown flag":        {[]string{"demo", "--fast"}, []string{"--fast"}},
		"isolation":           {[]string{"demo", "--isolation=docker"}, []string{"isolation", "posix", "linux"}},
		"backend":             {[]string{"up", "--backend=ceph"}, []string{"backend", "ceph"}},
		"no executor":         {[]string{"demo", "--executor=" + dir + "/none"}, []string{dir + "/none", "make build"}},
		"no task file":        {[]string{"run", dir + "/none.json"}, []string{dir + "/none.json"}},
		"no file":             {[]string{"run"}, []string{"<file>"}},
		"task is no JSON":     {[]string{"run", write("text.json", "name: x")}, []string{"text.json"}},
		"task without name":   {[]string{"run", write("nameless.json", "{}")}, []string{"nameless.json", "name"}},
		"no command file":     {[]string{"run", write("cmd.json", `{"name": "x", "command_file": "none.sh"}`)}, []string{"command_file", "none.sh"}},
		"grace":               {[]string{"run", "--dir", t.TempDir(), write("grace.json", `{"name": "x", "kill_grace": "3"}`)}, []string{"kill_grace", "3s"}},
		"app field":           {[]string{"run", write("app.json", `{"id": "/a", "comand": "x"}`)}, []string{"app.json", "comand"}},
		"app unsound":         {[]string{"marathon", write("app2.json", `{"id": "/a", "cmd": "x", "executor": "./flocker-executor", "instances": 2}`)}, []string{"instances 2", "upgradeStrategy"}},
		"no cluster":          {[]string{"run", "--cluster", dir + "/none", write("ok.json", `{"name": "x"}`)}, []string{dir + "/none"}},
		"cluster is no JSON":  {[]string{"run", "--cluster", write("cluster", "x"), write("ok2.json", `{"name": "x"}`)}, []string{"cluster"}},
		"node without host":   {[]string{"flocker", "--node", "33333333-3333-4333-8333-333333333333"}, []string{"--node", "UUID@HOST"}},
		"node without id":     {[]string{"flocker", "--node", "x@host"}, []string{"--node", `"x"`}},
		"node with empty era": {[]string{"flocker", "--node", "33333333-3333-4333-8333-333333333333@host,era="}, []string{"--node", "era"}},
		"node with bad era":   {[]string{"flocker", "--node", "33333333-3333-4333-8333-333333333333@host,era=1"}, []string{"--node", "era", `"1"`}},
		"address in use":      {[]string{"flocker", "--backend=directory", "--listen=256.0.0.1:1"}, []string{"256.0.0.1"}},
	} {
		t.Run(name, func(t *testing.T) { refuses(t, nil, tc.args, tc.says) })
	}
}

// Who is not root is told what needs root.
func TestNotRoot(t *testing.T) {
	for _, args := range [][]string{{"demo"}, {"up"}, {"run", "examples/counter/counter.json"}, {"flocker"}} {
		t.Run(args[0], func(t *testing.T) {
			refuses(t, &syscall.Credential{Uid: 65534, Gid: 65534}, args, []string{"root"})
		})
	}
}

func refuses(t *testing.T, as *syscall.Credential, args, says []string) {
	t.Helper()
	p := launchAs(t, as, args...)
	code := p.exit(t)
	said := p.output() + p.stderr.String()
	if code == 0 || strings.Contains(said, "goroutine") {
		t.Errorf("exit status %d: %s", code, said)
	}
	for _, want := range says {
		if !strings.Contains(said, want) {
			t.Errorf("it says %q, not %q", said, want)
		}
	}
}
