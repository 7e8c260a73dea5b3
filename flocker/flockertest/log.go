package flockertest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Entry is one request in the service's log.
type Entry struct {
	Seq    int
	Time   time.Time // when it was read
	Node   string    // name of the listener, or of the client's certificate
	Client string    // common name of the client's certificate
	Method string
	Path   string // with the query
	Body   string
	Status int // 0: it was not applied
	// Response is the body of the answer, also of one that was dropped.
	Response string
	Fault    string // what an injected fault did, "" if none acted
}

// PlainPath is the path without its query.
func (e Entry) PlainPath() string {
	plain, _, _ := strings.Cut(e.Path, "?")
	return plain
}

func (e Entry) String() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s %s %s %s %d %s", e.Seq, e.Node, e.Method, e.Path, e.Body, e.Status, e.Fault))
}

// record appends an entry and hands it to those who follow the log.
func (s *Service) record(e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	e.Seq = len(s.entries)
	s.entries = append(s.entries, e)
	for c := range s.follow {
		select {
		case c <- e:
		default: // a follower that does not read loses entries, nobody waits for it
		}
	}
	s.wake()
}

// Entries are all requests so far, in the order of their answers.
func (s *Service) Entries() []Entry {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.entries)
}

// Subscribe hands on every entry from now. The channel holds many entries; a
// reader that falls further behind loses some. cancel ends it.
func (s *Service) Subscribe() (entries <-chan Entry, cancel func()) {
	c := make(chan Entry, 10000)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.follow[c] = true
	return c, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.follow, c)
	}
}

// WaitEntry returns the first entry, from those so far on, for which match is
// true.
func (s *Service) WaitEntry(ctx context.Context, match func(Entry) bool) (Entry, error) {
	var found Entry
	next := 0
	err := s.wait(ctx, "request", func() bool {
		for ; next < len(s.entries); next++ {
			if match(s.entries[next]) {
				found = s.entries[next]
				return true
			}
		}
		return false
	})
	return found, err
}

// wait returns when done, called with s.mu held after every change, is true.
func (s *Service) wait(ctx context.Context, what string, done func() bool) error {
	for {
		s.mu.Lock()
		ok, changed := done(), s.changed
		s.mu.Unlock()
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %s: %w", what, context.Cause(ctx))
		}
	}
}
