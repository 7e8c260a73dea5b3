package master

import (
	"context"
	"encoding/json"
	"net/http"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// agentStream is the command stream of one registration.
type agentStream struct {
	queue
	log *zap.Logger
}

func (st *agentStream) send(c *link.Command) {
	line, err := json.Marshal(c)
	if err != nil {
		st.log.Error("command not sent", zap.Error(err))
		st.drop()
		return
	}
	st.put(append(line, '\n'))
}

// send queues a command; for a disconnected agent it is lost.
func (a *agent) send(c *link.Command) {
	if a.stream != nil {
		a.stream.send(c)
	}
}

// serveAgent is POST link.PathRegister: the answer is the command stream. A
// registration that makes no sense is 400.
func (m *Master) serveAgent(w http.ResponseWriter, r *http.Request) {
	if err := m.agentRefusedByFault(r.Context()); err != nil {
		refuse(w, err)
		return
	}
	reg, err := readRegistration(r)
	if err != nil {
		refuse(w, err)
		return
	}
	st := &agentStream{queue: newQueue(w), log: m.cfg.Log}
	err = m.do(r.Context(), func(s *state) {
		m.streams.Add(1)
		s.registerAgent(st, reg)
	})
	if err != nil {
		refuse(w, err)
		return
	}
	defer m.streams.Done()
	defer m.agentDisconnected(r.Context(), st)
	w.Header().Set("Content-Type", "application/json")
	flush := http.NewResponseController(w).Flush
	st.pump(r, func(line []byte) error {
		if _, err := w.Write(line); err != nil {
			return err
		}
		return flush()
	})
}

func (m *Master) agentDisconnected(ctx context.Context, st *agentStream) {
	err := m.do(context.WithoutCancel(ctx), func(s *state) { s.agentExited(st) })
	if err != nil {
		m.cfg.Log.Debug("agent stream ended while closing")
	}
}

// registration is a link.Register with its messages decoded.
type registration struct {
	id        string
	ip        string
	info      *mesos.AgentInfo
	executors []registeredExecutor
	tasks     []registeredTask
}

type registeredExecutor struct {
	framework *mesos.FrameworkInfo
	info      *mesos.ExecutorInfo
}

type registeredTask struct {
	frameworkID string
	task        *mesos.Task
	unacked     bool
}

func readRegistration(r *http.Request) (*registration, error) {
	if r.Method != http.MethodPost {
		return nil, wire.MethodNotAllowed(r.Method)
	}
	var sent link.Register
	if err := json.NewDecoder(r.Body).Decode(&sent); err != nil {
		return nil, wire.BadRequest("registration: %v", err)
	}
	reg := &registration{id: sent.AgentID, ip: sent.IP, info: &mesos.AgentInfo{}}
	if err := reg.info.Unmarshal(sent.AgentInfo); err != nil {
		return nil, wire.BadRequest("registration: agent_info: %v", err)
	}
	port := int32(sent.Port)
	reg.info.Port = &port
	for _, e := range sent.Executors {
		known := registeredExecutor{framework: &mesos.FrameworkInfo{}, info: &mesos.ExecutorInfo{}}
		if err := known.framework.Unmarshal(e.FrameworkInfo); err != nil {
			return nil, wire.BadRequest("registration: framework_info: %v", err)
		}
		if err := known.info.Unmarshal(e.ExecutorInfo); err != nil {
			return nil, wire.BadRequest("registration: executor_info: %v", err)
		}
		reg.executors = append(reg.executors, known)
	}
	for _, t := range sent.Tasks {
		known := registeredTask{frameworkID: t.FrameworkID, task: &mesos.Task{}, unacked: t.Unacked}
		if err := known.task.Unmarshal(t.Task); err != nil {
			return nil, wire.BadRequest("registration: task: %v", err)
		}
		reg.tasks = append(reg.tasks, known)
	}
	return reg, nil
}

// serveAgentEvent is POST link.PathEvent. 202 means that the event has taken
// effect; 404 that the master does not know the agent, which should register.
func (m *Master) serveAgentEvent(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost {
		wire.MethodNotAllowed(r.Method).Write(w)
		return
	}
	event := &link.Event{}
	if err := json.NewDecoder(r.Body).Decode(event); err != nil {
		wire.BadRequest("event: %v", err).Write(w)
		return
	}
	var refusal error
	err := m.do(r.Context(), func(s *state) { refusal = s.agentEvent(event) })
	if err == nil {
		err = refusal
	}
	if err != nil {
		refuse(w, err)
		return
	}
	wire.Accept(w)
}
