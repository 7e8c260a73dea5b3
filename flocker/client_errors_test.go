package flocker_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

// acquire returns whether the lease was new.
func acquire(lifetime time.Duration) func(context.Context, *flocker.Client) (any, error) {
	return func(ctx context.Context, c *flocker.Client) (any, error) {
		before := flocker.Boottime()
		g, err := c.AcquireLease(ctx, ds, node1, lifetime)
		if err == nil && (g.Lease.Dataset != ds || g.Sent < before || g.Sent > flocker.Boottime()) {
			err = fmt.Errorf("%+v, asked for at %d", g, before)
		}
		return g.New, err
	}
}

// TestErrorShapes: the recorded refusals, their words, and what they count as.
func TestErrorShapes(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(error) bool{
		"not found": flocker.IsNotFound, "deleted": flocker.IsDeleted, "conflict": flocker.IsConflict,
		"invalid": flocker.IsInvalid, "permanent": flocker.IsPermanent, "may be applied": flocker.MayBeApplied,
	}
	page := func(status int) reply {
		return reply{status, "text/html", "<title>" + http.StatusText(status) + "</title>\n<p>Not here.</p>"}
	}
	tests := []struct {
		name  string
		reply reply
		want  string // kinds
		words string
	}{
		{"not found", reply{404, "", `{"description": "Dataset not found."}`}, "not found, permanent", "404 Not Found: Dataset not found."},
		{"deleted", reply{405, "", `{"description": "The dataset has been deleted."}`}, "deleted, permanent", "405 Method Not Allowed: The dataset has been deleted."},
		{"held", reply{409, "", `{"description": "Lease already held."}`}, "conflict", "409 Conflict: Lease already held."},
		{"invalid", reply{400, "", `{"errors": ["u'x' is too short"], "description": "The provided JSON doesn't match the required schema."}`}, "invalid, permanent", "schema.; u'x' is too short"},
		{"precondition", reply{412, "", `{"description": "no"}`}, "", "412 Precondition Failed: no"},
		{"server", reply{500, "", `"38d6cc10-288e-4389-b535-8e9216e22cc7@/2"`}, "may be applied", "500 Internal Server Error: 38d6cc10-288e-4389-b535-8e9216e22cc7@/2"},
		{"no route", page(404), "permanent", "404 Not Found: Not Found Not here."},
		{"no method", page(405), "permanent", "Not here."},
		{"proxy", page(503), "may be applied", "503 Service Unavailable: Service Unavailable Not here."},
		{"redirect", page(302), "permanent", "302 Found"},
		{"somebody's page", page(200), "may be applied", "unreadable answer"},
		{"garbage", reply{200, "", "{"}, "may be applied", "unreadable answer: unexpected end of JSON input"},
		{"dropped", reply{}, "may be applied", "EOF"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, asked := script(t, test.reply)
			_, err := c.ReleaseLease(t.Context(), ds)
			var got []string
			for _, kind := range []string{"not found", "deleted", "conflict", "invalid", "permanent", "may be applied"} {
				if kinds[kind](err) {
					got = append(got, kind)
				}
			}
			if strings.Join(got, ", ") != test.want {
				t.Errorf("%v is %q, want %q", err, got, test.want)
			}
			for _, w := range []string{"DELETE " + c.Service() + "/v1/configuration/leases/" + ds, test.words} {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v; want %q in it", err, w)
				}
			}
			if len(asked()) != 1 {
				t.Errorf("a lease's DELETE was sent %d times", len(asked()))
			}
		})
	}
}

func TestComputedID(t *testing.T) {
	t.Parallel()
	if got := flocker.ComputedID("webapp-data", 0); got != "0679b296-1fb9-4edc-956d-53dfb1e35000" {
		t.Error(got)
	}
	if a, b := flocker.ComputedID("webapp-data", 1), flocker.ComputedID("webapp-data", 10); a == b || len(a) != 36 || a[14] != '4' {
		t.Error(a, b)
	}
}
