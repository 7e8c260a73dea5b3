package flocker

import (
	"context"
	"errors"
	"testing"
)

// What nobody waits for any more, such as the renewals of a long task while the
// service hangs, is forgotten once it is over; what is about another dataset, or
// still in the air, is not.
func TestFlightsThatAreOverAreForgotten(t *testing.T) {
	client, err := NewClient(Options{URL: "http://127.0.0.1:1"})
	if err != nil {
		t.Fatal(err)
	}
	s := NewStore(StoreOptions{Client: client})
	hang := make(chan struct{})
	abandoned := func(dataset string, answered <-chan struct{}) *flight {
		f := &flight{dataset: dataset, leases: true}
		ctx, cancel := context.WithCancel(t.Context())
		err := s.fly(ctx, f, func(context.Context) error {
			cancel()
			<-answered
			return nil
		})
		if !errors.Is(err, context.Canceled) {
			t.Fatalf("it was waited for: %v", err)
		}
		return f
	}
	other, inTheAir := abandoned("other", hang), abandoned("data", hang)
	for range 10 {
		now := make(chan struct{})
		f := abandoned("data", now)
		close(now)
		<-f.landed
	}
	if n := len(s.flights.all); n != 3 {
		t.Errorf("%d flights are remembered, want the two in the air and the last one", n)
	}
	close(hang)
	<-other.landed
	if last, err := s.land(t.Context(), "data"); err != nil || last == nil || last == inTheAir || len(s.flights.all) != 1 {
		t.Errorf("landed: %+v, %v; left %d", last, err, len(s.flights.all))
	}
	<-inTheAir.landed
}
