package master

import (
	"fmt"
	"net"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// state is everything the master knows. Only the owner goroutine touches it.
type state struct {
	cfg   Config
	id    string
	addr  *net.TCPAddr
	clock clock

	frameworks  []*framework // in the order of their first subscription
	completed   []*framework
	agents      []*agent // registered, connected or not
	unreachable map[string]*lostAgent
	offers      map[string]*offer
	roles       map[string]int // how often each role was chosen for an offer

	nextFramework, nextAgent, nextOffer int

	waiters []*waiter
	faults  faults
}

// framework is one that subscribed, or that an agent told us about.
type framework struct {
	info       *mesos.FrameworkInfo
	stream     *stream // nil while disconnected
	active     bool
	recovered  bool // known from an agent only, never subscribed here
	suppressed map[string]bool
	chosen     map[string]int // offers made, by role
	filters    []*filter

	tasks       []*task
	unreachable []*task
	finished    []*mesos.Task

	heartbeat, failover *timer

	registered, reregistered, unregistered time.Time
}

// task is one that runs, or whose terminal update is not acknowledged yet.
type task struct {
	*mesos.Task
	framework *framework
	agent     *agent
}

// executor is one that the master believes to live on an agent.
type executor struct {
	info      *mesos.ExecutorInfo
	framework *framework
}

// agent is a registered one.
type agent struct {
	id        string
	info      *mesos.AgentInfo
	ip        string
	total     resources
	stream    *agentStream // nil while disconnected
	tasks     []*task
	executors []*executor
	killed    map[string]bool // framework and task ids of KILL calls, for its return

	ponged     bool
	unanswered int // pings on this stream
	timeouts   int
	ping       *timer
	reregister *timer
	registered time.Time
}

// lostAgent remembers an unreachable agent.
type lostAgent struct {
	since time.Time
}

// offer is an outstanding one.
type offer struct {
	*mesos.Offer
	framework *framework
	agent     *agent
	role      string
	resources resources
}

func newState(cfg Config, id string, addr *net.TCPAddr) *state {
	s := &state{
		cfg:         cfg,
		id:          id,
		addr:        addr,
		unreachable: map[string]*lostAgent{},
		offers:      map[string]*offer{},
		roles:       map[string]int{},
	}
	if cfg.StandStill {
		s.clock.since = time.Now()
	}
	s.clock.after(cfg.AllocationInterval, s.allocationRound)
	return s
}

func (s *state) newFrameworkID() string {
	s.nextFramework++
	return fmt.Sprintf("%s-%04d", s.id, s.nextFramework-1)
}

func (s *state) newAgentID() string {
	s.nextAgent++
	return fmt.Sprintf("%s-S%d", s.id, s.nextAgent-1)
}

func (s *state) newOfferID() string {
	s.nextOffer++
	return fmt.Sprintf("%s-O%d", s.id, s.nextOffer-1)
}

func newStreamID() string { return uuid.NewString() }

func (s *state) framework(id string) *framework {
	for _, f := range s.frameworks {
		if f.id() == id {
			return f
		}
	}
	return nil
}

func (s *state) isCompleted(frameworkID string) bool {
	for _, f := range s.completed {
		if f.id() == frameworkID {
			return true
		}
	}
	return false
}

func (s *state) agent(id string) *agent {
	for _, a := range s.agents {
		if a.id == id {
			return a
		}
	}
	return nil
}

func (s *state) endAllStreams() {
	for _, f := range s.frameworks {
		if f.stream != nil {
			f.stream.end()
		}
	}
	for _, a := range s.agents {
		if a.stream != nil {
			a.stream.end()
		}
	}
}
