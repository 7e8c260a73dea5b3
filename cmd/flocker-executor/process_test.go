package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// asExecutor in the environment makes the test binary the executor.
const asExecutor = "TEST_AS_EXECUTOR"

func TestMain(m *testing.M) {
	if os.Getenv(asExecutor) != "" {
		main()
	}
	os.Exit(m.Run())
}

// serve is an agent that launches one task, acknowledges every update, and
// tells about it.
func serve(t *testing.T, task mesos.TaskInfo) (endpoint string, updates <-chan mesos.TaskStatus) {
	events := make(chan *wire.Event, 20)
	told := make(chan mesos.TaskStatus, 20)
	events <- &wire.Event{Type: wire.Event_SUBSCRIBED, Subscribed: &wire.Event_Subscribed{}}
	events <- &wire.Event{Type: wire.Event_LAUNCH, Launch: &wire.Event_Launch{Task: task}}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		call := &wire.Call{}
		if err := call.Unmarshal(body); err != nil {
			t.Error(err)
		}
		if call.Type == wire.Call_UPDATE {
			s := call.Update.Status
			w.WriteHeader(http.StatusAccepted)
			told <- s
			events <- &wire.Event{Type: wire.Event_ACKNOWLEDGED, Acknowledged: &wire.Event_Acknowledged{TaskID: s.TaskID, UUID: s.UUID}}
			return
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
		stream(t, w, r, events)
	}))
	t.Cleanup(server.Close)
	return strings.TrimPrefix(server.URL, "http://"), told
}

func stream(t *testing.T, w http.ResponseWriter, r *http.Request, events <-chan *wire.Event) {
	for {
		select {
		case e := <-events:
			b, err := e.Marshal()
			if err != nil {
				t.Error(err)
			}
			fmt.Fprintf(w, "%d\n%s", len(b), b)
			_ = http.NewResponseController(w).Flush()
		case <-r.Context().Done():
			return
		}
	}
}

// start runs the executor for a task with a script.
func start(t *testing.T, script string, labels []mesos.Label, environ []string, args ...string) (*exec.Cmd, <-chan mesos.TaskStatus, *strings.Builder) {
	t.Helper()
	var stderr strings.Builder
	cmd, updates := prepare(t, script, labels, environ, args...)
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, updates, &stderr
}

func prepare(t *testing.T, script string, labels []mesos.Label, environ []string, args ...string) (*exec.Cmd, <-chan mesos.TaskStatus) {
	task := mesos.TaskInfo{Name: "t", TaskID: mesos.TaskID{Value: "t"}, Labels: &mesos.Labels{Labels: labels}}
	task.Data = fmt.Appendf(nil, `{"cmd": %q}`, script)
	endpoint, updates := serve(t, task)
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), asExecutor+"=1", "MESOS_FRAMEWORK_ID=f", "MESOS_EXECUTOR_ID=e",
		"MESOS_AGENT_ENDPOINT="+endpoint, "MESOS_SANDBOX="+t.TempDir(), "FLOCKER_EXECUTOR_STATE_DIR="+t.TempDir())
	cmd.Env = append(cmd.Env, environ...)
	return cmd, updates
}

// until reads updates up to a state.
func until(t *testing.T, updates <-chan mesos.TaskStatus, want mesos.TaskState) mesos.TaskStatus {
	t.Helper()
	limit := time.After(30 * time.Second)
	for {
		select {
		case s := <-updates:
			if s.GetState() == want {
				return s
			}
			if s.GetState() != mesos.TASK_STARTING && s.GetState() != mesos.TASK_RUNNING {
				t.Fatalf("%v %q, wanted %v", s.GetState(), s.GetMessage(), want)
			}
		case <-limit:
			t.Fatalf("no %v", want)
		}
	}
}

