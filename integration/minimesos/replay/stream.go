package replay

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// A stream is the answer to a SUBSCRIBE.
type stream struct {
	entry    int
	actor    string
	path     string
	conn     *connection
	recorded []any // the recorded events that are not skipped
	live     []any // the live ones
	end      string
	closing  bool
	done     chan struct{} // closed when its goroutine is gone
}

// An arrival is a record of a stream, or its end.
type arrival struct {
	stream  *stream
	payload []byte
	end     string
}

// request sends a request and keeps the answer. Polls are repeated until the
// answer is the recorded one.
func (p *Player) request(ctx context.Context, i int, e Entry) error {
	body := e.Request.Body
	if e.Actor == Framework {
		if err := p.prepareOffers(ctx, body); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(ctx, p.o.Wait)
	defer cancel()
	for {
		conn, resp := p.exchange(ctx, e)
		if !isPoll(e) || answered(e.Response, resp) {
			return p.keep(i, e, conn, resp)
		}
		if conn != nil {
			_ = conn.conn.Close()
		}
		if err := p.pause(ctx); err != nil {
			return fmt.Errorf("polling for %d %s, last answer %d %s%s: %w",
				e.Response.Status, e.Response.Error, resp.Status, resp.Body, resp.Error, err)
		}
	}
}

// teardown sends the framework's TEARDOWN that the recording leaves out.
func (p *Player) teardown(ctx context.Context, subscribe Entry) error {
	body := fmt.Appendf(nil, `{"type":"TEARDOWN","framework_id":{"value":%q}}`, frameworkOf(subscribe))
	e := Entry{Actor: Framework, Request: &Request{Method: "POST", Path: subscribe.Request.Path, Body: body, Header: []Header{
		{"Content-Type", "application/json"}, {"Mesos-Stream-Id", subscribe.Response.Header.Get("Mesos-Stream-Id")},
	}}}
	ctx, cancel := context.WithTimeout(ctx, p.o.Wait)
	defer cancel()
	if _, resp := p.exchange(ctx, e); resp.Status != http.StatusAccepted {
		return fmt.Errorf("TEARDOWN at the end: %d %s%s", resp.Status, resp.Body, resp.Error)
	}
	return nil
}

// frameworkOf is the id in the SUBSCRIBED of a recorded stream.
func frameworkOf(e Entry) string {
	for _, r := range e.Records {
		if v, err := eventTree(e.Request.Path, r.Payload); err == nil && eventType(v) == "SUBSCRIBED" {
			id, _ := down(v, "subscribed", "framework_id", "value").(string)
			return id
		}
	}
	return ""
}

func answered(recorded, live *Response) bool {
	return recorded.Status == live.Status && (recorded.Error == "") == (live.Error == "")
}

// pause is the distance between two polls.
func (p *Player) pause(ctx context.Context) error {
	timer := time.NewTimer(20 * time.Millisecond)
	defer timer.Stop()
	for {
		select {
		case a := <-p.arrivals:
			p.take(a)
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// exchange sends the request once. The connection is nil when there was no
// answer, or no stream and the body has been read.
func (p *Player) exchange(ctx context.Context, e Entry) (*connection, *Response) {
	body := rewriteBody(p.names, e.Request.Path, e.Request.Body)
	conn, err := send(ctx, p.o.Addresses(e.Actor), e.Request, body, p.names.rewrite)
	if err != nil {
		return nil, &Response{Error: failure(err)}
	}
	resp := conn.response()
	if e.Request.Get("Mesos-Stream-Id") == "" && resp.Header.Get("Mesos-Stream-Id") != "" && e.Response != nil {
		_ = p.names.Learn(e.Response.Header.Get("Mesos-Stream-Id"), resp.Header.Get("Mesos-Stream-Id"))
	}
	if conn.streams(e.Request.Path) {
		return conn, resp
	}
	resp.Body, err = io.ReadAll(conn.resp.Body)
	if err != nil {
		resp.Error = failure(err)
	}
	_ = conn.conn.Close()
	return nil, resp
}

// keep files the answer and begins to read the stream, if it is one.
func (p *Player) keep(i int, e Entry, conn *connection, resp *Response) error {
	live := &p.live.Entries[i]
	live.Skipped, live.Response, live.At = false, resp, time.Since(p.began)
	if conn == nil {
		return nil
	}
	st := &stream{entry: i, actor: e.Actor, path: e.Request.Path, conn: conn, done: make(chan struct{})}
	for _, r := range e.Records {
		v, err := eventTree(st.path, r.Payload)
		if err != nil {
			return err
		}
		if p.o.Skip == nil || !p.o.Skip(e.Actor, eventType(v)) {
			st.recorded = append(st.recorded, v)
		}
	}
	p.streams[i] = st
	go func() {
		defer close(st.done)
		end := conn.readRecords(func(b []byte) { p.arrivals <- arrival{stream: st, payload: b} })
		p.arrivals <- arrival{stream: st, end: end}
	}()
	return nil
}

// take files an arrival.
func (p *Player) take(a arrival) {
	st, live := a.stream, &p.live.Entries[a.stream.entry]
	now := time.Since(p.began)
	if a.end != "" {
		if st.closing {
			a.end = EndClient
		}
		st.end, live.End = a.end, &End{At: now, How: a.end}
		return
	}
	live.Records = append(live.Records, Record{At: now, Payload: a.payload})
	v, err := eventTree(st.path, a.payload)
	if err != nil {
		v = map[string]any{"undecodable": err.Error()}
	}
	p.offers.see(v)
	if p.o.Skip == nil || !p.o.Skip(st.actor, eventType(v)) {
		st.live = append(st.live, v)
	}
}

// count is how many events, not skipped, an actor has received.
func (p *Player) count(actor string) int {
	n := 0
	for _, st := range p.streams {
		if st.actor == actor {
			n += len(st.live)
		}
	}
	return n
}

// Open lists the entries whose streams are open, of one actor.
func (p *Player) Open(actor string) []int {
	var open []int
	for i, st := range p.streams {
		if st.actor == actor && st.end == "" {
			open = append(open, i)
		}
	}
	return open
}

// Close closes the stream of an entry from the client's side. It may be called
// for one that has ended.
func (p *Player) Close(entry int) {
	if st := p.streams[entry]; st != nil && st.end == "" {
		st.closing = true
		_ = st.conn.conn.Close()
	}
}

// close closes every connection and joins every goroutine.
func (p *Player) close() {
	for i, st := range p.streams {
		p.Close(i)
		for running := true; running; {
			select {
			case <-p.arrivals:
			case <-st.done:
				running = false
			}
		}
		_ = st.conn.conn.Close()
	}
}
