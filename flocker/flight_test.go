package flocker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"testing"
	"time"

	"golang.org/x/sys/unix"
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

// deaf is the address of a listener whose queue is full: a connection to it is
// not made.
func deaf(t *testing.T) string {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	bound, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprint("127.0.0.1:", bound.(*unix.SockaddrInet4).Port)
	for {
		c, err := net.DialTimeout("tcp", address, 200*time.Millisecond)
		if err != nil {
			return address
		}
		t.Cleanup(func() { c.Close() })
	}
}

// What may only be sent while a lease is certain is not sent after a connection
// that took too long.
func TestRequestThatFindsNoConnectionInTime(t *testing.T) {
	client, err := NewClient(Options{URL: "http://" + deaf(t)})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), dialTimeout/2)
	defer cancel()
	_, err = client.once(ctx, call{method: http.MethodDelete, path: leasePath("data"), within: 50 * time.Millisecond}, nil)
	if !errors.Is(err, errTooLate) || MayBeApplied(err) {
		t.Errorf("%v", err)
	}
}
