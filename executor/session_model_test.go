package executor_test

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"go.uber.org/zap"
	"pgregory.net/rapid"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// moody is an agent that answers as its script says, and well when that is over.
type moody struct {
	*agent
	script []int
	stream *stream // nil: none
	heard  []mesos.TaskStatus
	late   []mesos.TaskStatus // taken and not acknowledged
	over   chan struct{}
}

func (m *moody) mood() int {
	if len(m.script) == 0 {
		return 0
	}
	next := m.script[0]
	m.script = m.script[1:]
	return next
}

// run answers until the test is over. Now and then it ends the stream, or says
// an acknowledgement late.
func (m *moody) run() {
	tick := time.NewTicker(700 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case st := <-m.streams:
			m.subscribed(st)
		case u := <-m.updates:
			m.updated(u)
		case <-tick.C:
			m.tire()
		case <-m.over:
			return
		}
	}
}

func (m *moody) subscribed(st *stream) {
	m.stream = nil
	switch m.mood() {
	case 1:
		st.refuse(http.StatusNotFound, "")
		return
	case 2:
		st.refuse(http.StatusServiceUnavailable, "")
		return
	case 3:
		st.raw([]byte("17\nabc"))
		st.end()
		return
	case 4:
		st.end() // 200, and nothing
		return
	}
	m.stream = st
	st.send(subscribed())
	for _, u := range st.call.Subscribe.UnacknowledgedUpdates {
		m.take(u.Status)
	}
}

func (m *moody) updated(u *update) {
	mood := m.mood()
	if code := map[int]int{1: http.StatusServiceUnavailable, 2: http.StatusInternalServerError}[mood]; code != 0 {
		u.answer <- code
		return
	}
	if mood == 3 {
		return // no answer at all
	}
	u.answer <- http.StatusAccepted
	m.take(u.status)
}

// take hears an update, and acknowledges it now, later or never.
func (m *moody) take(s mesos.TaskStatus) {
	if !slices.ContainsFunc(m.heard, func(h mesos.TaskStatus) bool { return same(h, s) }) {
		m.heard = append(m.heard, s)
	}
	switch m.mood() {
	case 1:
	case 2:
		m.late = append(m.late, s)
	default:
		m.acknowledge(s)
	}
}

func (m *moody) acknowledge(s mesos.TaskStatus) {
	if m.stream != nil {
		m.stream.send(acknowledged(s))
	}
}

func (m *moody) tire() {
	switch m.mood() {
	case 1:
		for _, s := range m.late {
			m.acknowledge(s)
		}
		m.late = nil
	case 2:
		if m.stream != nil {
			m.stream.end()
			m.stream = nil
		}
	}
}

// Whatever an agent answers and whenever its streams end: every update reaches
// it, the first time in order, and is acknowledged in the end.
func TestSessionModel(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		script := rapid.SliceOfN(rapid.IntRange(0, 4), 0, 60).Draw(rt, "script")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 3000), 1, 20).Draw(rt, "pauses")
		var wrong error
		synctest.Test(t, func(t *testing.T) { wrong = converse(t, script, pauses) })
		if wrong != nil {
			rt.Fatal(wrong)
		}
	})
}

// converse sends an update after each pause, in milliseconds, to a moody agent.
func converse(t *testing.T, script, pauses []int) error {
	m := &moody{agent: newAgent(t), script: script, over: make(chan struct{})}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		m.run()
	}()
	defer func() { <-ended }()
	defer close(m.over)
	s := executor.Open(t.Context(), environment(), m.transport(""), zap.NewNop())
	defer s.Close()
	for i, ms := range pauses {
		<-time.After(time.Duration(ms) * time.Millisecond)
		s.Send(executor.Status{Task: "t", State: mesos.TASK_RUNNING, Message: fmt.Sprint(i)})
	}
	if err := s.Flush(t.Context()); err != nil {
		return fmt.Errorf("flush: %w", err)
	}
	synctest.Wait()
	for i, h := range m.heard {
		if want := fmt.Sprint(i); h.GetMessage() != want {
			return fmt.Errorf("update %s came as number %s", h.GetMessage(), want)
		}
	}
	if len(m.heard) != len(pauses) {
		return fmt.Errorf("%d of %d updates came", len(m.heard), len(pauses))
	}
	return nil
}
