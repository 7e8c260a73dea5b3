package flocker

import (
	"context"
	"fmt"
	"slices"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// Describe says where the dataset is now, as the node agents last reported, and
// whether the nodes concerned are there at all; see volumes.Describer. It costs
// one request, or two while the dataset is not here.
func (s *Store) Describe(ctx context.Context, r volumes.Record) (string, error) {
	all, err := s.client.DatasetStates(ctx)
	if err != nil {
		return "", failed("describe", r, err)
	}
	var state DatasetState
	for _, d := range all {
		if d.ID == r.Dataset {
			state = d
		}
	}
	if state.Primary == r.Node {
		return "mounted on this node at " + state.Path, nil
	}
	nodes, err := s.client.Nodes(ctx)
	if err != nil {
		return "", failed("describe", r, err)
	}
	return s.whereabouts(r, state, nodes), nil
}

func (s *Store) whereabouts(r volumes.Record, state DatasetState, nodes []Node) string {
	connected := func(node string) bool {
		return slices.ContainsFunc(nodes, func(n Node) bool { return n.UUID == node })
	}
	where := "not mounted yet"
	switch {
	case state.Primary != "":
		where = "moving from node " + short(state.Primary)
	case r.PreviousPrimary != "" && r.PreviousPrimary != r.Node:
		where = fmt.Sprintf("not mounted yet, on its way from node %s", short(r.PreviousPrimary))
	case state.ID == "":
		where = "not made yet"
	}
	if from := state.Primary; from != "" && !connected(from) {
		where += ", whose Flocker agent is not connected"
	}
	if !connected(r.Node) {
		// Should the cluster be another than it was: ask again next time.
		s.cache.forgetNode()
		where += "; this node's Flocker agent is not connected"
	}
	return where
}
