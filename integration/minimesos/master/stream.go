package master

import (
	"net/http"
	"time"

	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// streamBuffer is how many records may wait for a slow reader before its
// stream is cut.
const streamBuffer = 4096

// queue is the way from the owner goroutine to the handler of one stream.
// Everything but pump is the owner's to call.
type queue struct {
	out       chan []byte
	cut       chan struct{}
	interrupt func(time.Time) error // makes a blocked write fail
	ended     bool
}

// newQueue is for the handler that writes to w, and ends before it returns.
func newQueue(w http.ResponseWriter) queue {
	return queue{
		out:       make(chan []byte, streamBuffer),
		cut:       make(chan struct{}),
		interrupt: http.NewResponseController(w).SetWriteDeadline,
	}
}

// put queues a record. A full queue means that nobody reads: the stream is cut.
func (q *queue) put(record []byte) {
	if q.ended {
		return
	}
	select {
	case q.out <- record:
	default:
		q.drop()
	}
}

// end lets the handler write what is queued and finish the response in order.
func (q *queue) end() {
	if !q.ended {
		q.ended = true
		close(q.out)
	}
}

// drop breaks the connection without a final chunk, also under a write that
// waits for a reader who does not read.
func (q *queue) drop() {
	if q.ended {
		return
	}
	q.ended = true
	close(q.cut)
	// It fails only for a connection that is broken already.
	_ = q.interrupt(time.Unix(1, 0))
}

// pump writes records until the queue ends, is cut, or the reader goes away.
// A cut panics with http.ErrAbortHandler, which net/http turns into a
// connection that simply breaks.
func (q *queue) pump(r *http.Request, write func([]byte) error) {
	for {
		select {
		case <-q.cut:
			panic(http.ErrAbortHandler)
		case <-r.Context().Done():
			return
		case record, ok := <-q.out:
			if !ok {
				return
			}
			if err := write(record); err != nil {
				return
			}
		}
	}
}

// stream is the event stream of one subscription.
type stream struct {
	queue
	id    string
	codec wire.Codec
	log   *zap.Logger
}

// send encodes at once, because the owner goes on changing what it sends.
func (st *stream) send(e *scheduler.Event) {
	record, err := st.codec.Marshal(e)
	if err != nil {
		st.log.Error("event not sent", zap.Stringer("type", e.Type), zap.Error(err))
		st.drop()
		return
	}
	st.put(record)
}
