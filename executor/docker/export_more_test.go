package docker

import (
	"net/http"

	"github.com/moby/moby/client"
)

// Hook has each request looked at before it is sent.
func (e *Engine) Hook(look func(*http.Request)) error {
	api, err := client.New(client.WithHost("unix://"+e.socket), client.WithAPIVersion(e.version),
		client.WithHTTPRequestHook(func(r *http.Request) error { look(r); return nil }))
	if err == nil {
		e.api, api = api, e.api
		err = api.Close()
	}
	return err
}
