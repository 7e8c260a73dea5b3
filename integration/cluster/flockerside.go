package cluster

import (
	"context"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// flockerSide is the Flocker of a minicluster: the test service, or, under the
// build tag mesos, a real one.
type flockerSide interface {
	start(ctx context.Context, m *Minicluster, o Options) error
	// node completes a node's configuration and fills its /etc/flocker.
	node(m *Minicluster, c *nodeConfig, o Options) error
	// await waits until the service knows the node's agent.
	await(ctx context.Context, n *node) error
	// client is what an operator's client is made of.
	client() flocker.Config
	// release removes what tasks have left in a service that stays; the nodes'
	// agents are there still.
	release(ctx context.Context) error
	// stop undoes start. Repeatable.
	stop()
}

// testFlocker is the test service.
type testFlocker struct{ service *flockertest.Service }

func (s *testFlocker) start(_ context.Context, m *Minicluster, o Options) error {
	s.service = &flockertest.Service{
		Addr: address(o.FlockerPort), TLS: true, TLSDir: filepath.Join(m.dir, "tls"),
		StateDir: filepath.Join(m.dir, "control-service"), Nodes: []flockertest.Node{}, Pace: pace(o.Realistic),
	}
	m.Service = s.service
	for _, d := range []string{s.service.TLSDir, s.service.StateDir, m.pool()} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return err
		}
	}
	return s.service.Start()
}

// node gets a listener of its own, so that the service's log names the node.
func (s *testFlocker) node(m *Minicluster, c *nodeConfig, o Options) error {
	c.Flocker = flockerConfig{
		UUID:     c.Flocker.UUID,
		Host:     "127.0.0.1",
		AgentURL: s.service.AgentURL(), Backend: o.Backend, Pool: m.pool(), Realistic: o.Realistic,
	}
	listener, err := s.service.Listen(c.Name, "")
	if err != nil {
		return err
	}
	u, err := url.Parse(listener)
	if err != nil {
		return err
	}
	c.Mesos.Environment["FLOCKER_CONTROL_SERVICE_PORT"] = u.Port()
	return s.configure(filepath.Join(c.Dir, "etc-flocker"))
}

// configure lays out a node's /etc/flocker as an installation has it.
func (s *testFlocker) configure(etc string) error {
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	agent := "version: 1\ncontrol-service:\n  hostname: 127.0.0.1\n  port: 4524\ndataset:\n  backend: loopback\n"
	if err := os.WriteFile(filepath.Join(etc, "agent.yml"), []byte(agent), 0o644); err != nil {
		return err
	}
	for _, name := range []string{"cluster.crt", "user.crt", "user.key"} {
		if err := copyFile(filepath.Join(s.service.TLSDir, name), filepath.Join(etc, name)); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string) error {
	data, err := os.ReadFile(from)
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o600)
}

func (s *testFlocker) await(ctx context.Context, n *node) error {
	return s.service.WaitNode(ctx, n.config.Flocker.UUID)
}

func (s *testFlocker) client() flocker.Config {
	u, _ := url.Parse(s.service.URL())
	port, _ := strconv.Atoi(u.Port())
	tls := s.service.TLSDir
	return flocker.Config{
		Host: u.Hostname(), Port: port, CAFile: filepath.Join(tls, "cluster.crt"),
		CertFile: filepath.Join(tls, "user.crt"), KeyFile: filepath.Join(tls, "user.key"),
	}
}

func (s *testFlocker) release(context.Context) error { return nil }

func (s *testFlocker) stop() {
	if s.service != nil {
		s.service.Close()
	}
}
