package executor_test

import (
	"bytes"
	"testing"
	"time"

	wire "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/executor"
)

func TestEventsInOrderAndOddOnesIgnored(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.raw([]byte("0\n"))               // an event that says nothing
		st.send(subscribed(), subscribed(), // repeated on one stream
			&wire.Event{Type: wire.Event_HEARTBEAT},
			&wire.Event{Type: wire.Event_UNKNOWN},
			&wire.Event{Type: wire.Event_Type(99)},
			&wire.Event{Type: wire.Event_LAUNCH}, // without a task
			&wire.Event{Type: wire.Event_ACKNOWLEDGED},
			&wire.Event{Type: wire.Event_MESSAGE, Message: &wire.Event_Message{Data: []byte("x")}},
			&wire.Event{Type: wire.Event_ERROR, Error: &wire.Event_Error{Message: "x"}},
			launch(info("t")), kill("t"), kill("t", int64(time.Second)), kill("t", -1),
			&wire.Event{Type: wire.Event_SHUTDOWN})
		wantEvent[executor.Subscribed](t, s)
		wantEvent[executor.Subscribed](t, s)
		if l := wantEvent[executor.Launch](t, s); len(l.Tasks) != 1 || l.Tasks[0].TaskID.Value != "t" {
			t.Errorf("launch: %+v", l)
		}
		if k := wantEvent[executor.Kill](t, s); k.Grace != nil {
			t.Errorf("grace %v, wanted none", *k.Grace)
		}
		for _, want := range []time.Duration{time.Second, 0} {
			if k := wantEvent[executor.Kill](t, s); k.Grace == nil || *k.Grace != want {
				t.Errorf("grace %v, wanted %v", k.Grace, want)
			}
		}
		wantEvent[executor.Shutdown](t, s)
	})
}

func TestShutdownBeforeSubscribed(t *testing.T) {
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		st.send(&wire.Event{Type: wire.Event_SHUTDOWN})
		st.end()
		wantEvent[executor.Shutdown](t, s)
	})
}

func TestRecordsSplitAnywhereAndLarge(t *testing.T) {
	big := info("big")
	big.Data = bytes.Repeat([]byte("0123456789abcdef"), 5<<20/16)
	inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
		st := <-a.streams
		for _, b := range record(t, subscribed()) {
			st.raw([]byte{b})
		}
		st.raw(append(record(t, launch(big)), record(t, kill("big"))...))
		wantEvent[executor.Subscribed](t, s)
		if l := wantEvent[executor.Launch](t, s); !bytes.Equal(l.Tasks[0].Data, big.Data) {
			t.Error("5 MiB of data did not arrive whole")
		}
		wantEvent[executor.Kill](t, s)
	})
}

// Garbage is the end of the stream: the agent need not end it.
func TestBadStreamsAreSubscribedAgain(t *testing.T) {
	whole := record(t, subscribed())
	for name, c := range map[string]struct {
		garbage []byte
		ends    bool // so does the stream
	}{
		"no length":     {[]byte("hello\n"), false},
		"huge":          {[]byte("99999999999999\n"), false},
		"long length":   {bytes.Repeat([]byte("1"), 40), false},
		"not protobuf":  {[]byte("3\n\xff\xff\xff"), false},
		"half a record": {whole[:len(whole)/2], true},
		"half a length": {whole[:1], true},
		"nothing":       {nil, true},
	} {
		t.Run(name, func(t *testing.T) {
			inSession(t, environment(), func(t *testing.T, a *agent, s *executor.Session) {
				st := <-a.streams
				st.raw(c.garbage)
				if c.ends {
					st.end()
				}
				a.subscription().send(subscribed())
				wantEvent[executor.Subscribed](t, s)
			})
		})
	}
}
