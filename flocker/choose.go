package flocker

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// choose decides by one listing which dataset a name means when its id is not
// the one expected: the only live dataset of that name, whatever tool made it;
// or one still to be created, with Primary "" and the first computed id that was
// never used. Names are not unique in Flocker, and ids of deleted datasets stay
// taken for ever.
func (s *Store) choose(ctx context.Context, want volumes.Want) (Dataset, error) {
	all, _, err := s.client.Datasets(ctx)
	if err != nil {
		return Dataset{}, err
	}
	used := make(map[string]bool, len(all))
	var live []Dataset
	for _, d := range all {
		used[d.ID] = true
		if !d.Deleted && d.Named(want.Name) {
			live = append(live, d)
		}
	}
	switch {
	case len(live) == 1:
		return live[0], nil
	case len(live) > 1:
		return Dataset{}, fmt.Errorf("%w: %d datasets have this name: %s; say which with dataset=, or delete the others",
			volumes.ErrRefused, len(live), listDatasets(live))
	case !want.Create:
		return Dataset{}, fmt.Errorf("%w: there is no dataset of this name, and create=false forbids to make it", volumes.ErrRefused)
	}
	n := 0
	for used[ComputedID(want.Name, n)] {
		n++
	}
	return Dataset{ID: ComputedID(want.Name, n)}, nil
}

func listDatasets(all []Dataset) string {
	names := make([]string, len(all))
	for i, d := range all {
		names[i] = d.ID + " (on node " + d.Primary + ")"
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}
