package executor_test

import (
	"context"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func ptr[T any](v T) *T { return &v }

// watched is a task with a health check and a check, both of type COMMAND, that
// run every second.
func watched() mesos.TaskInfo {
	task := info("t")
	command := func(value string) *mesos.CommandInfo { return &mesos.CommandInfo{Value: &value} }
	task.HealthCheck = &mesos.HealthCheck{
		Type: mesos.HealthCheck_COMMAND, Command: command("healthy"), DelaySeconds: ptr(0.0), IntervalSeconds: ptr(1.0),
		GracePeriodSeconds: ptr(0.0), ConsecutiveFailures: ptr(uint32(3)),
	}
	task.Check = &mesos.CheckInfo{
		Type: mesos.CheckInfo_COMMAND, DelaySeconds: ptr(0.5), IntervalSeconds: ptr(1.0),
		Command: &mesos.CheckInfo_Command{Command: *command("seen")},
	}
	return task
}

// answers are the exit statuses of a world's checks.
type answers struct {
	healthy, seen atomic.Int32
	ran           atomic.Int32
}

func (a *answers) exec(_ context.Context, command guard.Task) (syscall.WaitStatus, error) {
	a.ran.Add(1)
	if slices.Contains(command.Argv, "healthy") {
		return syscall.WaitStatus(a.healthy.Load() << 8), nil
	}
	return syscall.WaitStatus(a.seen.Load() << 8), nil
}

// inWatchedWorld runs the task and its checks.
func inWatchedWorld(t *testing.T, a *answers, test func(t *testing.T, w *world)) {
	inWorld(t, func(w *world) { w.onCheck = a.exec }, func(t *testing.T, w *world) {
		w.stream.send(launch(watched()))
		wantCheck(t, w.acked(mesos.TASK_STARTING), nil)
		first := w.acked(mesos.TASK_RUNNING)
		wantCheck(t, first, nil)
		wantHealthy(t, first, nil)
		test(t, w)
	}, mesos.FrameworkInfo_Capability_TASK_KILLING_STATE)
}

func wantHealthy(t *testing.T, s mesos.TaskStatus, want *bool) {
	t.Helper()
	if (s.Healthy == nil) != (want == nil) || want != nil && *want != *s.Healthy {
		t.Errorf("%v has healthy %v, wanted %v", s.GetState(), s.Healthy, want)
	}
}

// wantCheck: every status of a task with a check has a check_status, with the
// exit status want, if there is one.
func wantCheck(t *testing.T, s mesos.TaskStatus, want *int32) {
	t.Helper()
	c := s.CheckStatus
	if c == nil || c.GetType() != mesos.CheckInfo_COMMAND || c.Command == nil || c.HTTP != nil || c.TCP != nil {
		t.Errorf("%v has check_status %v", s.GetState(), c)
		return
	}
	if got := c.Command.ExitCode; (got == nil) != (want == nil) || want != nil && *want != *got {
		t.Errorf("%v has exit code %v, wanted %v", s.GetState(), got, want)
	}
}

func TestCheckResults(t *testing.T) {
	var a answers
	a.seen.Store(4)
	inWatchedWorld(t, &a, func(t *testing.T, w *world) {
		s := w.acked(mesos.TASK_RUNNING)
		wantReason(t, s, reason(mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED))
		wantHealthy(t, s, ptr(true))
		wantCheck(t, s, nil)
		s = w.acked(mesos.TASK_RUNNING)
		wantReason(t, s, reason(mesos.REASON_TASK_CHECK_STATUS_UPDATED))
		wantHealthy(t, s, ptr(true)) // of the last status
		wantCheck(t, s, ptr(int32(4)))
		<-time.After(time.Hour) // nothing is new
		a.healthy.Store(1)
		s = w.acked(mesos.TASK_RUNNING)
		wantReason(t, s, reason(mesos.REASON_TASK_HEALTH_CHECK_STATUS_UPDATED))
		wantHealthy(t, s, ptr(false))
		wantCheck(t, s, ptr(int32(4)))
		w.exited <- 0
		s = w.acked(mesos.TASK_FINISHED)
		wantReason(t, s, nil)
		wantHealthy(t, s, nil)
		wantCheck(t, s, nil)
	})
}

// Three failures in a row end the task as a KILL does; each is told, and nothing
// of the checks after that.
func TestUnhealthyTaskIsKilled(t *testing.T) {
	var a answers
	a.healthy.Store(1)
	inWatchedWorld(t, &a, func(t *testing.T, w *world) {
		var failures, others int
		for failures < 3 {
			s := w.acked(mesos.TASK_RUNNING)
			if *s.Reason == mesos.REASON_TASK_CHECK_STATUS_UPDATED {
				others++
				continue
			}
			failures++
			wantHealthy(t, s, ptr(false))
			wantMessage(t, s, "health check failed")
		}
		if others != 1 {
			t.Errorf("%d updates of the check", others)
		}
		killing := w.acked(mesos.TASK_KILLING)
		wantHealthy(t, killing, nil)
		wantCheck(t, killing, nil)
		began, ran := time.Now(), a.ran.Load()
		w.signalled(syscall.SIGTERM)
		a.seen.Store(9)
		w.signalled(syscall.SIGKILL)
		if took := time.Since(began); took != 3*time.Second || a.ran.Load() != ran {
			t.Errorf("SIGKILL after %v, %d more checks", took, a.ran.Load()-ran)
		}
		w.exited <- syscall.WaitStatus(syscall.SIGKILL)
		end := w.acked(mesos.TASK_KILLED)
		wantHealthy(t, end, ptr(false))
		wantCheck(t, end, nil)
		wantReason(t, end, nil)
		wantMessage(t, end, "task is unhealthy: health check failed 3 times in a row", "Command terminated with signal Killed")
	})
}

// While nobody could be told, no check runs; when somebody can, they run at once.
func TestChecksPauseWithoutAgent(t *testing.T) {
	var a answers
	inWatchedWorld(t, &a, func(t *testing.T, w *world) {
		w.acked(mesos.TASK_RUNNING)
		w.acked(mesos.TASK_RUNNING)
		w.away.Store(true)
		w.stream.end()
		synctest.Wait()
		ran := a.ran.Load()
		a.healthy.Store(1)
		<-time.After(10 * time.Minute)
		if more := a.ran.Load() - ran; more != 0 {
			t.Errorf("%d checks ran", more)
		}
		w.away.Store(false)
		w.stream = <-w.streams
		w.stream.send(subscribed())
		back := time.Now()
		wantHealthy(t, w.acked(mesos.TASK_RUNNING), ptr(false))
		if took := time.Since(back); took > time.Second/2 {
			t.Errorf("a check ran after %v", took)
		}
		w.exited <- 0
		for s := w.anyAcked(); s.GetState() != mesos.TASK_FINISHED; s = w.anyAcked() {
		}
	})
}

// A check belongs to a task that is refused, too.
func TestRefusedTaskWithACheck(t *testing.T) {
	var a answers
	inWatchedWorld(t, &a, func(t *testing.T, w *world) {
		second := watched()
		second.TaskID.Value = "u"
		w.stream.send(launch(second))
		for s := w.anyAcked(); ; s = w.anyAcked() {
			if s.TaskID.Value == "u" {
				wantCheck(t, s, nil)
				return
			}
		}
	})
}
