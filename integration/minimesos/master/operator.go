package master

import (
	"errors"
	"net/http"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	mastercalls "github.com/mesos/mesos-go/api/v1/lib/master"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// serveOperator is POST /api/v1: GET_HEALTH, GET_AGENTS, GET_FRAMEWORKS and
// GET_TASKS, for people and tests that look into the cluster. Other calls of
// the operator API are 501.
func (m *Master) serveOperator(w http.ResponseWriter, r *http.Request) {
	call := &mastercalls.Call{}
	read, err := wire.ReadCall(r, call)
	if err != nil {
		refuse(w, err)
		return
	}
	if !read.Has("type") {
		wire.BadRequest("Failed to validate master::Call: Expecting 'type' to be present").Write(w)
		return
	}
	codec, ok := wire.Negotiate(r.Header)
	if !ok {
		wire.NotAcceptable().Write(w)
		return
	}
	var body []byte
	var refusal error
	err = m.do(r.Context(), func(s *state) {
		answer := s.operator(call)
		if answer == nil {
			refusal = wire.NotImplemented()
			return
		}
		body, refusal = codec.Marshal(answer)
	})
	if err := errors.Join(err, refusal); err != nil {
		refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", codec.ContentType())
	if _, err := w.Write(body); err != nil {
		m.cfg.Log.Debug("operator went away", zap.Error(err))
	}
}

func (s *state) operator(call *mastercalls.Call) *mastercalls.Response {
	switch call.Type {
	case mastercalls.Call_GET_HEALTH:
		return &mastercalls.Response{
			Type:      mastercalls.Response_GET_HEALTH,
			GetHealth: &mastercalls.Response_GetHealth{Healthy: true},
		}
	case mastercalls.Call_GET_AGENTS:
		return &mastercalls.Response{Type: mastercalls.Response_GET_AGENTS, GetAgents: s.getAgents()}
	case mastercalls.Call_GET_FRAMEWORKS:
		return &mastercalls.Response{Type: mastercalls.Response_GET_FRAMEWORKS, GetFrameworks: s.getFrameworks()}
	case mastercalls.Call_GET_TASKS:
		return &mastercalls.Response{Type: mastercalls.Response_GET_TASKS, GetTasks: s.getTasks()}
	default:
		return nil
	}
}

func (s *state) getAgents() *mastercalls.Response_GetAgents {
	all := &mastercalls.Response_GetAgents{}
	for _, a := range s.agents {
		pid := "slave(1)@" + a.hostPort()
		deactivated := false
		one := mastercalls.Response_GetAgents_Agent{
			AgentInfo:          *a.info,
			Active:             a.stream != nil,
			Deactivated:        &deactivated,
			Version:            version,
			PID:                &pid,
			RegisteredTime:     timeInfo(a.registered),
			TotalResources:     downgrade(a.total),
			AllocatedResources: downgrade(s.allocated(func(_ *framework, on *agent) bool { return on == a })),
			OfferedResources:   downgrade(s.offered(func(o *offer) bool { return o.agent == a })),
			Capabilities:       agentCapabilities(),
		}
		all.Agents = append(all.Agents, one)
	}
	return all
}

// agentCapabilities is what an agent of the recorded build says it can do.
func agentCapabilities() []mesos.AgentInfo_Capability {
	var list []mesos.AgentInfo_Capability
	for c := mesos.AgentInfo_Capability_MULTI_ROLE; c <= mesos.AgentInfo_Capability_TASK_RESOURCE_LIMITS; c++ {
		list = append(list, mesos.AgentInfo_Capability{Type: c})
	}
	return list
}

func (s *state) getFrameworks() *mastercalls.Response_GetFrameworks {
	all := &mastercalls.Response_GetFrameworks{}
	for _, f := range s.frameworks {
		all.Frameworks = append(all.Frameworks, s.describe(f))
	}
	for _, f := range s.completed {
		one := s.describe(f)
		one.UnregisteredTime = timeInfo(f.unregistered)
		all.CompletedFrameworks = append(all.CompletedFrameworks, one)
	}
	return all
}

func (s *state) describe(f *framework) mastercalls.Response_GetFrameworks_Framework {
	one := mastercalls.Response_GetFrameworks_Framework{
		FrameworkInfo:      *f.info,
		Active:             f.active,
		Connected:          f.connected(),
		Recovered:          f.recovered,
		RegisteredTime:     timeInfo(f.registered),
		ReregisteredTime:   timeInfo(f.reregistered),
		AllocatedResources: downgrade(s.allocated(func(of *framework, _ *agent) bool { return of == f })),
		OfferedResources:   downgrade(s.offered(func(o *offer) bool { return o.framework == f })),
	}
	for _, o := range s.offersOf(f) {
		one.Offers = append(one.Offers, *f.visible(o))
	}
	return one
}

func (s *state) getTasks() *mastercalls.Response_GetTasks {
	all := &mastercalls.Response_GetTasks{}
	for _, f := range append(s.frameworks[:len(s.frameworks):len(s.frameworks)], s.completed...) {
		for _, t := range f.tasks {
			all.Tasks = append(all.Tasks, *t.Task)
		}
		for _, t := range f.unreachable {
			all.UnreachableTasks = append(all.UnreachableTasks, *t.Task)
		}
		for _, t := range f.finished {
			all.CompletedTasks = append(all.CompletedTasks, *t)
		}
	}
	return all
}

// allocated adds up what the chosen tasks and executors hold.
func (s *state) allocated(chosen func(*framework, *agent) bool) resources {
	var total resources
	for _, a := range s.agents {
		for _, t := range a.tasks {
			if t.usesResources() && chosen(t.framework, a) {
				total = total.plus(newResources(t.Resources))
			}
		}
		for _, e := range a.executors {
			if chosen(e.framework, a) {
				total = total.plus(newResources(e.info.Resources))
			}
		}
	}
	return total
}

func (s *state) offered(chosen func(*offer) bool) resources {
	var total resources
	for _, o := range s.selectOffers(chosen) {
		total = total.plus(o.resources)
	}
	return total
}

func timeInfo(t time.Time) *mesos.TimeInfo { return &mesos.TimeInfo{Nanoseconds: t.UnixNano()} }
