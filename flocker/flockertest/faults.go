package flockertest

import (
	"net/http"
	"path"
	"time"
)

// Drop says when a fault breaks the connection.
type Drop int

const (
	// NoDrop answers.
	NoDrop Drop = iota
	// BeforeApplied closes the connection and does nothing.
	BeforeApplied
	// AfterApplied does what was asked and closes the connection unanswered.
	AfterApplied
)

// Fault is what happens to requests that match it: Method, Path and Node each
// match everything when empty. Path is a pattern of path.Match over the request's
// path, such as /v1/configuration/leases/*.
type Fault struct {
	Method, Path, Node string
	// Skip lets that many matching requests pass first.
	Skip int
	// Times is how many requests are then hit; 0 is one, a negative number all.
	Times int
	// Delay holds a request back before it is looked at; Until does so until the
	// channel is closed, the fault is removed or the service closes.
	Delay time.Duration
	Until <-chan struct{}
	Drop  Drop
	// Answer is sent in place of the real answer; nothing is applied.
	Answer *Answer
}

// Answer is one that the service would not give by itself.
type Answer struct {
	Status int
	Type   string // Content-Type
	Body   string
}

// Answers that clients have to survive.
var (
	serverError = Answer{http.StatusInternalServerError, jsonType, `"38d6cc10-288e-4389-b535-8e9216e22cc7@/2"`}
	unavailable = Answer{http.StatusServiceUnavailable, htmlType, "<html><body><h1>503 Service Unavailable</h1>No server is available to handle this request.</body></html>\n"}
	loginPage   = Answer{http.StatusOK, "text/html; charset=utf-8", "<!DOCTYPE html><html><body>Please sign in.</body></html>\n"}
	garbage     = Answer{http.StatusOK, jsonType, "[{\"dataset_id\": \"\x00\xff"}
)

// ServerError is a 500 in the form of the real service: a bare JSON string.
func ServerError() *Answer { a := serverError; return &a }

// Unavailable is a proxy's 503 in HTML.
func Unavailable() *Answer { a := unavailable; return &a }

// HTML is a 200 that is somebody else's web page.
func HTML() *Answer { a := loginPage; return &a }

// Garbage is a 200 whose body is no JSON.
func Garbage() *Answer { a := garbage; return &a }

func (a Answer) response() response {
	return response{status: a.Status, mime: a.Type, body: a.Body, measured: true}
}

// Injected is a fault at work.
type Injected struct {
	Fault
	service *Service
	seen    int
	removed chan struct{}
	hit     chan struct{}
}

// Inject adds a fault. Of several that match the earliest one acts.
func (s *Service) Inject(f Fault) *Injected {
	if f.Times == 0 {
		f.Times = 1
	}
	i := &Injected{Fault: f, service: s, removed: make(chan struct{}), hit: make(chan struct{})}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, i)
	return i
}

// Hit is closed when the fault has met its first request, before a delay.
func (i *Injected) Hit() <-chan struct{} { return i.hit }

// Remove takes the fault away; requests it holds back go on. It may be called
// again.
func (i *Injected) Remove() {
	i.service.mu.Lock()
	defer i.service.mu.Unlock()
	for n, other := range i.service.faults {
		if other == i {
			i.service.faults = append(i.service.faults[:n:n], i.service.faults[n+1:]...)
			close(i.removed)
			return
		}
	}
}

// faultFor finds the fault that hits this request, and counts.
func (s *Service) faultFor(e Entry) *Injected {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, i := range s.faults {
		if !i.matches(e) {
			continue
		}
		i.seen++
		n := i.seen - i.Skip
		if n < 1 || i.Times > 0 && n > i.Times {
			continue
		}
		if n == 1 {
			close(i.hit)
		}
		return i
	}
	return nil
}

func (f Fault) matches(e Entry) bool {
	if f.Path != "" {
		if ok, err := path.Match(f.Path, e.PlainPath()); !ok || err != nil {
			return false
		}
	}
	return (f.Method == "" || f.Method == e.Method) && (f.Node == "" || f.Node == e.Node)
}

// before waits as the fault says and returns false if the request is to be
// dropped unapplied, also because the listener was closed meanwhile.
func (i *Injected) before(closed <-chan struct{}) bool {
	if i.Delay > 0 && !pause(i, time.After(i.Delay), closed) {
		return false
	}
	if i.Until != nil && !pause(i, i.Until, closed) {
		return false
	}
	return i.Drop != BeforeApplied
}

func pause[T any](i *Injected, over <-chan T, closed <-chan struct{}) bool {
	select {
	case <-over:
	case <-i.removed:
	case <-closed:
		return false
	}
	return true
}
