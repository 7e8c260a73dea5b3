package agent

import (
	"context"
	"errors"
	"net/http"

	wireexec "github.com/mesos/mesos-go/api/v1/lib/executor"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// streamRoom is how many events may wait for an executor that does not read.
const streamRoom = 4096

// stream is the answer to a SUBSCRIBE that is still being written. The loop
// fills it, the request's goroutine empties it. Nobody looks whether the
// executor still reads: like a real agent, this one believes that it does.
type stream struct {
	codec  wire.Codec
	events chan []byte
	ended  chan struct{} // closed by the loop: write what is left, end properly
	cut    chan struct{} // closed by the loop: break off (a fault)
	held   chan struct{} // closed by the loop: write nothing any more (a fault)
	split  int           // size of the chunks; 0: one record each
}

func newStream(codec wire.Codec, split int) *stream {
	return &stream{
		codec: codec, split: split, events: make(chan []byte, streamRoom),
		ended: make(chan struct{}), cut: make(chan struct{}), held: make(chan struct{}),
	}
}

var errStreamFull = errors.New("lost: the executor does not read its stream")

// send queues an event. Loop only.
func (s *stream) send(event *wireexec.Event) error {
	record, err := encodeEvent(s.codec, event)
	if err != nil {
		return err
	}
	select {
	case s.events <- record:
		return nil
	default:
		return errStreamFull
	}
}

// endStream ends the executor's stream, if it has one.
func (e *executor) endStream() {
	stopTimer(e.heartbeat)
	if e.stream != nil {
		close(e.stream.ended)
		e.stream = nil
	}
}

// write is the rest of a SUBSCRIBE request. Where a real agent's connection
// would just end, so does this one: without a terminating chunk.
func (s *stream) write(ctx context.Context, agent context.Context, w http.ResponseWriter) {
	out, err := wire.Stream(w, s.codec)
	if err != nil {
		return
	}
	out.Split = s.split
	for {
		select {
		case <-s.held:
			s.hold(ctx)
		case <-s.cut:
			panic(http.ErrAbortHandler) // net/http's way to break a response off
		case <-agent.Done():
			panic(http.ErrAbortHandler)
		case <-ctx.Done():
			return
		case record := <-s.events:
			if out.Write(record) != nil {
				return
			}
		case <-s.ended:
			s.drain(out)
			return
		}
	}
}

func (s *stream) hold(ctx context.Context) {
	select {
	case <-s.cut:
	case <-ctx.Done():
	}
	panic(http.ErrAbortHandler)
}

func (s *stream) drain(out *wire.Writer) {
	for {
		select {
		case record := <-s.events:
			if out.Write(record) != nil {
				return
			}
		default:
			return
		}
	}
}

// encodeEvent writes an event. In protobuf a real agent's SUBSCRIBED carries
// AgentInfo.checkpoint, a field of Mesos' internal message: readers must skip
// what they do not know.
func encodeEvent(codec wire.Codec, event *wireexec.Event) ([]byte, error) {
	if codec != wire.Protobuf || event.Subscribed == nil {
		return codec.Marshal(event)
	}
	s := event.Subscribed
	var body message
	for field, part := range []any{1: &s.ExecutorInfo, 2: &s.FrameworkInfo, 3: &s.AgentInfo, 4: s.ContainerID} {
		if part == nil {
			continue // there is no field 0
		}
		data, err := wire.MarshalProtobuf(part)
		if err != nil {
			return nil, err
		}
		if field == 3 {
			data = append(data, agentCheckpoint...)
		}
		body.bytes(uint64(field), data)
	}
	var m message
	m.kind(uint64(event.Type))
	m.bytes(2, body)
	return m, nil
}

// agentCheckpoint is AgentInfo's internal field 7, checkpoint: true.
var agentCheckpoint = []byte{7 << 3, 1}
