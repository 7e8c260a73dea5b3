package main

import (
	"context"
	"fmt"
	"strconv"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// requests counts requests and bytes of one acquire, with few and with many
// datasets in the cluster, for this client and for those that poll. The
// service works at once, so that each client polls as little as it ever can.
func requests(ctx context.Context, _ string, _ int) error {
	heading("one acquire: requests, bytes received (headers included)")
	for _, existing := range []int{10, 1000} {
		for _, kind := range []string{"local", "moved", "new"} {
			for _, client := range clients() {
				r, err := acquire(ctx, client, kind, existing)
				if err != nil {
					return fmt.Errorf("%s, %s: %w", client.name, kind, err)
				}
				row(fmt.Sprintf("%-6s with %4d datasets, %s", kind, existing, client.name),
					fmt.Sprintf("%d requests, %d bytes", r.count, r.bytes), budgets[client.name+kind])
			}
		}
	}
	return nil
}

// budgets are those of the design.
var budgets = map[string]string{
	ours + "local": "budget 2", ours + "moved": "budget 3", ours + "new": "budget 4",
}

// service is a control service with its own agents, here without mounts, and
// as many other datasets as asked for.
func service(existing int) (*flockertest.Service, []flockertest.Node, error) {
	s := &flockertest.Service{}
	if err := s.Start(); err != nil {
		s.Close()
		return nil, nil, err
	}
	var others []flockertest.Dataset
	for i := range existing {
		others = append(others, flockertest.Dataset{
			Primary: s.Nodes[i%2].UUID, MaximumSize: 64 << 20, Metadata: map[string]string{"name": "other-" + strconv.Itoa(i)},
		})
	}
	s.Create(others...)
	return s, s.Nodes, nil
}
