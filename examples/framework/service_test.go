package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// begun is a service that has nothing behind it.
func begun(t *testing.T) (*service, time.Time) {
	t.Helper()
	now := time.Unix(1000, 0)
	c := config{service: "s", cpus: 1, mem: 100, patience: time.Minute, backoff: time.Second, maxBackoff: 5 * time.Second}
	return newService(c, &memory{file: filepath.Join(t.TempDir(), "memory")}, now), now
}

func offer(host string) mesos.Offer {
	return mesos.Offer{Hostname: host, AgentID: mesos.AgentID{Value: "agent-" + host}, Resources: scalars(4, 1000)}
}

// launches picks one of the offers and launches there; "" when none suits.
func launches(t *testing.T, s *service, now time.Time, offers ...mesos.Offer) string {
	t.Helper()
	o, found := s.pick(offers, now)
	if !s.wants(now) || !found {
		return ""
	}
	if _, err := s.launch(o); err != nil {
		t.Fatal(err)
	}
	return o.Hostname
}

func becomes(t *testing.T, s *service, id string, state mesos.TaskState, now time.Time) (kill bool) {
	t.Helper()
	kill, err := s.status(mesos.TaskStatus{TaskID: mesos.TaskID{Value: id}, State: &state}, now)
	if err != nil {
		t.Fatal(err)
	}
	return kill
}

// The service stays where its volume is, for as long as it has patience.
func TestPlacement(t *testing.T) {
	s, now := begun(t)
	// Room for the task, and none for the executor.
	busy, small := offer("busy"), offer("small")
	busy.Resources, small.Resources = scalars(1, 1000), scalars(4, 100)
	if got := launches(t, s, now, busy, small); got != "" {
		t.Fatalf("launched on %q", got)
	}
	if got := launches(t, s, now, busy, small, offer("a")); got != "a" {
		t.Fatalf("launched on %q", got)
	}
	becomes(t, s, "s.1", mesos.TASK_RUNNING, now)
	becomes(t, s, "s.1", mesos.TASK_FAILED, now)
	due := now.Add(time.Second)
	if got := launches(t, s, due, offer("b")); got != "" {
		t.Errorf("moved to %q at once", got)
	}
	if got := launches(t, s, due, offer("b"), offer("a"), offer("c")); got != "a" {
		t.Errorf("launched on %q", got)
	}
	becomes(t, s, "s.2", mesos.TASK_FAILED, due)
	if got := launches(t, s, due.Add(2*time.Minute), offer("b")); got != "b" {
		t.Errorf("launched on %q after a minute", got)
	}
}

// A lost agent is not waited for; its task is killed if it comes back.
func TestAgentLost(t *testing.T) {
	s, now := begun(t)
	launches(t, s, now, offer("a"))
	becomes(t, s, "s.1", mesos.TASK_RUNNING, now)
	becomes(t, s, "s.1", mesos.TASK_UNREACHABLE, now)
	due := now.Add(time.Second)
	if got := launches(t, s, due, offer("b")); got != "b" {
		t.Fatalf("launched on %q", got)
	}
	if err := s.agentLost("agent-a"); err != nil || s.HomeLost {
		t.Errorf("home is lost %v (%v)", s.HomeLost, err)
	}
	for state, want := range map[mesos.TaskState]bool{
		mesos.TASK_UNREACHABLE: false, mesos.TASK_RUNNING: true, mesos.TASK_STARTING: true, mesos.TASK_KILLED: false,
	} {
		if kill := becomes(t, s, "s.1", state, due); kill != want {
			t.Errorf("replaced task is %v: kill %v", state, kill)
		}
	}
	if kill := becomes(t, s, "s.2", mesos.TASK_RUNNING, due); kill || s.Task == nil {
		t.Errorf("our task is killed %v, forgotten %v", kill, s.Task == nil)
	}
	if err := s.agentLost("agent-b"); err != nil || !s.HomeLost {
		t.Errorf("home is lost %v (%v)", s.HomeLost, err)
	}
}

// Tasks that fail at once are launched ever more slowly.
func TestBackoff(t *testing.T) {
	s, now := begun(t)
	for i, want := range []time.Duration{0, 1, 2, 4, 5, 5} {
		want *= time.Second
		if want > 0 && s.wants(now.Add(want-1)) {
			t.Errorf("launch %d too early", i)
		}
		now = now.Add(want)
		if launches(t, s, now, offer("a")) == "" {
			t.Fatalf("launch %d not after %v", i, want)
		}
		becomes(t, s, s.Task.ID, mesos.TASK_FAILED, now)
	}
	now = now.Add(5 * time.Second)
	launches(t, s, now, offer("a"))
	becomes(t, s, s.Task.ID, mesos.TASK_RUNNING, now)
	now = now.Add(stable)
	becomes(t, s, s.Task.ID, mesos.TASK_FAILED, now)
	if !s.wants(now.Add(time.Second)) {
		t.Error("a task that has run for long is launched late")
	}
}

// What was kept is recalled by the next run of the program.
func TestMemory(t *testing.T) {
	s, now := begun(t)
	if err := s.subscribed("f-0001"); err != nil {
		t.Fatal(err)
	}
	if m, err := recall(s.file); err != nil || m.FrameworkID != "f-0001" {
		t.Errorf("recalled %+v (%v)", m, err)
	}
	launches(t, s, now, offer("a"))
	m, err := recall(s.file)
	if err != nil {
		t.Fatal(err)
	}
	again := newService(s.config, m, now)
	if again.FrameworkID != "f-0001" || again.Task == nil || again.Task.ID != "s.1" || again.Home.Hostname != "a" {
		t.Errorf("recalled %+v", again.memory)
	}
	becomes(t, again, "s.1", mesos.TASK_FAILED, now)
	if got := launches(t, again, now.Add(time.Second), offer("a")); got != "a" || again.Task.ID != "s.2" {
		t.Errorf("launched %s on %q", again.Task.ID, got)
	}
	if err := os.WriteFile(s.file, []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := recall(s.file); err == nil {
		t.Error("a broken file was recalled")
	}
}
