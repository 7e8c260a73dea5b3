package executor

import (
	"fmt"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
)

// Event is what a Session tells: one of the types below. Everything else that
// an agent may send (MESSAGE, HEARTBEAT, types of later versions) is ignored.
type Event any

// Subscribed comes after every subscription, the first and each later one.
type Subscribed struct {
	// TaskKilling says that the framework wants TASK_KILLING.
	TaskKilling bool
}

// Disconnected comes when a subscription is over; Subscribed or Lost follow.
// Checks pause in between.
type Disconnected struct{}

// Launch asks to run tasks: one, or a whole group.
type Launch struct {
	Tasks []mesos.TaskInfo
	Group bool
}

// Kill asks to end a task. Grace is nil when the framework named none.
type Kill struct {
	Task  string
	Grace *time.Duration
}

// Shutdown asks to end everything within the shutdown grace period. It may come
// before, or instead of, Subscribed.
type Shutdown struct{}

// Lost comes once, as the last event: the agent is gone for good.
type Lost struct{ Err error }

// decodeEvent decodes one record. Generated code trusts its input; what it
// panics on is an error here.
func decodeEvent(record []byte) (e *wire.Event, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("decode event of %d bytes: %v", len(record), p)
		}
	}()
	e = &wire.Event{}
	if err := e.Unmarshal(record); err != nil {
		return nil, fmt.Errorf("decode event of %d bytes: %w", len(record), err)
	}
	return e, nil
}

// translate turns an event into the session's own words; nil for those that
// nobody acts on, and for those that lack what their type promises.
func translate(e *wire.Event) Event {
	switch {
	case e.Type == wire.Event_SUBSCRIBED && e.Subscribed != nil:
		return Subscribed{TaskKilling: wantsKilling(e.Subscribed.FrameworkInfo)}
	case e.Type == wire.Event_LAUNCH && e.Launch != nil:
		return Launch{Tasks: []mesos.TaskInfo{e.Launch.Task}}
	case e.Type == wire.Event_LAUNCH_GROUP && e.LaunchGroup != nil:
		return Launch{Tasks: e.LaunchGroup.TaskGroup.Tasks, Group: true}
	case e.Type == wire.Event_KILL && e.Kill != nil:
		return Kill{Task: e.Kill.TaskID.Value, Grace: grace(e.Kill.KillPolicy)}
	case e.Type == wire.Event_SHUTDOWN:
		return Shutdown{}
	}
	return nil
}

func wantsKilling(f mesos.FrameworkInfo) bool {
	for _, c := range f.Capabilities {
		if c.Type == mesos.FrameworkInfo_Capability_TASK_KILLING_STATE {
			return true
		}
	}
	return false
}

// grace of a kill policy; nil when it names none. A negative one is none at all.
func grace(p *mesos.KillPolicy) *time.Duration {
	if p == nil || p.GracePeriod == nil {
		return nil
	}
	d := max(0, time.Duration(p.GracePeriod.Nanoseconds))
	return &d
}
