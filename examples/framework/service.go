package main

import (
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// service decides. It does no input or output but its memory's, so that it can
// be tested by telling it what happens.
type service struct {
	config config
	*memory
	confirmed bool          // something was said of the task since we subscribed
	since     time.Time     // when the task began to run; zero: it does not
	ended     time.Time     // when the last task was over
	pause     time.Duration // between that and the next launch
}

// stable is how long a task has run before its failure is no longer one at once.
const stable = time.Minute

func newService(c config, m *memory, now time.Time) *service {
	return &service{config: c, memory: m, ended: now}
}

// wants says whether a task is to be launched now.
func (s *service) wants(now time.Time) bool {
	return s.Task == nil && !now.Before(s.ended.Add(s.pause))
}

// pick chooses among offers: the node that has the volume, where the task starts
// at once. Another one is taken when that node's agent is lost, or has offered
// nothing for long: the volume follows the task.
func (s *service) pick(offers []mesos.Offer, now time.Time) (offer mesos.Offer, found bool) {
	waited := now.Sub(s.ended.Add(s.pause)) >= s.config.patience
	elsewhere := s.Home.Hostname == "" || s.HomeLost || waited
	for _, o := range offers {
		if !s.config.fits(o) {
			continue
		}
		if o.Hostname == s.Home.Hostname {
			return o, true
		}
		if elsewhere {
			offer, found = o, true
		}
	}
	return offer, found
}

// launch remembers the task before anybody is asked to launch it.
func (s *service) launch(offer mesos.Offer) (mesos.TaskInfo, error) {
	s.Launches++
	id := fmt.Sprintf("%s.%d", s.config.service, s.Launches)
	s.Task = &task{ID: id, Agent: offer.AgentID.Value}
	s.Home = node{Agent: offer.AgentID.Value, Hostname: offer.Hostname}
	s.HomeLost, s.since, s.confirmed = false, time.Time{}, false
	return s.config.taskInfo(id, offer), s.keep()
}

// status takes in what became of a task. kill says that this task must end: it
// was replaced, and has come back with its agent.
func (s *service) status(status mesos.TaskStatus, now time.Time) (kill bool, err error) {
	alive := running(status.GetState())
	if s.Task == nil || status.TaskID.Value != s.Task.ID {
		return alive, nil
	}
	s.confirmed = true
	switch {
	case status.GetState() == mesos.TASK_RUNNING && s.since.IsZero():
		s.since = now
	case alive:
	default:
		return false, s.over(status, now)
	}
	return false, nil
}

// running says whether a task in this state may be alive and is in reach.
// TASK_UNREACHABLE is neither an end nor in reach.
func running(state mesos.TaskState) bool {
	switch state {
	case mesos.TASK_STAGING, mesos.TASK_STARTING, mesos.TASK_RUNNING, mesos.TASK_KILLING:
		return true
	}
	return false
}

// over: the service is to be launched again. After TASK_UNREACHABLE the task may
// still run over there. It is replaced all the same: its volume's lease keeps
// the new task waiting until the old one is gone, and if it comes back first, it
// is killed (status).
func (s *service) over(status mesos.TaskStatus, now time.Time) error {
	switch status.GetState() {
	case mesos.TASK_UNREACHABLE, mesos.TASK_GONE_BY_OPERATOR:
		s.HomeLost = true
	}
	s.pause = min(max(2*s.pause, s.config.backoff), s.config.maxBackoff)
	if !s.since.IsZero() && now.Sub(s.since) >= stable {
		s.pause = s.config.backoff
	}
	s.Task, s.since, s.ended = nil, time.Time{}, now
	return s.keep()
}

// agentLost is told of an agent that the master has given up.
func (s *service) agentLost(agent string) error {
	if agent != s.Home.Agent || s.HomeLost {
		return nil
	}
	s.HomeLost = true
	return s.keep()
}

// subscribed takes the framework's id, and takes nothing for confirmed any more.
func (s *service) subscribed(id string) error {
	s.confirmed = false
	if s.FrameworkID == id {
		return nil
	}
	s.FrameworkID = id
	return s.keep()
}
