package agent_test

import (
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// runningTask has t1 RUNNING and everything acknowledged.
func runningTask(t *testing.T, r *rig, checkpoint bool) (string, *executorAPI, *stream) {
	t.Helper()
	sandbox, x, s := subscribed(t, r, checkpoint)
	s.acknowledged(x.update(newStatus("t1", mesos.TASK_RUNNING)))
	r.update(mesos.TASK_RUNNING, true)
	// The acknowledgement has to be on disk before the agent is killed.
	r.until("the acknowledgement is written", func() bool {
		journals, err := filepath.Glob(filepath.Join(r.config.WorkDir, "meta/slaves/*/frameworks/*/executors/*/runs/*/tasks/*/task.updates"))
		if err != nil || !checkpoint {
			return err == nil
		}
		text, err := os.ReadFile(journals[0])
		return err == nil && strings.Contains(string(text), "\x14\x00\x00\x00\x08\x01\x1a\x10")
	})
	return sandbox, x, s
}

func TestRestartWithRecovery(t *testing.T) {
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			r := newProcessRig(t, func(c *agent.Config) {
				c.Isolation, c.RecoveryDelay, c.RouteDelay = isolation, 100*time.Millisecond, 100*time.Millisecond
			})
			sandbox, x, s := runningTask(t, r, true)
			r.kill(syscall.SIGKILL)
			s.ended(false)
			r.restart()
			refusals := r.refusals(x)
			if got := strings.Join(refusals, ", "); got != "404 404 Not Found., 503 Agent has not finished recovery" {
				t.Errorf("refusals %q", got)
			}
			made := newStatus("t1", mesos.TASK_RUNNING)
			s = x.subscribe(wireexec.Call_Subscribe{UnacknowledgedUpdates: []wireexec.Call_Update{{Status: made}}})
			if got := s.next(wireexec.Event_SUBSCRIBED).Subscribed.ContainerID.GetValue(); got != filepath.Base(sandbox) {
				t.Errorf("container %s, was %s", got, sandbox)
			}
			s.acknowledged(made)
			last := newStatus("t1", mesos.TASK_FINISHED)
			if status, text := x.call(update(last)); status != 503 || text != "Agent has not finished recovery" {
				t.Errorf("update during recovery: %d %s", status, text)
			}
			again := r.awaitRegistration()
			if again.AgentID != "master-S0" || len(again.Executors) != 1 || len(again.Tasks) != 1 || !again.Tasks[0].Unacked {
				t.Errorf("registration %+v", again)
			}
			r.update(mesos.TASK_RUNNING, true)
			s.acknowledged(x.update(last))
			r.update(mesos.TASK_FINISHED, true)
			r.end(sandbox, "4")
			r.failure(4 << 8)
			s.ended(true)
		})
	}
}

// refusals polls with GET and returns the different answers met before the one
// that shows that recovery is over.
func (r *rig) refusals(x *executorAPI) []string {
	r.t.Helper()
	var seen []string
	r.until("the agent has recovered", func() bool {
		status, text := x.raw(http.MethodGet, nil, "")
		if status == http.StatusMethodNotAllowed {
			return true
		}
		line := strconv.Itoa(status) + " " + text
		if len(seen) == 0 || seen[len(seen)-1] != line {
			seen = append(seen, line)
		}
		return false
	})
	return seen
}

func TestRestartWithoutASubscribe(t *testing.T) {
	r := newProcessRig(t, nil)
	runningTask(t, r, true)
	r.kill(syscall.SIGKILL)
	r.restart()
	r.awaitRegistration()
	r.failure(9)
	got := r.update(mesos.TASK_GONE, true)
	if got.GetReason() != mesos.REASON_EXECUTOR_REREGISTRATION_TIMEOUT || got.GetMessage() != "Executor did not reregister within 500ms" {
		t.Errorf("status %+v", got)
	}
}

func TestExecutorExitsWhileTheAgentIsDown(t *testing.T) {
	r := newProcessRig(t, nil)
	sandbox, _, _ := runningTask(t, r, true)
	r.kill(syscall.SIGKILL)
	r.end(sandbox, "3")
	r.until("the executor has ended", func() bool { return len(left(t, r.config.WorkDir)) == 0 })
	r.restart()
	r.awaitRegistration()
	if got := r.update(mesos.TASK_FAILED, true); got.GetMessage() != "Executor terminated" {
		t.Errorf("status %+v", got)
	}
	r.quiet(50 * time.Millisecond)
}

