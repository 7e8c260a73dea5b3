package flocker

import (
	"context"
	"net/http"
	"net/url"
)

// Dataset is an entry of the configuration: what is ordered, not what is so.
type Dataset struct {
	ID       string            `json:"dataset_id"`
	Primary  string            `json:"primary"` // node it is to be on
	Deleted  bool              `json:"deleted"` // stays listed, and its id taken, for ever
	Size     int64             `json:"maximum_size,omitempty"`
	Metadata map[string]string `json:"metadata"`
}

// Named reports whether the dataset goes by this name: metadata.name, as
// Flocker's own tools write it, or FLOCKER_ID, as mesos-module-flocker does.
func (d Dataset) Named(name string) bool {
	return d.Metadata["name"] == name || d.Metadata["FLOCKER_ID"] == name
}

// Name is metadata.name, or FLOCKER_ID, or "".
func (d Dataset) Name() string {
	if n := d.Metadata["name"]; n != "" {
		return n
	}
	return d.Metadata["FLOCKER_ID"]
}

// NewDataset is what a dataset is created from. None of it but the primary can
// be changed later.
type NewDataset struct {
	ID       string            `json:"dataset_id,omitempty"` // UUID version 4, lower case
	Primary  string            `json:"primary"`              // not checked by the service
	Size     int64             `json:"maximum_size,omitempty"`
	Metadata map[string]string `json:"metadata,omitempty"`
}

const datasetsPath = "/v1/configuration/datasets"

func datasetPath(id string) string { return datasetsPath + "/" + url.PathEscape(id) }

// Datasets lists every dataset ever made, deleted ones too, in no order, and the
// tag of the whole configuration. There is no filter: the answer only grows.
func (c *Client) Datasets(ctx context.Context) ([]Dataset, string, error) {
	var list []Dataset
	a, err := c.do(ctx, call{method: http.MethodGet, path: datasetsPath, repeat: true}, &list)
	if err != nil {
		return nil, "", err
	}
	return list, a.header.Get("X-Configuration-Tag"), nil
}

// CreateDataset orders a dataset to be made. IsConflict says that its id is in
// use, perhaps by an earlier try of this very call whose answer was lost: with
// an id of the caller's choosing it is sent again after a failure that may pass.
func (c *Client) CreateDataset(ctx context.Context, n NewDataset) (Dataset, error) {
	var d Dataset
	_, err := c.do(ctx, creation(n), &d)
	return d, err
}

func creation(n NewDataset) call {
	return call{method: http.MethodPost, path: datasetsPath, body: n, repeat: n.ID != ""}
}

// Dataset reads one dataset, by an update that changes nothing: there is no GET
// for one. IsDeleted and IsNotFound say that there is none to use.
func (c *Client) Dataset(ctx context.Context, id string) (Dataset, error) {
	var d Dataset
	_, err := c.do(ctx, call{method: http.MethodPost, path: datasetPath(id), body: struct{}{}, repeat: true}, &d)
	return d, err
}

// SetPrimary orders a dataset to a node. The service takes the order at once and
// carries it out later, or never while another node holds the lease.
func (c *Client) SetPrimary(ctx context.Context, id, node string) (Dataset, error) {
	var d Dataset
	_, err := c.do(ctx, move(id, node), &d)
	return d, err
}

func move(id, node string) call {
	return call{method: http.MethodPost, path: datasetPath(id), body: map[string]string{"primary": node}, repeat: true}
}

// DeleteDataset orders a dataset to be deleted, data and all. Repeatable.
func (c *Client) DeleteDataset(ctx context.Context, id string) (Dataset, error) {
	var d Dataset
	_, err := c.do(ctx, call{method: http.MethodDelete, path: datasetPath(id), repeat: true}, &d)
	return d, err
}