func TestProcessRunsATask(t *testing.T) {
	cmd, updates, stderr := start(t, "true", nil, []string{"MESOS_EXECUTOR_AUTHENTICATION_TOKEN=secret"}, "--log-format", "json")
	until(t, updates, mesos.TASK_FINISHED)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, stderr)
	}
	if log := stderr.String(); !strings.Contains(log, `"msg":"subscribed"`) || strings.Contains(log, "secret") {
		t.Errorf("log: %s", log)
	}
}

// A task without volumes does not need what is wrong with Flocker's settings.
func TestProcessWithoutVolumesNeedsNoFlocker(t *testing.T) {
	cmd, updates, stderr := start(t, "true", nil, []string{"FLOCKER_EXECUTOR_FLOCKER_NODE=here"})
	until(t, updates, mesos.TASK_FINISHED)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, stderr)
	}
}

// Whoever starts it as somebody else is told what to do, volumes or not.
func TestProcessNeedsRoot(t *testing.T) {
	volume := "data:data"
	for name, labels := range map[string][]mesos.Label{
		"no volumes": nil, "a volume": {{Key: "flocker.volume", Value: &volume}},
	} {
		t.Run(name, func(t *testing.T) {
			cmd, updates := prepare(t, "true", labels, nil)
			cmd.Path = "/proc/self/exe" // its folder is root's
			cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			s := until(t, updates, mesos.TASK_FAILED)
			for _, want := range []string{"needs root", "runs as user 65534", "run the Mesos agent as root"} {
				if !strings.Contains(s.GetMessage(), want) {
					t.Errorf("message %q, wanted %q", s.GetMessage(), want)
				}
			}
			if err := cmd.Wait(); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestProcessObeysSIGTERM(t *testing.T) {
	cmd, updates, stderr := start(t, "sleep 1000", nil, nil)
	until(t, updates, mesos.TASK_RUNNING)
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	until(t, updates, mesos.TASK_KILLED)
	if err := cmd.Wait(); err != nil {
		t.Errorf("%v: %s", err, stderr)
	}
}

// A container logger that dies takes nobody's task with it.
func TestProcessWithoutALogger(t *testing.T) {
	cmd, updates := prepare(t, "true", nil, nil)
	logger, stderr, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stderr = stderr
	if err := errors.Join(logger.Close(), cmd.Start(), stderr.Close()); err != nil {
		t.Fatal(err)
	}
	until(t, updates, mesos.TASK_FINISHED)
	if err := cmd.Wait(); err != nil {
		t.Error(err)
	}
}

// What is wrong with the executor's settings is told to the owner of the task.
func TestProcessWithBadSettings(t *testing.T) {
	volume := "data:data"
	labels := []mesos.Label{{Key: "flocker.volume", Value: &volume}}
	for _, c := range []struct {
		name, message string
		environ, args []string
		labels        []mesos.Label
	}{
		{"flag", "flag provided but not defined: -leese", nil, []string{"--leese=1m"}, nil},
		{"variable", "FLOCKER_EXECUTOR_LEASE", []string{"FLOCKER_EXECUTOR_LEASE=soon"}, nil, nil},
		{
			"flocker, for a task with volumes", `--flocker-node "here"`, []string{"FLOCKER_EXECUTOR_FLOCKER_NODE=here"}, nil, labels,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			cmd, updates, stderr := start(t, "true", c.labels, c.environ, c.args...)
			if s := until(t, updates, mesos.TASK_FAILED); !strings.Contains(s.GetMessage(), c.message) {
				t.Errorf("message %q, wanted %q", s.GetMessage(), c.message)
			}
			if err := cmd.Wait(); err != nil {
				t.Errorf("%v: %s", err, stderr)
			}
		})
	}
}

func TestProcessWithABrokenEnvironment(t *testing.T) {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), asExecutor+"=1", "MESOS_EXECUTOR_ID=e")
	out, err := cmd.CombinedOutput()
	if err == nil || cmd.ProcessState.ExitCode() != usage || !strings.Contains(string(out), "MESOS_FRAMEWORK_ID") {
		t.Errorf("%v: %s", err, out)
	}
}
