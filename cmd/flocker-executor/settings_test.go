package main

import (
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
	"time"
)

func env(pairs ...string) func(string) string {
	return func(name string) string {
		for i := 0; i < len(pairs); i += 2 {
			if pairs[i] == name {
				return pairs[i+1]
			}
		}
		return ""
	}
}

func TestDefaults(t *testing.T) {
	s, words, err := parse(nil, env())
	if err != nil || words.recover || len(words.task) != 0 {
		t.Fatalf("%+v %v", words, err)
	}
	if s.stateDir != "/var/lib/flocker-executor" || s.acquireTimeout != 270*time.Second || s.releaseTimeout != 30*time.Second ||
		s.lease != 4*time.Minute || s.defaultSize != 10<<30 || s.labelPrefix != "flocker." {
		t.Errorf("%+v", s)
	}
}

func TestFlagsBeforeEnvironment(t *testing.T) {
	s, _, err := parse([]string{"--lease", "1m", "--default-size=1G", "-flocker-port=1"}, env(
		"FLOCKER_EXECUTOR_LEASE", "2m", "FLOCKER_EXECUTOR_FLOCKER_HOST", "control", "FLOCKER_EXECUTOR_RAW_DATA", "true",
		"FLOCKER_EXECUTOR_VERSION", "1.2.3"))
	if err != nil {
		t.Fatal(err)
	}
	if s.lease != time.Minute || s.flocker.Host != "control" || s.flocker.Port != 1 || !s.rawData || s.defaultSize != 1<<30 || s.version {
		t.Errorf("%+v", s)
	}
}

func TestWhereOurFlagsEnd(t *testing.T) {
	for _, c := range []struct {
		args, task string
		recover    bool
		dryRun     bool
	}{
		{"", "", false, false},
		{"sleep 1", "sleep 1", false, false},
		{"--lease 1m sleep --lease 2m", "sleep --lease 2m", false, false},
		{"--lease 1m -- --lease", "--lease", false, false},
		{"-- recover", "recover", false, false},
		{"-- -- x", "-- x", false, false},
		{"recover", "", true, false},
		{"recover --dry-run", "", true, true},
		{"--lease 1m recover --dry-run --state-dir /x", "", true, true},
	} {
		s, words, err := parse(strings.Fields(c.args), env())
		if err != nil || words.recover != c.recover || s.dryRun != c.dryRun || !slices.Equal(words.task, strings.Fields(c.task)) {
			t.Errorf("%q: %+v, dry run %v, %v", c.args, words, s.dryRun, err)
		}
	}
}

func TestBadSettings(t *testing.T) {
	for want, args := range map[string]string{
		"flag provided but not defined: -leese": "--leese 1m",
		"invalid value":                         "--lease soon",
		"--lease 10m":                           "--lease 10m",
		"--lease 0s":                            "--lease 0s",
		"--release-timeout":                     "--release-timeout -1s",
		"--state-dir":                           "--state-dir relative",
		"--log-format":                          "--log-format xml",
		`--log-level "loud"`:                    "--log-level loud",
		`--log-level "fatal"`:                   "--log-level fatal",
		`--log-level "INFO"`:                    "--log-level INFO",
		`--log-level ""`:                        "--log-level=",
		"--label-prefix":                        "--label-prefix=",
		"write GiB":                             "--default-size 1GB",
		"--docker-socket \"tcp://x\"":           "--docker-socket tcp://x",
		"takes flags only":                      "recover now",
	} {
		if _, _, err := parse(strings.Fields(args), env()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, wanted %q", args, err, want)
		}
	}
	if _, _, err := parse(nil, env("FLOCKER_EXECUTOR_LEASE", "soon")); err == nil || !strings.Contains(err.Error(), "FLOCKER_EXECUTOR_LEASE") {
		t.Errorf("environment: error %v", err)
	}
}

// A misspelt variable is told, with the setting that it might be.
func TestMisspeltVariables(t *testing.T) {
	got := strangers([]string{"PATH=/bin", "FLOCKER_EXECUTOR_LEASE=1m", "FLOCKER_EXECUTOR_LEESE=1m", "FLOCKER_EXECUTOR_=", "FLOCKER_EXECUTOR_STATEDIR=/x", "FLOCKER_EXECUTOR_log_level=debug"})
	want := []string{"LEESE is no setting; did you mean FLOCKER_EXECUTOR_LEASE?", "FLOCKER_EXECUTOR_ is no setting", "STATEDIR is no setting; did you mean FLOCKER_EXECUTOR_STATE_DIR?", "log_level is"}
	if len(got) != len(want) {
		t.Fatalf("%q", got)
	}
	for i, says := range want {
		if !strings.Contains(got[i], says) {
			t.Errorf("%q does not say %q", got[i], says)
		}
	}
	t.Setenv("FLOCKER_EXECUTOR_LEESE", "1m")
	log := stderrOf(t, "recover", "--state-dir", "/nonexistent/state")
	if !strings.Contains(log, "FLOCKER_EXECUTOR_LEESE is no setting") {
		t.Errorf("the log says %q", log)
	}
}

// stderrOf is what a run of the executor writes there.
func stderrOf(t *testing.T, args ...string) string {
	t.Helper()
	c := exec.CommandContext(t.Context(), "/proc/self/exe", args...)
	c.Env = append(os.Environ(), asExecutor+"=1")
	var stderr strings.Builder
	c.Stderr = &stderr
	if err := c.Run(); err != nil {
		t.Fatalf("%v: %s", err, &stderr)
	}
	return stderr.String()
}

func TestOutsideMesos(t *testing.T) {
	for _, c := range []struct {
		args          string
		status        int
		stdout, error string
	}{
		{"", usage, "", "make demo"},
		{"--version", ok, "flocker-executor " + version, ""},
		{"--help", ok, "FLOCKER_EXECUTOR_<NAME>", ""},
		{"--nonsense", usage, "", "nonsense"},
		{"recover --state-dir /nonexistent/state", ok, "0 returned", ""},
	} {
		var out, errOut strings.Builder
		if status := run(strings.Fields(c.args), env(), &out, &errOut); status != c.status ||
			!strings.Contains(out.String(), c.stdout) || !strings.Contains(errOut.String(), c.error) {
			t.Errorf("%q: status %d, output %q, errors %q", c.args, status, &out, &errOut)
		}
		if strings.Count(errOut.String(), "\n") > 1 {
			t.Errorf("%q: more than a line: %q", c.args, &errOut)
		}
	}
}

// Every flag the help names can be set by its variable.
func TestHelpNamesEveryFlag(t *testing.T) {
	var out strings.Builder
	help(&out)
	for _, name := range strings.Fields(`state-dir flocker-host flocker-port flocker-ca-file flocker-cert-file flocker-key-file
		flocker-server-name flocker-node label-prefix acquire-timeout release-timeout lease default-size raw-data docker-config docker-socket
		log-level log-format version`) {
		if !strings.Contains(out.String(), "  --"+name+"\n") && !strings.Contains(out.String(), "  --"+name+" ") {
			t.Errorf("help lacks --%s", name)
		}
	}
}
