package checks_test

import (
	"context"
	"net"
	"net/http"
	"path/filepath"
	"testing"

	"go.uber.org/zap/zaptest"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
)

// HTTP and TCP reach a task of another network namespace through Config.Dial,
// which is asked for the loopback address.
func TestDial(t *testing.T) {
	l, err := net.Listen("unix", filepath.Join(t.TempDir(), "task"))
	if err != nil {
		t.Fatal(err)
	}
	server := http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) })}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = server.Serve(l) // until it is closed
	}()
	defer func() {
		_ = server.Close() // nothing is under way
		<-ended
	}()
	for _, c := range []struct {
		name, address string
		check         checks.Check
	}{
		{"HTTP", "127.0.0.1:7", checks.Check{HTTP: &checks.HTTP{Scheme: "http", Port: 7, Statuses: []uint32{http.StatusTeapot}}}},
		{"TCP", "[::1]:7", checks.Check{TCP: &checks.TCP{Port: 7, IPv6: true}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			asked := make(chan string, 1)
			r := checks.Start(t.Context(), checks.Config{Health: &checks.Health{Check: c.check}, Log: zaptest.NewLogger(t), Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
				select {
				case asked <- network + " " + address:
				default:
				}
				return new(net.Dialer).DialContext(ctx, "unix", l.Addr().String())
			}})
			defer r.Close()
			if v := (<-r.Results()).Health; !v.Healthy {
				t.Fatal(v.Message)
			}
			if got := <-asked; got != "tcp "+c.address {
				t.Errorf("dialled %s", got)
			}
		})
	}
}
