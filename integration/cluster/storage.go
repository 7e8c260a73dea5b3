package cluster

import (
	"context"
	"fmt"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

// Datasets joins configuration and state; deleted datasets are left out.
func (v *view) Datasets(ctx context.Context) ([]Dataset, error) {
	configured, _, err := v.flocker.Datasets(ctx)
	if err != nil {
		return nil, err
	}
	state, err := v.flocker.DatasetStates(ctx)
	if err != nil {
		return nil, err
	}
	mounted := map[string]flocker.DatasetState{}
	for _, s := range state {
		mounted[s.ID] = s
	}
	var all []Dataset
	for _, d := range configured {
		if d.Deleted {
			continue
		}
		at := mounted[d.ID]
		all = append(all, Dataset{ID: d.ID, Name: d.Metadata["name"], Primary: d.Primary, Mounted: at.Primary, Path: at.Path})
	}
	return all, nil
}

// Leases lists all leases.
func (v *view) Leases(ctx context.Context) ([]Lease, error) {
	leases, err := v.flocker.Leases(ctx)
	if err != nil {
		return nil, err
	}
	var all []Lease
	for _, l := range leases {
		all = append(all, Lease{Dataset: l.Dataset, Node: l.Node, Expires: l.Expires})
	}
	return all, nil
}

func flockerClient(c flocker.Config) (*flocker.Client, error) {
	return flocker.NewClient(flocker.Options{
		URL:    fmt.Sprintf("https://%s:%d", c.Host, c.Port),
		CAFile: c.CAFile, CertFile: c.CertFile, KeyFile: c.KeyFile,
	})
}

// FlockerClient is a client of the control service as an operator has one. The
// caller closes it.
func (v *view) FlockerClient() (*flocker.Client, error) { return flockerClient(v.Flocker) }
