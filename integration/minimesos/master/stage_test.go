package master_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// record is one event of a recording, decoded.
type record struct {
	at    time.Duration
	event *scheduler.Event
}

// stage lets puppets act as the recorded agents did.
type stage struct {
	t       *testing.T
	m       *master.Master
	records []record
	next    int
	hangUps map[time.Duration]string // recorded framework ids of streams closed by the client
	moved   time.Duration
	puppets map[string]*puppet // by recorded agent id
	uuids   map[string][]byte  // last update of each task
}

func recordsOf(t testing.TB, recorded *replay.Trace) []record {
	t.Helper()
	var all []record
	for _, e := range recorded.Entries {
		for _, r := range e.Records {
			event := &scheduler.Event{}
			codec := wire.Protobuf
			if strings.HasPrefix(string(r.Payload), "{") {
				codec = wire.JSON
			}
			if err := codec.Unmarshal(r.Payload, event); err != nil {
				t.Fatalf("%s: %v", r.Payload, err)
			}
			all = append(all, record{at: max(r.At, e.At), event: event})
		}
	}
	slices.SortStableFunc(all, func(a, b record) int { return int(a.at - b.at) })
	return all
}

func newStage(t *testing.T, m *master.Master, recorded *replay.Trace) *stage {
	s := &stage{
		t: t, m: m,
		records: recordsOf(t, recorded),
		hangUps: map[time.Duration]string{},
		puppets: map[string]*puppet{},
		uuids:   map[string][]byte{},
	}
	for _, e := range recorded.Entries {
		if e.End == nil || e.End.How != replay.EndClient {
			continue
		}
		subscribed := recordsOf(t, &replay.Trace{Entries: []replay.Entry{e}})[0].event
		s.hangUps[e.End.At] = subscribed.Subscribed.FrameworkID.Value
	}
	return s
}

// noticeHangUps waits until the master has seen that the client closed a stream.
func (s *stage) noticeHangUps(ctx context.Context, p *replay.Player, e replay.Entry) error {
	for at, recorded := range s.hangUps {
		if at > e.At {
			continue
		}
		delete(s.hangUps, at)
		if live, ok := p.Names().Live(recorded); ok {
			if err := s.m.WaitDisconnected(ctx, live); err != nil {
				return err
			}
		}
	}
	return nil
}

func (s *stage) raiseFirstAgent() {
	for _, r := range s.records {
		if r.event.Type == scheduler.Event_OFFERS {
			s.raise(&r.event.Offers.Offers[0])
			return
		}
	}
}

// raise starts the agent that a recorded offer comes from.
func (s *stage) raise(o *mesos.Offer) {
	if s.puppets[o.AgentID.Value] != nil {
		return
	}
	info := agentInfo(o.Hostname)
	for _, r := range o.Resources {
		r.AllocationInfo, r.Role = nil, nil
		info.Resources = append(info.Resources, r)
	}
	info.Attributes = o.Attributes
	reg := link.Register{IP: o.URL.Address.GetIP(), Port: int(o.URL.Address.Port)}
	s.puppets[o.AgentID.Value] = newPuppet(s.t, s.m.URL(), reg, info)
}

// step moves the master's clock to a moment of the recording and lets the
// agents do what made the events up to then.
func (s *stage) step(ctx context.Context, _ *replay.Player, at time.Duration) error {
	if err := s.m.Advance(ctx, at-s.moved); err != nil {
		return err
	}
	s.moved = max(s.moved, at)
	for ; s.next < len(s.records) && s.records[s.next].at <= at; s.next++ {
		if err := s.act(ctx, s.records[s.next].event); err != nil {
			return err
		}
	}
	return nil
}

