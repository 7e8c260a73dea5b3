package replay

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Options say where and how to play a trace.
type Options struct {
	// Addresses maps an actor to where its requests go: "host:port" or the
	// path of a Unix socket. It is asked before each request, since an agent
	// may be started again elsewhere.
	Addresses func(actor string) string
	// Pairs are texts that stand for others from the start: the ports, paths
	// and scaled durations of the live run.
	Pairs []Pair
	// Skip says which events to pass over; SkipTimed is the usual choice.
	Skip Skip
	// Exceptions are the entries not to play; Compare takes the same list.
	Exceptions []Exception
	// Moves are notes that are played later than they were recorded.
	Moves []Move
	// Note is called for each entry without a request, in its turn: operator
	// steps, exits of executors, remarks. Nil ignores them all.
	Note func(ctx context.Context, p *Player, e Entry) error
	// Before is called before each request, when all that preceded it in the
	// recording has happened. Nil does nothing.
	Before func(ctx context.Context, p *Player, e Entry) error
	// Step is called before each step with its time in the recording: before a
	// note, a request, and each wait for an event or an end. Nil does nothing.
	Step func(ctx context.Context, p *Player, at time.Duration) error
	// Wait is how long a single event, end or answer may take; 10 s if zero.
	Wait time.Duration
	// Settle is how long Play waits where the recording shows a longer pause,
	// which gave what had been sent time to arrive, and at the end, for events
	// that the recording does not have; 100 ms if zero.
	Settle time.Duration
	// Settled is called at such a pause before anything else. It returns when
	// what the servers had sent each other has arrived, which no time of ours
	// can promise. Nil does nothing.
	Settled func(ctx context.Context) error
}

// gap is what counts as a pause in a recording.
const gap = 200 * time.Millisecond

// Play plays the trace against live servers and returns what was seen, with
// the recording's entries. It returns the first error; the trace is then
// filled as far as it got. All connections are closed when it returns.
func Play(ctx context.Context, t *Trace, o Options) (*Trace, error) {
	if o.Wait == 0 {
		o.Wait = 10 * time.Second
	}
	if o.Settle == 0 {
		o.Settle = 100 * time.Millisecond
	}
	p := newPlayer(t, o)
	defer p.close()
	err := p.run(ctx)
	p.settle(ctx, o.Settle)
	return p.live, err
}

// A Player plays one trace. Its methods are for Note and Before, which run on
// the goroutine of Play; nothing of it may be used elsewhere.
type Player struct {
	o        Options
	recorded *Trace
	live     *Trace
	names    *Names
	streams  map[int]*stream
	arrivals chan arrival
	offers   *offers
	began    time.Time
}

func newPlayer(t *Trace, o Options) *Player {
	p := &Player{
		o: o, recorded: t,
		live:     &Trace{Name: t.Name, Entries: make([]Entry, len(t.Entries))},
		names:    NewNames(o.Pairs),
		streams:  map[int]*stream{},
		arrivals: make(chan arrival),
		offers:   newOffers(t),
		began:    time.Now(),
	}
	for i, e := range t.Entries {
		p.live.Entries[i] = Entry{Actor: e.Actor, Note: e.Note, Data: e.Data, Request: e.Request, Skipped: true}
	}
	return p
}

// Names are the ids learnt so far.
func (p *Player) Names() *Names { return p.names }

func (p *Player) run(ctx context.Context) error {
	last := time.Duration(0)
	for _, s := range timeline(p.recorded, p.o.Skip, p.o.Exceptions, p.o.Moves) {
		e := p.recorded.Entries[s.entry]
		if s.at-last >= gap && (s.what == request || s.what == note) {
			if err := p.rest(ctx); err != nil {
				return fmt.Errorf("trace %s: before entry %d (%s): %w", p.recorded.Name, s.entry, e.Note, err)
			}
		}
		last = s.at
		if p.o.Step != nil {
			if err := p.o.Step(ctx, p, s.at); err != nil {
				return fmt.Errorf("trace %s: before entry %d (%s): %w", p.recorded.Name, s.entry, e.Note, err)
			}
		}
		if err := p.step(ctx, s, e); err != nil {
			return fmt.Errorf("trace %s: entry %d (%s): %w", p.recorded.Name, s.entry, e.Note, err)
		}
	}
	return nil
}

// rest is a pause of the recording.
func (p *Player) rest(ctx context.Context) error {
	if p.o.Settled != nil {
		if err := p.o.Settled(ctx); err != nil {
			return err
		}
	}
	p.settle(ctx, p.o.Settle)
	return nil
}

func (p *Player) step(ctx context.Context, s step, e Entry) error {
	switch s.what {
	case note:
		if p.o.Note == nil {
			return nil
		}
		return p.o.Note(ctx, p, e)
	case request:
		if p.o.Before != nil {
			if err := p.o.Before(ctx, p, e); err != nil {
				return err
			}
		}
		return p.request(ctx, s.entry, e)
	case teardown:
		return p.teardown(ctx, e)
	case awaitRecord:
		return p.awaitRecord(ctx, s, e)
	default:
		return p.awaitEnd(ctx, s, e)
	}
}

// Await takes what arrives on the streams until done says so. Doing is for the
// error.
func (p *Player) Await(ctx context.Context, doing string, done func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, p.o.Wait)
	defer cancel()
	for !done() {
		select {
		case a := <-p.arrivals:
			p.take(a)
		case <-ctx.Done():
			return fmt.Errorf("timed out waiting for %s: %w", doing, context.Cause(ctx))
		}
	}
	return nil
}

// Quiet takes what arrives for d and fails when that is an event which is not
// skipped: the recording says that there is none.
func (p *Player) Quiet(ctx context.Context, actor string, d time.Duration) error {
	before := p.count(actor)
	p.settle(ctx, d)
	if n := p.count(actor); n != before {
		return fmt.Errorf("expected no event for %s, got %d", actor, n-before)
	}
	return nil
}

func (p *Player) settle(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	for {
		select {
		case a := <-p.arrivals:
			p.take(a)
		case <-ctx.Done():
			return
		}
	}
}

// awaitRecord waits for the record of the live stream that stands at the place
// of the recorded one, and learns its ids.
func (p *Player) awaitRecord(ctx context.Context, s step, e Entry) error {
	st := p.streams[s.entry]
	if st == nil {
		return errors.New("no stream: SUBSCRIBE was not answered with one")
	}
	recorded := st.recorded[s.record]
	doing := fmt.Sprintf("event %d, %s, on the stream of entry %d", s.record, brief(recorded), s.entry)
	if err := p.Await(ctx, doing, func() bool { return len(st.live) > s.record }); err != nil {
		return err
	}
	p.learn(e.Request.Path, recorded, st.live[s.record])
	return nil
}

func (p *Player) awaitEnd(ctx context.Context, s step, e Entry) error {
	st := p.streams[s.entry]
	if st == nil {
		return errors.New("no stream: SUBSCRIBE was not answered with one")
	}
	if e.End.How == EndClient {
		p.Close(s.entry)
	}
	return p.Await(ctx, "the end of the stream: "+e.End.How, func() bool { return st.end != "" })
}

// learn takes over the ids of a live event. What differs is Compare's to say.
func (p *Player) learn(path string, recorded, live any) {
	if eventType(recorded) != eventType(live) {
		return
	}
	c := &comparer{trace: p.recorded, names: p.names, path: path}
	c.tree("", "", recorded, live)
}
