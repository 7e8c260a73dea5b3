package master_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// adapt removes from a recording what depends on the recorder or on chance, so
// that the rest can be compared without exceptions.
func adapt(t testing.TB, recorded *replay.Trace) {
	t.Helper()
	for i := range recorded.Entries {
		e := &recorded.Entries[i]
		if e.Request == nil {
			continue
		}
		if e.Response.Header.Get("Mesos-Stream-Id") != "" && len(e.Response.Body) > 0 {
			unfold(t, e)
		}
		heartbeatFirst(e)
		knownType(e)
	}
}

// unfold turns the text of a short stream, which the recorder kept as a body,
// into records. A refused SUBSCRIBE ends in order; of the others the client
// closed the connection.
func unfold(t testing.TB, e *replay.Entry) {
	t.Helper()
	r := wire.NewReader(bytes.NewReader(e.Response.Body), 1<<20)
	end := &replay.End{How: replay.EndClient, At: e.At + 2*time.Second}
	for {
		payload, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		e.Records = append(e.Records, replay.Record{At: e.At + time.Millisecond, Payload: payload})
		if bytes.Contains(payload, []byte(`"ERROR"`)) {
			end = &replay.End{How: replay.EndProper, At: e.At + 2*time.Millisecond}
		}
	}
	e.Response.Body, e.End = nil, end
}

// heartbeatFirst puts the first HEARTBEAT before the first OFFERS: a real
// master sends them in either order.
func heartbeatFirst(e *replay.Entry) {
	const offers, heartbeat = 1, 2
	if len(e.Records) <= heartbeat {
		return
	}
	a, b := &e.Records[offers], &e.Records[heartbeat]
	if bytes.Contains(a.Payload, []byte(`"OFFERS"`)) && bytes.Contains(b.Payload, []byte(`"HEARTBEAT"`)) {
		a.Payload, b.Payload = b.Payload, a.Payload
	}
}

// knownType asks for an executor of type DEFAULT without a command instead of
// one of type UNKNOWN. The answer is the same; mesos-go's messages do not tell
// UNKNOWN from an absent type, which is allowed.
func knownType(e *replay.Entry) {
	if !strings.Contains(e.Note, "executor type UNKNOWN") {
		return
	}
	body := bytes.Replace(e.Request.Body, []byte(`"type":"UNKNOWN"`), []byte(`"type":"DEFAULT"`), 1)
	e.Request.Body = bytes.Replace(body, []byte(`"command":`), []byte(`"no_such_field":`), 1)
}
