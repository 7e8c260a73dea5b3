package executor_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// inReality runs a test with real connections, guards and processes; the task
// has no volumes. Processes of the task are told by the sandbox in their argv.
func inReality(t *testing.T, environ []string, test func(t *testing.T, w *world), changes ...func(*executor.Options)) {
	if os.Getuid() != 0 {
		t.Fatal("a guard needs root: run the tests as root")
	}
	a, address := newTCPAgent(t)
	e := environment()
	e.Endpoint, e.Sandbox = address, t.TempDir()
	transport, err := executor.NewTransport(e)
	if err != nil {
		t.Fatal(err)
	}
	w := &world{agent: a, t: t, terminate: make(chan os.Signal), result: make(chan error, 1)}
	w.options = executor.Options{
		Environment: e, Transport: transport, Terminate: w.terminate, Log: zaptest.NewLogger(t),
		Spec:           executor.SpecOptions{LabelPrefix: "flocker.", Environ: append(environ, "PATH="+os.Getenv("PATH")), Sandbox: e.Sandbox},
		ReleaseTimeout: 30 * time.Second,
		Recover:        func(context.Context) {},
		Abandon:        func() { t.Error("abandoned") },
		Hold: func(ctx context.Context, s executor.Spec, report func(volumes.Progress)) (executor.Held, error) {
			return volumes.Hold(ctx, volumes.Options{Sandbox: s.Sandbox}, s.Volumes, report)
		},
	}
	for _, change := range changes {
		change(&w.options)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		w.result <- executor.Run(t.Context(), w.options)
	}()
	t.Cleanup(func() {
		<-ended // t.Context has ended by now
		if left := processes(t, e.Sandbox); left != "" {
			t.Errorf("left behind: %s", left)
		}
	})
	w.stream = <-a.streams
	w.stream.send(subscribed())
	test(t, w)
}

// processes lists those with text in their command line.
func processes(t *testing.T, text string) string {
	files, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	var found []string
	for _, f := range files {
		line, err := os.ReadFile(f)
		if err == nil && bytes.Contains(line, []byte(text)) {
			found = append(found, f+": "+strings.ReplaceAll(string(line), "\x00", " "))
		}
	}
	return strings.Join(found, ", ")
}

// script is a task whose shell, and children, carry the sandbox in their argv.
func (w *world) script(text string) mesos.TaskInfo {
	return withLabels("flocker.command", "#"+w.options.Environment.Sandbox+"\n"+text)
}

func TestRealTasks(t *testing.T) {
	for _, c := range []struct {
		name, script string
		state        mesos.TaskState
		message      string
	}{
		{"exits", "exit 0", mesos.TASK_FINISHED, "Command exited with status 0"},
		{"fails", "exit 3", mesos.TASK_FAILED, "Command exited with status 3"},
		{"kills itself", "kill -9 $$", mesos.TASK_FAILED, "Command terminated with signal Killed"},
		{"leaves children", "setsid sh -c '#'$PWD'\n while :; do sleep 1; done' & sleep 0.1", mesos.TASK_FINISHED, "Command exited with status 0"},
		{"no such program", "exec /nonexistent", mesos.TASK_FAILED, "Command exited with status 127"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inReality(t, nil, func(t *testing.T, w *world) {
				w.running(w.script(c.script))
				if end := w.acked(c.state); end.GetMessage() != c.message {
					t.Errorf("message %q, wanted %q", end.GetMessage(), c.message)
				}
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestRealTaskSeesItsEnvironmentOnly(t *testing.T) {
	inReality(t, []string{"GREETING=hello", "FLOCKER_EXECUTOR_LEASE=1m", executor.VariableToken + "=secret"}, func(t *testing.T, w *world) {
		w.running(w.script("pwd > where; env > env; cat /proc/[0-9]*/environ > all"))
		w.acked(mesos.TASK_FINISHED)
		read := func(name string) string {
			b, err := os.ReadFile(filepath.Join(w.options.Environment.Sandbox, name))
			if err != nil {
				t.Error(err)
			}
			return string(b)
		}
		if where := strings.TrimSpace(read("where")); where != w.options.Environment.Sandbox {
			t.Errorf("runs in %s", where)
		}
		if env := read("env"); !strings.Contains(env, "GREETING=hello\n") || strings.Contains(env, "LEASE") {
			t.Errorf("environment %s", env)
		}
		if strings.Contains(read("all"), "secret") {
			t.Error("the task can read the token")
		}
	})
}

func TestRealProgramThatIsNotThere(t *testing.T) {
	inReality(t, nil, func(t *testing.T, w *world) {
		task := info("t")
		task.Data = []byte(`{"cmd": ""}`)
		w.stream.send(launch(task))
		wantMessage(t, w.acked(mesos.TASK_FAILED), "no command")
	})
}

func TestRealKill(t *testing.T) {
	for _, c := range []struct {
		name, script string
		grace        int64
		message      string
	}{
		{"obeys SIGTERM", "sleep 1000 # $PWD", int64(time.Minute), "Command terminated with signal Terminated"},
		{"has a handler", "trap 'exit 7' TERM; touch ready; while :; do sleep 0.05; done", int64(time.Minute), "Command exited with status 7"},
		{"ignores SIGTERM", "trap '' TERM; touch ready; while :; do sleep 1; done", int64(100 * time.Millisecond), "Command terminated with signal Killed"},
	} {
		t.Run(c.name, func(t *testing.T) {
			inReality(t, nil, func(t *testing.T, w *world) {
				w.running(w.script(c.script))
				if strings.Contains(c.script, "ready") {
					awaitFile(t, filepath.Join(w.options.Environment.Sandbox, "ready"))
				}
				w.stream.send(kill("t", c.grace))
				if end := w.acked(mesos.TASK_KILLED); end.GetMessage() != c.message {
					t.Errorf("message %q, wanted %q", end.GetMessage(), c.message)
				}
				if err := w.ended(); err != nil {
					t.Error(err)
				}
			})
		})
	}
}

func TestRealSIGTERM(t *testing.T) {
	inReality(t, nil, func(t *testing.T, w *world) {
		w.running(w.script("sleep 1000"))
		w.terminate <- syscall.SIGTERM
		wantMessage(t, w.acked(mesos.TASK_KILLED), "Terminated")
		if err := w.ended(); err != nil {
			t.Error(err)
		}
	})
}

// awaitFile polls: nothing signals what a shell does.
func awaitFile(t *testing.T, name string) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(10 * time.Second)
	for {
		select {
		case <-tick.C:
			if _, err := os.Stat(name); err == nil {
				return
			}
		case <-limit:
			t.Fatalf("%s does not appear", name)
		}
	}
}
