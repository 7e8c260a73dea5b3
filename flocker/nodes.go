package flocker

import (
	"context"
	"net/http"
	"net/url"
)

// Node is a machine whose agent is connected to the control service, or was
// within the last two minutes.
type Node struct {
	UUID string `json:"uuid"`
	Host string `json:"host"` // the address the agent connected from
}

// Nodes lists the nodes that are connected now. Just after a restart of the
// control service there are none.
func (c *Client) Nodes(ctx context.Context) ([]Node, error) {
	var nodes []Node
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/state/nodes", repeat: true}, &nodes)
	return nodes, err
}

// NodeByEra returns the id of the node whose boot id is era. An unknown one is
// IsNotFound. Era must be a UUID: the service answers 500 to anything else.
func (c *Client) NodeByEra(ctx context.Context, era string) (string, error) {
	var n struct {
		UUID string `json:"uuid"`
	}
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/state/nodes/by_era/" + url.PathEscape(era), repeat: true}, &n)
	return n.UUID, err
}