func (s *stage) act(ctx context.Context, e *scheduler.Event) error {
	switch e.Type {
	case scheduler.Event_OFFERS:
		for i := range e.Offers.Offers {
			s.raise(&e.Offers.Offers[i])
		}
		return s.m.Allocate(ctx)
	case scheduler.Event_UPDATE:
		if len(e.Update.Status.UUID) > 0 {
			s.update(e.Update.Status)
		}
	case scheduler.Event_FAILURE:
		if e.Failure.ExecutorID != nil {
			s.exited(e.Failure)
		}
	case scheduler.Event_MESSAGE:
		s.echo(e.Message)
	}
	return nil
}

// update is sent when the task was launched and its update before was
// acknowledged: a real agent has one outstanding per task.
func (s *stage) update(status mesos.TaskStatus) {
	p, task := s.puppets[status.AgentID.Value], status.TaskID.Value
	last := s.uuids[task]
	if last != nil && string(last) != string(status.UUID) && p.runs[task] != nil {
		p.awaitAck(last)
	}
	s.uuids[task] = status.UUID
	status.AgentID = &mesos.AgentID{Value: p.id}
	p.report(task, &status)
}

func (s *stage) exited(f *scheduler.Event_Failure) {
	p := s.puppets[f.AgentID.Value]
	for task := range p.runs {
		if p.executorOf(task).ExecutorID.Value == f.ExecutorID.Value {
			p.exited(task, f.GetStatus())
			return
		}
	}
	task := ""
	p.await("run of executor "+f.ExecutorID.Value, func(c *link.Command) bool {
		for id := range p.runs {
			if p.executorOf(id).ExecutorID.Value == f.ExecutorID.Value {
				task = id
			}
		}
		return task != ""
	})
	p.exited(task, f.GetStatus())
}

// echo answers the message that the executor got.
func (s *stage) echo(m *scheduler.Event_Message) {
	p := s.puppets[m.AgentID.Value]
	got := p.await("message", func(c *link.Command) bool { return c.Message != nil }).Message
	p.post(link.Event{Message: &link.Message{FrameworkID: got.FrameworkID, ExecutorID: got.ExecutorID, Data: m.Data}})
}

// operate does what the operator did to the second agent.
func (s *stage) operate(ctx context.Context, _ *replay.Player, e replay.Entry) error {
	p := s.second()
	switch {
	case p == nil:
		return fmt.Errorf("no second agent for %q", e.Note)
	case strings.Contains(e.Note, "SIGKILL"):
		for _, uuid := range s.uuids {
			p.awaitAck(uuid)
		}
		p.disconnect()
		return s.m.WaitAgentGone(ctx, p.id)
	case strings.Contains(e.Note, "SIGUSR1"):
		p.post(link.Event{Unregister: &struct{}{}})
		p.disconnect()
	case strings.Contains(e.Note, "started again"):
		s.restart(p)
	default:
		return fmt.Errorf("unknown step %q", e.Note)
	}
	return nil
}

func (s *stage) second() *puppet {
	for id, p := range s.puppets {
		if !strings.HasSuffix(id, "-S0") {
			return p
		}
	}
	return nil
}

// restart brings the agent back with its task, which failed meanwhile.
func (s *stage) restart(p *puppet) {
	for task, run := range p.runs {
		var f mesos.FrameworkInfo
		if err := f.Unmarshal(run.FrameworkInfo); err != nil {
			s.t.Fatal(err)
		}
		info, e := p.taskOf(task), p.executorOf(task)
		known := &mesos.Task{
			Name: info.Name, TaskID: info.TaskID, FrameworkID: *f.ID, AgentID: info.AgentID,
			ExecutorID: &e.ExecutorID, State: mesos.TASK_FAILED.Enum(), Resources: info.Resources,
		}
		for _, r := range s.records[:s.next] {
			if r.event.Type == scheduler.Event_UPDATE && len(r.event.Update.Status.UUID) > 0 {
				known.Statuses = append(known.Statuses, r.event.Update.Status)
			}
		}
		p.register.Tasks = append(p.register.Tasks, link.Task{FrameworkID: f.ID.Value, Task: marshal(s.t, known), Unacked: true})
	}
	p.connect()
	s.t.Cleanup(p.disconnect)
}
