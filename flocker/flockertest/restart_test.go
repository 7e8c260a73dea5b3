package flockertest_test

import (
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

func TestConfigurationSurvivesOnDisk(t *testing.T) {
	dir := t.TempDir()
	first := &flockertest.Service{StateDir: dir}
	start(t, first)
	id := first.Create(flockertest.Dataset{Primary: node1, MaximumSize: 64 << 20, Metadata: map[string]string{"name": "é"}})[0]
	first.SetLease(id, node1, time.Hour)
	if _, err := first.WaitMounted(brief(t), id, node1); err != nil {
		t.Fatal(err)
	}
	first.Close()

	second := &flockertest.Service{StateDir: dir}
	start(t, second)
	d, ok := second.Dataset(id)
	if !ok || d.Primary != node1 || d.MaximumSize != 64<<20 || d.Metadata["name"] != "é" || d.Deleted {
		t.Errorf("after a restart: %+v", d)
	}
	l, ok := second.Lease(id)
	if left := time.Until(l.Expires); !ok || l.Node != node1 || left > time.Hour || left < 59*time.Minute {
		t.Errorf("after a restart: %+v", l)
	}
}

func TestRestartEmptiesTheStateForAWhile(t *testing.T) {
	c := startCluster(t, flockertest.Agent{Backend: flockertest.Directory})
	id, _ := c.create(t, node1)
	tag := tagOf(t, &c.Service)
	if err := c.Restart(300 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	h := client(t)
	for path, want := range map[string]string{"/v1/state/datasets": "[]", "/v1/state/nodes": "[]"} {
		if status, body := call(t, h, "GET", c.URL()+path, ""); status != 200 || body != want {
			t.Errorf("%s after a restart: %d %s", path, status, body)
		}
	}
	if status, _ := call(t, h, "GET", c.URL()+"/v1/state/nodes/by_era/eeeeeeee-2222-4222-8222-eeeeeeeeeeee", ""); status != 404 {
		t.Errorf("an era is known directly after a restart: %d", status)
	}
	if moved := tagOf(t, &c.Service); moved == tag {
		t.Error("the tag is the same after a restart")
	}
	c.mounted(t, id, node1)
}

func tagOf(t *testing.T, s *flockertest.Service) string {
	t.Helper()
	c := client(t)
	response, err := c.Get(s.URL() + "/v1/configuration/datasets")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	return response.Header.Get("X-Configuration-Tag")
}

func TestServiceThatIsDownRefusesConnections(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	url, c := s.URL()+"/v1/version", client(t)
	call(t, c, "GET", url, "")
	s.Down()
	fails(t, c, "GET", url, "")
	if err := s.Up(0); err != nil {
		t.Fatal(err)
	}
	if status, _ := call(t, c, "GET", url, ""); status != 200 {
		t.Errorf("after Up: %d", status)
	}
}

func TestLeaseKeepsADatasetOnItsHolderOnly(t *testing.T) {
	c := startCluster(t, flockertest.Agent{Backend: flockertest.Directory})
	held, _ := c.create(t, node1)
	c.SetLease(held, node1, 0)
	c.Move(held, node2)
	free, _ := c.create(t, node1)
	c.SetLease(free, node2, 0)
	c.Move(free, node2)
	c.mounted(t, free, node2) // a move to the holder proceeds
	c.mounted(t, held, node1)
	c.RemoveLease(held)
	c.mounted(t, held, node2)
}

func TestExpireLeasesNow(t *testing.T) {
	var s flockertest.Service
	start(t, &s)
	s.SetLease(node1, node1, time.Hour)
	s.SetLease(node2, node1, 0)
	s.ExpireLeases()
	if l := s.Leases(); len(l) != 1 || l[0].Dataset != node2 {
		t.Errorf("left: %v", l)
	}
	s.SetLease(node1, node1, time.Millisecond)
	gone := func(_ flockertest.Lease, held bool) bool { return !held }
	if err := s.WaitLease(brief(t), node1, gone); err != nil {
		t.Error(err)
	}
}

func TestPausedAgentDoesNothingUntilResumed(t *testing.T) {
	c := startCluster(t, flockertest.Agent{Backend: flockertest.Directory})
	c.PauseAgent(node1)
	id := c.Create(flockertest.Dataset{Primary: node1})[0]
	c.create(t, node2) // the other node works
	if err := c.Restart(0); err != nil {
		t.Fatal(err)
	}
	c.create(t, node2)
	for _, d := range c.States() {
		if d.ID == id {
			t.Errorf("a paused agent made %+v", d)
		}
	}
	c.ResumeAgent(node1)
	c.mounted(t, id, node1)
}

func TestSilentAgentIsForgotten(t *testing.T) {
	c := startCluster(t, flockertest.Agent{Backend: flockertest.Directory})
	id, _ := c.create(t, node2)
	c.halt(t, node2)
	c.ForgetNode(node2)
	gone := func(_ flockertest.DatasetState, exists bool) bool { return !exists }
	if err := c.WaitState(brief(t), id, gone); err != nil {
		t.Error(err)
	}
	h := client(t)
	if status, _ := call(t, h, "GET", c.URL()+"/v1/state/nodes/by_era/eeeeeeee-2222-4222-8222-eeeeeeeeeeee", ""); status != 200 {
		t.Errorf("era of a dead node: %d", status)
	}
	c.run(t, c.agents[node2])
	c.mounted(t, id, node2)
}
