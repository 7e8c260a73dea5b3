package flocker_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

const agentYML = "version: 1\ncontrol-service:\n  hostname: control.example\n  port: 4524\ndataset:\n  backend: loopback\n"

// etc makes a directory like /etc/flocker.
func etc(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

var allFiles = map[string]string{
	"agent.yml": agentYML, "cluster.crt": "", "plugin.crt": "", "plugin.key": "", "user.crt": "", "user.key": "",
}

func without(names ...string) map[string]string {
	files := map[string]string{}
	for name, content := range allFiles {
		files[name] = content
	}
	for _, name := range names {
		delete(files, name)
	}
	return files
}

var allVariables = map[string]string{
	"FLOCKER_CONTROL_SERVICE_HOST": "env.example", "FLOCKER_CONTROL_SERVICE_PORT": "1234",
	"FLOCKER_CONTROL_SERVICE_CA_FILE": "env.ca", "FLOCKER_CONTROL_SERVICE_CLIENT_CERT_FILE": "env.crt", "FLOCKER_CONTROL_SERVICE_CLIENT_KEY_FILE": "env.key",
}

func TestResolveConfig(t *testing.T) {
	flags := flocker.Config{Host: "flag.example", Port: 99, CAFile: "flag.ca", CertFile: "flag.crt", KeyFile: "flag.key", ServerName: "control-service", Node: "11111111-1111-4111-8111-11111111111A"}
	tests := []struct {
		name  string
		flags flocker.Config
		env   map[string]string
		files map[string]string
		want  flocker.Config // a file "etc/…" lies in the directory
	}{
		{
			"flags before all", flags, allVariables, allFiles,
			flocker.Config{Host: "flag.example", Port: 99, CAFile: "flag.ca", CertFile: "flag.crt", KeyFile: "flag.key", ServerName: "control-service", Node: "11111111-1111-4111-8111-11111111111a"},
		},
		{
			"then variables",
			flocker.Config{},
			allVariables, allFiles,
			flocker.Config{Host: "env.example", Port: 1234, CAFile: "env.ca", CertFile: "env.crt", KeyFile: "env.key"},
		},
		{
			"then files, never the agents' port",
			flocker.Config{},
			nil, allFiles,
			flocker.Config{Host: "control.example", Port: 4523, CAFile: "etc/cluster.crt", CertFile: "etc/plugin.crt", KeyFile: "etc/plugin.key"},
		},
		{
			"a person's certificate",
			flocker.Config{},
			nil, without("plugin.key"),
			flocker.Config{Host: "control.example", Port: 4523, CAFile: "etc/cluster.crt", CertFile: "etc/user.crt", KeyFile: "etc/user.key"},
		},
		{
			"field by field",
			flocker.Config{Port: 7},
			map[string]string{"FLOCKER_CONTROL_SERVICE_HOST": "::1"},
			without("agent.yml"),
			flocker.Config{Host: "::1", Port: 7, CAFile: "etc/cluster.crt", CertFile: "etc/plugin.crt", KeyFile: "etc/plugin.key"},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			dir := etc(t, test.files)
			got, err := flocker.ResolveConfig(test.flags, func(k string) string { return test.env[k] }, dir)
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range []*string{&got.CAFile, &got.CertFile, &got.KeyFile} {
				*file = strings.Replace(*file, dir, "etc", 1)
			}
			if d := cmp.Diff(test.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestResolveConfigErrors(t *testing.T) {
	tests := []struct {
		name    string
		flags   flocker.Config
		env     map[string]string
		files   map[string]string
		missing bool
		words   []string
	}{
		{
			"nothing",
			flocker.Config{},
			nil, nil, true,
			[]string{"--flocker-host", "FLOCKER_CONTROL_SERVICE_HOST", "agent.yml: no such file", "cluster.crt: no such file", "plugin.crt", "user.key", "FLOCKER_CONTROL_SERVICE_CLIENT_CERT_FILE"},
		},
		{"certificate without key", flocker.Config{CertFile: "a.crt"}, allVariables, allFiles, true, []string{"--flocker-key-file is not"}},
		{"key without certificate", flocker.Config{}, map[string]string{"FLOCKER_CONTROL_SERVICE_CLIENT_KEY_FILE": "k"}, allFiles, true, []string{"FLOCKER_CONTROL_SERVICE_CLIENT_CERT_FILE is not"}},
		{"half a pair", flocker.Config{}, nil, without("plugin.key", "user.crt"), true, []string{"plugin.key", "user.crt"}},
		{"port of words", flocker.Config{}, map[string]string{"FLOCKER_CONTROL_SERVICE_PORT": "http"}, allFiles, false, []string{"FLOCKER_CONTROL_SERVICE_PORT", `"http"`, "1 to 65535"}},
		{"port too high", flocker.Config{Port: 70000}, nil, allFiles, false, []string{"--flocker-port", "70000"}},
		{"host with scheme", flocker.Config{Host: "https://a"}, nil, allFiles, false, []string{"--flocker-host", `"https://a"`, "without scheme"}},
		{"host with port", flocker.Config{Host: "a:4523"}, nil, allFiles, false, []string{"without scheme or port"}},
		{"node", flocker.Config{Node: "node1"}, nil, allFiles, false, []string{"--flocker-node", "not a UUID"}},
		{"agent.yml broken", flocker.Config{}, nil, map[string]string{"agent.yml": "\t", "cluster.crt": "", "user.crt": "", "user.key": ""}, true, []string{"agent.yml"}},
		{"agent.yml empty", flocker.Config{}, nil, map[string]string{"agent.yml": "version: 1\n"}, true, []string{"no hostname under control-service"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := flocker.ResolveConfig(test.flags, func(k string) string { return test.env[k] }, etc(t, test.files))
			if err == nil || errors.Is(err, flocker.ErrNoConfig) != test.missing {
				t.Fatalf("%v; is ErrNoConfig: want %v", err, test.missing)
			}
			for _, w := range test.words {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v; want %q in it", err, w)
				}
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("%q has several lines", err)
			}
		})
	}
}

func TestConfigOptions(t *testing.T) {
	o := flocker.Config{Host: "::1", Port: 4523}.Options()
	if o.URL != "https://[::1]:4523" {
		t.Error(o.URL)
	}
}
