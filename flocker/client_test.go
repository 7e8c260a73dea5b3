package flocker_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

// reply is what a scripted server answers; status 0 drops the connection.
type reply struct {
	status int
	mime   string
	body   string
}

// script answers the n-th request with the n-th reply, the last one for ever,
// and keeps "METHOD path body" of each.
func script(t *testing.T, replies ...reply) (c *flocker.Client, requests func() []string) {
	t.Helper()
	var asked []string
	var one sync.Mutex
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		one.Lock()
		defer one.Unlock()
		b, _ := io.ReadAll(r.Body)
		asked = append(asked, strings.TrimSpace(r.Method+" "+r.URL.RequestURI()+" "+string(b)))
		a := replies[min(len(asked), len(replies))-1]
		if a.status == 0 {
			panic(http.ErrAbortHandler)
		}
		if a.mime == "" {
			a.mime = "application/json"
		}
		w.Header().Set("Content-Type", a.mime)
		w.Header().Set("X-Configuration-Tag", "00112233445566778899aabbccddeeff")
		w.WriteHeader(a.status)
		_, _ = io.WriteString(w, a.body)
	}))
	s.Config.ErrorLog = quiet()
	t.Cleanup(s.Close)
	return newClient(t, flocker.Options{URL: s.URL}), func() []string {
		one.Lock()
		defer one.Unlock()
		return asked
	}
}

func newClient(t *testing.T, o flocker.Options) *flocker.Client {
	t.Helper()
	c, err := flocker.NewClient(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

const (
	ds    = "aaaaaaaa-0001-4000-8000-000000000001"
	node1 = "11111111-1111-4111-8111-111111111111"
	node2 = "22222222-2222-4222-8222-222222222222"
	entry = `{"deleted": false, "dataset_id": "` + ds + `", "maximum_size": 67108864, "primary": "` + node1 + `", "metadata": {"name": "vol1"}}`
	lease = `{"dataset_id": "` + ds + `", "node_uuid": "` + node1 + `", "expires": 3.5}`
)

var vol1 = flocker.Dataset{ID: ds, Primary: node1, Size: 67108864, Metadata: map[string]string{"name": "vol1"}}

// endpoints are all requests as the recorded service takes them, and each answer
// as it gave it.
var endpoints = []struct {
	name   string
	reply  reply
	call   func(context.Context, *flocker.Client) (any, error)
	asked  string
	answer any
}{
	{"version", reply{200, "", `{"flocker": "1.15.0"}`}, func(ctx context.Context, c *flocker.Client) (any, error) { return c.Version(ctx) }, "GET /v1/version", "1.15.0"},
	{
		"nodes",
		reply{200, "", `[{"host": "127.0.0.1", "uuid": "` + node1 + `"}]`},
		func(ctx context.Context, c *flocker.Client) (any, error) { return c.Nodes(ctx) },
		"GET /v1/state/nodes",
		[]flocker.Node{{UUID: node1, Host: "127.0.0.1"}},
	},
	{
		"era",
		reply{200, "", `{"uuid": "` + node1 + `"}`},
		func(ctx context.Context, c *flocker.Client) (any, error) { return c.NodeByEra(ctx, "d6f71275") },
		"GET /v1/state/nodes/by_era/d6f71275", node1,
	},
	{
		"datasets",
		reply{200, "", "[" + entry + "]"},
		func(ctx context.Context, c *flocker.Client) (any, error) {
			all, tag, err := c.Datasets(ctx)
			return map[string]any{tag: all}, err
		},
		"GET /v1/configuration/datasets",
		map[string]any{"00112233445566778899aabbccddeeff": []flocker.Dataset{vol1}},
	},
	{
		"create",
		reply{201, "", entry},
		func(ctx context.Context, c *flocker.Client) (any, error) {
			return c.CreateDataset(ctx, flocker.NewDataset{ID: ds, Primary: node1, Size: 67108864, Metadata: vol1.Metadata})
		},
		`POST /v1/configuration/datasets {"dataset_id":"` + ds + `","primary":"` + node1 + `","maximum_size":67108864,"metadata":{"name":"vol1"}}`, vol1,
	},
	{"read", reply{200, "", entry}, func(ctx context.Context, c *flocker.Client) (any, error) { return c.Dataset(ctx, ds) }, "POST /v1/configuration/datasets/" + ds + " {}", vol1},
	{
		"move",
		reply{200, "", entry},
		func(ctx context.Context, c *flocker.Client) (any, error) { return c.SetPrimary(ctx, ds, node1) },
		"POST /v1/configuration/datasets/" + ds + ` {"primary":"` + node1 + `"}`, vol1,
	},
	{"delete", reply{200, "", entry}, func(ctx context.Context, c *flocker.Client) (any, error) { return c.DeleteDataset(ctx, ds) }, "DELETE /v1/configuration/datasets/" + ds, vol1},
	{
		"state",
		reply{200, "", `[{"path": "/flocker/x", "dataset_id": "` + ds + `", "maximum_size": 67108864, "primary": "` + node1 + `"}]`},
		func(ctx context.Context, c *flocker.Client) (any, error) { return c.DatasetStates(ctx) },
		"GET /v1/state/datasets",
		[]flocker.DatasetState{{ID: ds, Size: 67108864, Primary: node1, Path: "/flocker/x"}},
	},
	{
		"leases",
		reply{200, "", "[" + lease + `, {"dataset_id": "b", "node_uuid": "n", "expires": null}, {"dataset_id": "c", "node_uuid": "n", "expires": -5.004335}, {"dataset_id": "d", "node_uuid": "n", "expires": 1e300}]`},
		func(ctx context.Context, c *flocker.Client) (any, error) { return c.Leases(ctx) },
		"GET /v1/configuration/leases",
		[]flocker.Lease{
			{Dataset: ds, Node: node1, Expires: 3500 * time.Millisecond},
			{Dataset: "b", Node: "n", Expires: flocker.Forever},
			{Dataset: "c", Node: "n", Expires: -5004335 * time.Microsecond},
			{Dataset: "d", Node: "n", Expires: flocker.Forever},
		},
	},
	{"acquire", reply{201, "", lease}, acquire(3500 * time.Millisecond), `POST /v1/configuration/leases {"dataset_id":"` + ds + `","node_uuid":"` + node1 + `","expires":3.5}`, true},
	{"renew", reply{200, "", lease}, acquire(time.Minute), `POST /v1/configuration/leases {"dataset_id":"` + ds + `","node_uuid":"` + node1 + `","expires":60}`, false},
	{"for ever", reply{201, "", lease}, acquire(flocker.Forever), `POST /v1/configuration/leases {"dataset_id":"` + ds + `","node_uuid":"` + node1 + `","expires":null}`, true},
	{"expire", reply{200, "", lease}, acquire(0), `POST /v1/configuration/leases {"dataset_id":"` + ds + `","node_uuid":"` + node1 + `","expires":0}`, false},
	{
		"release",
		reply{200, "", lease},
		func(ctx context.Context, c *flocker.Client) (any, error) { return c.ReleaseLease(ctx, ds) },
		"DELETE /v1/configuration/leases/" + ds,
		flocker.Lease{Dataset: ds, Node: node1, Expires: 3500 * time.Millisecond},
	},
}

func TestEndpoints(t *testing.T) {
	t.Parallel()
	for _, test := range endpoints {
		t.Run(test.name, func(t *testing.T) {
			c, asked := script(t, test.reply)
			got, err := test.call(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(test.answer, got); d != "" {
				t.Error(d)
			}
			if d := cmp.Diff([]string{test.asked}, asked()); d != "" {
				t.Error(d)
			}
		})
	}
}