func TestRestartWithoutCheckpoint(t *testing.T) {
	for _, isolation := range []string{"posix", "linux"} {
		t.Run(isolation, func(t *testing.T) {
			r := newProcessRig(t, func(c *agent.Config) { c.Isolation = isolation })
			_, x, _ := runningTask(t, r, false)
			r.kill(syscall.SIGKILL)
			r.restart()
			if got := r.awaitRegistration(); len(got.Executors)+len(got.Tasks) != 0 {
				t.Errorf("registration %+v", got)
			}
			status, text := x.call(&wireexec.Call{Type: wireexec.Call_SUBSCRIBE, Subscribe: &wireexec.Call_Subscribe{}})
			if status != 400 || text != "Framework cannot be found" {
				t.Errorf("SUBSCRIBE: %d %s", status, text)
			}
			if isolation == "linux" {
				r.until("the orphan is killed", func() bool { return len(left(t, r.config.WorkDir)) == 0 })
			} else if len(left(t, r.config.WorkDir)) == 0 {
				t.Error("the posix launcher killed an executor it does not know")
			}
		})
	}
}

func TestTermAndUsr1(t *testing.T) {
	t.Run("SIGTERM", func(t *testing.T) {
		r := newProcessRig(t, nil)
		_, _, s := runningTask(t, r, true)
		r.kill(syscall.SIGTERM)
		s.ended(false)
		if len(left(t, r.config.WorkDir)) == 0 {
			t.Error("SIGTERM killed the executor")
		}
	})
	t.Run("SIGUSR1", func(t *testing.T) {
		r := newProcessRig(t, nil)
		sandbox, x, s := runningTask(t, r, true)
		if err := r.process.Process.Signal(syscall.SIGUSR1); err != nil {
			t.Fatal(err)
		}
		s.next(wireexec.Event_SHUTDOWN)
		if e := r.next(); e.Unregister == nil {
			t.Errorf("event %+v", e)
		}
		x.update(newStatus("t1", mesos.TASK_KILLED))
		s.quiet()
		r.end(sandbox, "0")
		if err := r.process.Wait(); err != nil {
			t.Error(err)
		}
		r.process = nil
		if _, err := os.Readlink(filepath.Join(r.config.WorkDir, "meta/slaves/latest")); err == nil {
			t.Error("the next agent would be the same one")
		}
	})
}

func TestCleanup(t *testing.T) {
	r := newProcessRig(t, nil)
	sandbox, x, _ := runningTask(t, r, true)
	r.kill(syscall.SIGKILL)
	r.config.Cleanup = true
	r.restart()
	r.until("recovery", func() bool { status, _ := x.raw(http.MethodGet, nil, ""); return status == http.StatusMethodNotAllowed })
	s := x.subscribe(wireexec.Call_Subscribe{})
	s.next(wireexec.Event_SHUTDOWN)
	s.ended(true)
	x.update(newStatus("t1", mesos.TASK_KILLED))
	r.end(sandbox, "0")
	if err := r.process.Wait(); err != nil {
		t.Error(err)
	}
	r.process = nil
}

func TestForeignTokenAndToken(t *testing.T) {
	r := newRig(t, func(c *agent.Config) { c.JWTKey, c.AuthenticateExecutors = []byte("secret"), true })
	r.launch(frameworkInfo(false), executorInfo(waiting), true, "t1")
	x := r.api(wire.JSON)
	x.token = variable(t, filepath.Join(r.sandbox("e1"), "environment"), "MESOS_EXECUTOR_AUTHENTICATION_TOKEN")
	x.subscribe(wireexec.Call_Subscribe{}).next(wireexec.Event_SUBSCRIBED)
	info := executorInfo(waiting)
	info.ExecutorID.Value = "e2"
	r.launch(frameworkInfo(false), info, true, "t2")
	r.sandbox("e2")
	x.id = "e2"
	status, text := x.call(&wireexec.Call{Type: wireexec.Call_SUBSCRIBE, Subscribe: &wireexec.Call_Subscribe{}})
	if status != 403 || !strings.HasSuffix(text, "does not contain an 'eid' claim with the executor ID e2, which is set in the call") {
		t.Errorf("%d %s", status, text)
	}
	x.token = ""
	if status, text := x.raw(http.MethodGet, nil, ""); status != 401 || text != "401 Unauthorized." {
		t.Errorf("%d %s", status, text)
	}
}
