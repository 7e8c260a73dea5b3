package flocker_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

func TestIdentity(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 3 { // three processes of one boot
		node, service, err := w.store(node2).Identity(t.Context())
		if err != nil || node != node2 || "http://"+service != w.URL() {
			t.Errorf("%s, %s, %v", node, service, err)
		}
	}
	w.expect("GET state/nodes/by_era/" + era2)
	// After a reboot the cache is of another era.
	again := w.store(node2, func(o *flocker.StoreOptions) { o.BootID = strings.ToUpper(era1) })
	if node, _, err := again.Identity(t.Context()); err != nil || node != node1 {
		t.Errorf("%s, %v", node, err)
	}
}

func TestIdentityByTheOperatorsWord(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	upper := func(o *flocker.StoreOptions) { o.Node = strings.ToUpper(node1) }
	for range 2 { // the era says node 2
		if node, _, err := w.store(node2, upper).Identity(t.Context()); err != nil || node != node1 {
			t.Errorf("%s, %v", node, err)
		}
	}
	w.expect("GET state/nodes")
}

func TestUnknownNode(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	unknown := func(o *flocker.StoreOptions) { o.BootID = "99999999-9999-4999-8999-999999999999" }
	wrong := func(o *flocker.StoreOptions) { o.Node = "99999999-9999-4999-8999-999999999999" }
	for _, change := range []func(*flocker.StoreOptions){unknown, wrong} {
		_, err := w.store(node1, change).Lease(t.Context(), want("webapp-data"), (&notes{}).note)
		if !errors.Is(err, flocker.ErrUnknownNode) || !strings.Contains(err.Error(), "99999999-9999-4999-8999-999999999999") || !strings.Contains(err.Error(), node1+" (127.0.0.1)") {
			t.Errorf("%v", err)
		}
	}
}

// TestNodeKnownAgain: for a second after a restart the service knows no node.
func TestNodeKnownAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.Restart(500 * time.Millisecond); err != nil {
		t.Fatal(err)
	}
	s := w.store(node1, func(o *flocker.StoreOptions) { o.Node = node1 })
	if node, _, err := s.Identity(t.Context()); err != nil || node != node1 {
		t.Errorf("%s, %v", node, err)
	}
}

// TestCacheIsNotTrusted: what is broken, or of another service, is found anew.
func TestCacheIsNotTrusted(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	dir := t.TempDir()
	in := func(o *flocker.StoreOptions) { o.CacheDir = dir }
	hint := filepath.Join(dir, "hints", flocker.ComputedID("webapp-data", 0))
	if err := os.Mkdir(filepath.Dir(hint), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, content := range []string{
		"", "{", `{"service": "elsewhere:1", "era": "` + era1 + `", "node": "` + node2 + `", "name": "webapp-data", "dataset": "` + ds + `"}`,
		`{"service": "` + strings.TrimPrefix(w.URL(), "http://") + `", "era": "` + era1 + `", "node": "x", "name": "webapp-data", "dataset": "../x"}`,
	} {
		for _, file := range []string{hint, filepath.Join(dir, "node")} {
			if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		r := hold(t, w.store(node1, in), want("webapp-data"))
		if r.Node != node1 || r.Dataset != flocker.ComputedID("webapp-data", 0) {
			t.Errorf("%q: %+v", content, r)
		}
		giveBack(t, w.store(node1), r)
	}
	// A directory that cannot be written costs requests only.
	nowhere := func(o *flocker.StoreOptions) { o.CacheDir = "/proc/nowhere" }
	hold(t, w.store(node1, nowhere), want("webapp-data"))
}

func TestDescribe(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.make("webapp-data", node2)
	if _, err := w.WaitMounted(t.Context(), id, node2); err != nil {
		t.Fatal(err)
	}
	s := w.store(node1)
	r := volumes.Record{Name: "webapp-data", Dataset: id, Node: node1}
	tests := []struct{ name, want string }{
		{"there", "moving from node 22222222…"},
		{"here", "mounted on this node at "},
	}
	for _, test := range tests {
		if got, err := s.Describe(t.Context(), r); err != nil || !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, %v", test.name, got, err)
		}
		r.Node = node2
	}
	r.Dataset, r.Node = ds, "99999999-9999-4999-8999-999999999999"
	if got, err := s.Describe(t.Context(), r); err != nil || got != "not made yet; this node's Flocker agent is not connected" {
		t.Errorf("%q, %v", got, err)
	}
}
