package flocker

import (
	"context"
	"net/http"
)

// Version returns the version of the control service, such as "1.15.0".
func (c *Client) Version(ctx context.Context) (string, error) {
	var v struct {
		Flocker string `json:"flocker"`
	}
	_, err := c.do(ctx, call{method: http.MethodGet, path: "/v1/version", repeat: true}, &v)
	return v.Flocker, err
}
