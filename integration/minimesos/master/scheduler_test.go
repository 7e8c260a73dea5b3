package master_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	operator "github.com/mesos/mesos-go/api/v1/lib/master"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

func isType(want scheduler.Event_Type) func(*scheduler.Event) bool {
	return func(e *scheduler.Event) bool { return e.Type == want }
}

func TestHeartbeats(t *testing.T) {
	m := startMaster(t, master.Config{})
	c := subscribe(t, m.URL(), aware("apps"))
	c.await("the first HEARTBEAT", isType(scheduler.Event_HEARTBEAT))
	for range 3 {
		if err := m.Advance(bounded(t), 15*time.Second); err != nil {
			t.Fatal(err)
		}
		c.await("HEARTBEAT", isType(scheduler.Event_HEARTBEAT))
	}
}

func TestOffersComeByThemselves(t *testing.T) {
	m := runMaster(t, master.Config{AllocationInterval: 10 * time.Millisecond})
	newPuppet(t, m.URL(), link.Register{Port: 5051}, hosted())
	if err := m.WaitAgents(bounded(t), 1); err != nil {
		t.Fatal(err)
	}
	c := subscribe(t, m.URL(), aware("apps"))
	for range 3 {
		c.accept(c.offer())
	}
}

func TestSuppressNamesRoles(t *testing.T) {
	m, _, c := cluster(t, aware("a", "b"))
	o := c.offer()
	c.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS, Suppress: &scheduler.Call_Suppress{Roles: []string{o.AllocationInfo.GetRole()}}})
	c.call(&scheduler.Call{Type: scheduler.Call_SUPPRESS, Suppress: &scheduler.Call_Suppress{Roles: []string{"unknown"}}})
	c.accept(o)
	offerAgain(t, m)
	next := c.offer()
	if next.AllocationInfo.GetRole() == o.AllocationInfo.GetRole() {
		t.Errorf("offer for the suppressed role %s", next.AllocationInfo.GetRole())
	}
}

// The rest of an ACCEPT stays away for refuse_seconds, 5 s by default.
func TestRestOfAnAcceptIsFiltered(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	o := c.offer()
	c.call(&scheduler.Call{Type: scheduler.Call_ACCEPT, Accept: &scheduler.Call_Accept{OfferIDs: []mesos.OfferID{o.ID}}})
	if err := m.Advance(bounded(t), 4*time.Second); err != nil {
		t.Fatal(err)
	}
	noOffers(t, m)
	if err := m.Advance(bounded(t), 2*time.Second); err != nil {
		t.Fatal(err)
	}
	c.offer()
}

// noOffers makes a round of offers and looks whether there is any.
func noOffers(t *testing.T, m *master.Master) {
	t.Helper()
	offerAgain(t, m)
	_, frameworks := ask(t, m.URL(), operator.Call_GET_FRAMEWORKS)
	for _, f := range frameworks.GetFrameworks.Frameworks {
		if len(f.Offers) > 0 {
			t.Errorf("offer %s", f.Offers[0].ID.Value)
		}
	}
}

func TestRolesTakeTurns(t *testing.T) {
	m, _, a := cluster(t, aware("a"))
	b := subscribe(t, m.URL(), aware("b"))
	for range 3 {
		a.accept(a.offer())
		offerAgain(t, m)
		b.accept(b.offer())
		offerAgain(t, m)
	}
}

func TestUpdateFramework(t *testing.T) {
	_, p, c := cluster(t, aware("apps"))
	c.info.Roles = []string{"apps", "more"}
	update := func() (int, string) {
		return c.try(&scheduler.Call{
			Type:            scheduler.Call_UPDATE_FRAMEWORK,
			UpdateFramework: &scheduler.Call_UpdateFramework{FrameworkInfo: *c.info},
		})
	}
	status, _ := update()
	expect(t, "status", status, http.StatusOK)
	p.await("update_framework", func(k *link.Command) bool { return k.UpdateFramework != nil })
	c.info.User = "other"
	status, text := update()
	expect(t, "status", status, http.StatusBadRequest)
	expect(t, "text", text, "FrameworkInfo update is not valid: Updating 'FrameworkInfo.user' is unsupported; "+
		"attempted to update from 'root' to 'other'")
}

func TestReservedResourcesGoToTheirRole(t *testing.T) {
	m := startMaster(t, master.Config{})
	info := hosted()
	mine := scalar("cpus", 2)
	mine.Role = ptr("db")
	info.Resources = append(info.Resources, mine)
	newPuppet(t, m.URL(), link.Register{Port: 5051}, info)
	other := subscribe(t, m.URL(), aware("apps"))
	expect(t, "cpus for others", cpusOf(other.offer()), 4)
	c := subscribe(t, m.URL(), aware("db/main"))
	o := c.offer()
	expect(t, "cpus", cpusOf(o), 2)
	expect(t, "reservation", o.Resources[0].Reservations[0].GetRole(), "db")
}

func TestCallsWithoutEffectAreAccepted(t *testing.T) {
	_, _, c := cluster(t, aware("apps"))
	for _, call := range []*scheduler.Call{
		{Type: scheduler.Call_REQUEST, Request: &scheduler.Call_Request{}},
		{Type: scheduler.Call_ACCEPT_INVERSE_OFFERS, AcceptInverseOffers: &scheduler.Call_AcceptInverseOffers{}},
		{Type: scheduler.Call_DECLINE_INVERSE_OFFERS, DeclineInverseOffers: &scheduler.Call_DeclineInverseOffers{}},
		{Type: scheduler.Call_RECONCILE_OPERATIONS, ReconcileOperations: &scheduler.Call_ReconcileOperations{}},
		{Type: scheduler.Call_ACCEPT, Accept: &scheduler.Call_Accept{
			Operations: []mesos.Offer_Operation{{Type: mesos.Offer_Operation_RESERVE}},
		}},
	} {
		c.call(call)
	}
}

// A real master aborts on this call; 501 is what its code means to answer.
func TestCallOfTypeUnknown(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	body := strings.NewReader(`{"type":"UNKNOWN","framework_id":{"value":"` + c.info.ID.Value + `"}}`)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, m.URL()+schedulerPath, body)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Mesos-Stream-Id", c.streamID)
	resp, err := web.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	expect(t, "status", resp.StatusCode, http.StatusNotImplemented)
}

func TestListeningEverywhere(t *testing.T) {
	m := startMaster(t, master.Config{Addr: ":0"})
	subscribe(t, m.URL(), aware("apps"))
}
