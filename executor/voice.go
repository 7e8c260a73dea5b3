package executor

import (
	"errors"
	"slices"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// voice says one task's statuses. What all of them carry is added here: the state
// of the volumes, a container's addresses, and a check_status when the task has a
// check, though there be no result yet (launcher/executor.cpp, createTaskStatus).
// One goroutine uses it at any time: the task's, or that of its progress.
type voice struct {
	session *Session
	check   *mesos.CheckStatusInfo // without a result; nil: no check
	volumes []volumes.VolumeState
	// networks is where a container is to be found, once it runs.
	networks []mesos.NetworkInfo
	last     Status
}

func newVoice(s *Session, info mesos.TaskInfo) *voice {
	return &voice{session: s, check: checkStatus(info.Check, checks.Outcome{})}
}

// say queues a status.
func (v *voice) say(s Status) {
	v.last = v.whole(s)
	v.session.Send(v.last)
}

// offer is say for a status that may as well be left out.
func (v *voice) offer(s Status) bool { return v.session.Offer(v.whole(s)) }

func (v *voice) whole(s Status) Status {
	s.Volumes, s.Networks = slices.Clone(v.volumes), v.networks
	if s.Check == nil {
		s.Check = v.check
	}
	return s
}

// wanted notes the volumes that a task asks for.
func (v *voice) wanted(vols []volumes.Volume) {
	for _, w := range vols {
		v.volumes = append(v.volumes, volumes.VolumeState{Name: w.Name, Dataset: w.Dataset, State: volumes.StateAcquiring})
	}
}

// saw notes what the progress of an acquire tells.
func (v *voice) saw(p volumes.Progress) {
	for i := range v.volumes {
		if v.volumes[i].Name == p.Volume && p.Dataset != "" {
			v.volumes[i].Dataset = p.Dataset
		}
	}
}

// holds notes where the volumes are.
func (v *voice) holds(states []volumes.VolumeState) { v.volumes = states }

// letGoOf notes what has become of the volumes of a task that was not started:
// nothing is held, but for what err names.
func (v *voice) letGoOf(err error) {
	for i := range v.volumes {
		v.volumes[i].State = volumes.StateReleased
	}
	var hold *volumes.HoldError
	if errors.As(err, &hold) {
		v.holds(hold.Volumes)
	}
}

// seen says the last status again, with the new result of the check.
func (v *voice) seen(check *mesos.CheckInfo, o checks.Outcome) {
	s := v.last
	s.Reason, s.Message, s.Data = &reasonCheck, "", nil
	s.Check = checkStatus(check, o)
	v.say(s)
}

// judged says the last status again, with what the health check has found.
func (v *voice) judged(verdict checks.Verdict) {
	s := v.last
	s.Reason, s.Message, s.Data = &reasonHealth, verdict.Message, nil
	s.Healthy = &verdict.Healthy
	v.say(s)
}

// checkStatus is a result in Mesos' words: its type, and the message of that
// type, empty when there is no result. nil when there is no check.
func checkStatus(check *mesos.CheckInfo, o checks.Outcome) *mesos.CheckStatusInfo {
	if check == nil {
		return nil
	}
	kind := check.Type
	info := &mesos.CheckStatusInfo{Type: &kind}
	switch kind {
	case mesos.CheckInfo_COMMAND:
		info.Command = &mesos.CheckStatusInfo_Command{ExitCode: o.ExitCode}
	case mesos.CheckInfo_HTTP:
		info.HTTP = &mesos.CheckStatusInfo_Http{StatusCode: o.StatusCode}
	case mesos.CheckInfo_TCP:
		info.TCP = &mesos.CheckStatusInfo_Tcp{Succeeded: o.Succeeded}
	}
	return info
}
