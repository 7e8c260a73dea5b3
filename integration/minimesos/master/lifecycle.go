package master

import (
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// addFramework makes a framework known; it gets an id unless it brings one.
// An id that this master never gave out belongs to a framework of an earlier
// master (recorded: 01-subscribe).
func (s *state) addFramework(info *mesos.FrameworkInfo) *framework {
	if info.GetID().GetValue() == "" {
		info.ID = &mesos.FrameworkID{Value: s.newFrameworkID()}
	}
	f := &framework{info: info, suppressed: map[string]bool{}, chosen: map[string]int{}}
	f.registered = s.clock.now()
	f.reregistered = f.registered
	s.frameworks = append(s.frameworks, f)
	return f
}

// exited is called when the handler of a stream returns. If the stream is the
// framework's current one, the framework is disconnected and has its failover
// timeout to come back.
func (s *state) exited(st *stream) {
	for _, f := range s.frameworks {
		if f.stream == st {
			s.disconnect(f)
			timeout := time.Duration(f.info.GetFailoverTimeout() * float64(time.Second))
			f.failover = s.clock.after(max(0, timeout), func() { s.removeFramework(f) })
		}
	}
}

func (s *state) disconnect(f *framework) {
	s.cfg.Log.Info("framework disconnected", zap.String("framework", f.id()))
	s.clock.stop(f.heartbeat)
	f.stream.end()
	f.stream, f.active = nil, false
	for _, o := range s.offersOf(f) {
		s.discardOffer(o, nil)
	}
}

// removeFramework is TEARDOWN and the end of the failover timeout: its tasks
// are killed without a word to the scheduler, its id can never be used again.
func (s *state) removeFramework(f *framework) {
	s.cfg.Log.Info("framework removed", zap.String("framework", f.id()))
	f.active = false
	for _, o := range s.offersOf(f) {
		s.discardOffer(o, nil)
	}
	for _, a := range s.agents {
		a.send(&link.Command{ShutdownFramework: s.frameworkCommand(f)})
		a.executors = slices.DeleteFunc(a.executors, func(e *executor) bool { return e.framework == f })
	}
	for _, t := range slices.Clone(f.tasks) {
		status := s.status(t.TaskID, mesos.TASK_KILLED, mesos.REASON_FRAMEWORK_REMOVED,
			"Framework "+f.id()+" removed")
		onAgent(status, t.AgentID, t.ExecutorID)
		t.update(status, mesos.TASK_KILLED)
		s.removeTask(t, false)
	}
	s.clock.stop(f.heartbeat)
	s.clock.stop(f.failover)
	f.unregistered = s.clock.now()
	s.frameworks = slices.DeleteFunc(s.frameworks, func(o *framework) bool { return o == f })
	s.completed = append(s.completed, f)
	if f.stream != nil {
		f.stream.end()
		f.stream = nil
	}
}
