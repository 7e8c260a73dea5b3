package flocker

import (
	"context"
	"net/http"
)

// DatasetState is what the node agents last reported of a dataset. It lags
// behind the node: the mount table there is the truer source.
type DatasetState struct {
	ID      string `json:"dataset_id"`
	Size    int64  `json:"maximum_size"`
	Primary string `json:"primary"` // with Path, only while mounted
	Path    string `json:"path"`
}

// DatasetStates lists what is known of every dataset that exists. It is empty
// for about a second after a restart of the service: a dataset that is missing
// is not therefore gone.
func (c *Client) DatasetStates(ctx context.Context) ([]DatasetState, error) {
	var list []DatasetState
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/state/datasets", repeat: true}, &list)
	return list, err
}
