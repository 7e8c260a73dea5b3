package replay_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// A rig is a master, an agent process and what its executors say, for one trace.
type rig struct {
	dir    string
	trace  *replay.Trace
	master *master.Master
	config agent.Config
	agent  *process
	stubs  *stubs
	server *fileServer     // of 14-fetcher
	tokens []string        // recorded ones that are learnt
	beats  []time.Duration // when the recorded agent sent a HEARTBEAT, in order
	differ func(string)    // reports an observation that differs
}

// deadline bounds what a rig does outside the player's own waits.
const deadline = 15 * time.Second

// newRig starts the master. The agent starts when the trace says so.
func newRig(t *testing.T, binary string, tr *replay.Trace) *rig {
	t.Helper()
	dir := openDir(t)
	r := &rig{dir: dir, trace: tr, beats: beatsOf(t, tr), master: master.New(master.Config{AllocationInterval: 50 * time.Millisecond})}
	if err := r.master.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := r.close(); err != nil {
			t.Error(err)
		}
	})
	var err error
	if r.stubs, err = listenStubs(filepath.Join(dir, "stubs")); err != nil {
		t.Fatal(err)
	}
	if err := r.writeStub(binary); err != nil {
		t.Fatal(err)
	}
	r.config = r.configure(freePort(t))
	r.differ = func(s string) { t.Error(s) }
	if tr.Name == "14-fetcher" {
		r.server = newFileServer(t, filepath.Join(dir, "files"))
	}
	return r
}

// configure is what the flags of every recorded agent have in common, and what
// is scaled down.
func (r *rig) configure(port int) agent.Config {
	c := agent.Config{
		Master: r.master.URL(), WorkDir: filepath.Join(r.dir, "work"), RuntimeDir: filepath.Join(r.dir, "run"),
		Port: port, ReadyFile: filepath.Join(r.dir, "ready"), FetcherCacheDir: filepath.Join(r.dir, "fetch"),
		RegisterBackoff: 50 * time.Millisecond,
	}
	switch {
	case strings.HasPrefix(r.trace.Name, "10-"):
		c.HeartbeatInterval = time.Hour // step sends them when they are due in the recording
	case r.trace.Name == "05-update-retry":
		c.UpdateRetryMin = 3 * time.Second // after the exit of the executor, as with 10 s
	}
	if r.onPath() {
		c.Env = map[string]string{"PATH": r.dir + ":" + defaultPath}
	}
	return c
}

// writeStub makes the program that the recorded executors run: a script for
// this test binary, which gets the script's own path as its second argument.
func (r *rig) writeStub(binary string) error {
	return os.WriteFile(r.program(), []byte("#!"+binary+" "+stubVerb+"\n"), 0o755)
}

func (r *rig) program() string { return filepath.Join(r.dir, "example-executor") }

// pairs are the texts of the recordings that differ here by intention.
func (r *rig) pairs(t *testing.T) []replay.Pair {
	t.Helper()
	u, err := url.Parse(r.master.URL())
	if err != nil {
		t.Fatal(err)
	}
	work := "/var/lib/mesos"
	if strings.HasPrefix(r.trace.Name, "08-") {
		work += "-rec" // in one message, which is not normalised there
	}
	pairs := []replay.Pair{
		{Recorded: "6050", Live: u.Port()},
		{Recorded: "6051", Live: strconv.Itoa(r.config.Port)},
		{Recorded: "/usr/local/bin/example-executor", Live: r.program()},
		{Recorded: work, Live: r.config.WorkDir},
		{Recorded: "/var/run/mesos", Live: r.config.RuntimeDir},
		{Recorded: "/tmp/mesos/fetch", Live: r.config.FetcherCacheDir},
		{Recorded: "/srv/example-files", Live: filepath.Join(r.dir, "files")},
	}
	if r.onPath() {
		pairs = append(pairs, replay.Pair{Recorded: defaultPath, Live: r.dir + ":" + defaultPath})
	}
	if r.server != nil {
		pairs = append(pairs, replay.Pair{Recorded: "6059", Live: r.server.port()})
	}
	return pairs
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

// onPath says whether the trace finds its program by the PATH, which then has
// to lead to ours.
func (r *rig) onPath() bool {
	return slices.Contains([]string{"12-environment-program-from-path", "12-environment-shell-command"}, r.trace.Name)
}

// flags turns the recorded command line of an agent into its configuration.
func (r *rig) flags(data []byte) error {
	var d struct{ Flags []string }
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	r.config.Cleanup = false
	for _, flag := range d.Flags {
		name, value, _ := strings.Cut(strings.TrimPrefix(flag, "--"), "=")
		var err error
		switch name {
		case "recover":
			r.config.Cleanup = value == "cleanup"
		case "isolation":
			r.config.Isolation = "posix"
			if strings.Contains(value, "filesystem/linux") {
				r.config.Isolation = "linux"
			}
		case "executor_registration_timeout":
			r.config.RegistrationTimeout, err = time.ParseDuration(strings.NewReplacer("secs", "s", "hrs", "h").Replace(value))
		case "jwt_secret_key":
			r.config.JWTKey = []byte("the key of this test")
		case "authenticate_http_executors":
			r.config.AuthenticateExecutors = true
		case "http_command_executor":
			r.config.HTTPCommandExecutor = true
		case "http_executor_domain_sockets":
			r.config.DomainSocket = filepath.Join(r.dir, "agent.sock")
		case "executor_environment_variables":
			err = json.Unmarshal([]byte(value), &r.config.Env)
		}
		if err != nil {
			return fmt.Errorf("flag %s: %w", flag, err)
		}
	}
	return nil
}

// close ends everything: first the agent, so that it starts nothing more, then
// what it has started.
func (r *rig) close() error {
	var errs []error
	if r.agent != nil {
		if err := r.signalAgent(syscall.SIGKILL); err != nil && !errors.Is(err, os.ErrProcessDone) {
			errs = append(errs, err)
		}
		<-r.agent.ended
	}
	if r.stubs != nil {
		errs = append(errs, r.stubs.close())
	}
	return errors.Join(append(errs, r.master.Close(), noLeftovers(r.dir))...)
}
