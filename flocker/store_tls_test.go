package flocker_test

import (
	"net/url"
	"path/filepath"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// TestFromConfigurationToMount goes the whole way as a node does: files in
// /etc/flocker, mutual TLS, a dataset created, mounted, returned.
func TestFromConfigurationToMount(t *testing.T) {
	t.Parallel()
	clusterDir, etcDir := filepath.Join(t.TempDir(), "cluster"), filepath.Join(t.TempDir(), "flocker")
	w := flockertest.Service{TLS: true, TLSDir: clusterDir, Nodes: []flockertest.Node{{UUID: node1, Host: "127.0.0.1", Era: era1}}}
	defer w.Close()
	if err := w.Start(); err != nil {
		t.Fatal(err)
	}
	if err := flockertest.GenerateUser(clusterDir, etcDir, "node1"); err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(w.URL())
	if err != nil {
		t.Fatal(err)
	}
	env := map[string]string{"FLOCKER_CONTROL_SERVICE_PORT": u.Port()}
	config, err := flocker.ResolveConfig(flocker.Config{}, func(k string) string { return env[k] }, etcDir)
	if err != nil {
		t.Fatal(err)
	}
	s := flocker.NewStore(flocker.StoreOptions{Client: newClient(t, config.Options()), BootID: era1})
	r := hold(t, s, want("webapp-data"))
	if _, err := w.WaitMounted(t.Context(), r.Dataset, node1); err != nil {
		t.Error(err)
	}
	if words, err := s.Describe(t.Context(), r); err != nil || words == "" {
		t.Errorf("%q, %v", words, err)
	}
	giveBack(t, s, r)
	if len(w.Leases()) != 0 {
		t.Errorf("%v", w.Leases())
	}
}
