//go:build mesos

package cluster

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strconv"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

// realFlocker is a control service that is there already. Its agents run in the
// nodes: command is a shell command that becomes one, nodes has a folder
// for each node, called like it, with all that its /etc/flocker has. The service
// must know the nodes' certificates for no other machine.
type realFlocker struct {
	config  flocker.Config
	command string
	nodes   string
	api     *flocker.Client
	before  map[string]bool // datasets that are not ours
}

// flockerFromEnvironment is the test service unless $FLOCKER_URL is set. Then
// $FLOCKER_CONTROL_SERVICE_CA_FILE, _CLIENT_CERT_FILE and _CLIENT_KEY_FILE are an
// operator's certificates, $FLOCKER_AGENT the command that runs a dataset agent,
// and $FLOCKER_NODES the folder of the nodes' folders.
func flockerFromEnvironment(getenv func(string) string) (flockerSide, error) {
	text := getenv("FLOCKER_URL")
	if text == "" {
		return &testFlocker{}, nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" {
		return nil, fmt.Errorf("FLOCKER_URL %q: want https://<host>[:<port>]", text)
	}
	port := flocker.DefaultPort
	if u.Port() != "" {
		if port, err = strconv.Atoi(u.Port()); err != nil {
			return nil, fmt.Errorf("FLOCKER_URL %q: %w", text, err)
		}
	}
	r := &realFlocker{config: flocker.Config{Host: u.Hostname(), Port: port}}
	for name, value := range map[string]*string{
		"FLOCKER_CONTROL_SERVICE_CA_FILE":          &r.config.CAFile,
		"FLOCKER_CONTROL_SERVICE_CLIENT_CERT_FILE": &r.config.CertFile,
		"FLOCKER_CONTROL_SERVICE_CLIENT_KEY_FILE":  &r.config.KeyFile,
		"FLOCKER_AGENT": &r.command,
		"FLOCKER_NODES": &r.nodes,
	} {
		if *value = getenv(name); *value == "" {
			err = errors.Join(err, fmt.Errorf("FLOCKER_URL is set and %s is not", name))
		}
	}
	return r, err
}

func (r *realFlocker) start(ctx context.Context, _ *Minicluster, _ Options) (err error) {
	if r.api, err = flockerClient(r.config); err != nil {
		return err
	}
	all, _, err := r.api.Datasets(ctx)
	r.before = map[string]bool{}
	for _, d := range all {
		r.before[d.ID] = true
	}
	return err
}

func (r *realFlocker) node(_ *Minicluster, c *nodeConfig, _ Options) error {
	c.Flocker.Command = []string{"/bin/sh", "-c", r.command}
	c.Mesos.Environment["FLOCKER_CONTROL_SERVICE_HOST"] = r.config.Host
	c.Mesos.Environment["FLOCKER_CONTROL_SERVICE_PORT"] = strconv.Itoa(r.config.Port)
	from, etc := filepath.Join(r.nodes, c.Name), filepath.Join(c.Dir, "etc-flocker")
	files, err := os.ReadDir(from)
	if err != nil {
		return fmt.Errorf("FLOCKER_NODES: %w", err)
	}
	if err := os.MkdirAll(etc, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		if err := copyFile(filepath.Join(from, f.Name()), filepath.Join(etc, f.Name())); err != nil {
			return err
		}
	}
	return nil
}

// await asks for the node's boot id, under which its agent registers.
func (r *realFlocker) await(ctx context.Context, n *node) error {
	err := poll(ctx, func() (err error) {
		if err := n.alive(flockerAgentMain); err != nil {
			return err
		}
		n.config.Flocker.UUID, err = r.api.NodeByEra(ctx, n.config.BootID)
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("dataset agent of %s: %w", n.config.Name, err), n.logs())
	}
	return nil
}

func (r *realFlocker) client() flocker.Config { return r.config }

// release deletes the datasets that were not there before, their leases first, and
// waits until no node has them: the next cluster begins as this one did.
func (r *realFlocker) release(ctx context.Context) error {
	if r.before == nil {
		return nil
	}
	all, _, err := r.api.Datasets(ctx)
	if err != nil {
		return err
	}
	if err := r.releaseLeases(ctx); err != nil {
		return err
	}
	for _, d := range all {
		if !d.Deleted && !r.before[d.ID] {
			if _, err := r.api.DeleteDataset(ctx, d.ID); err != nil {
				return err
			}
		}
	}
	return poll(ctx, func() error { return r.left(ctx) })
}

// releaseLeases is for the leases that no executor returns: a test may have taken
// one for ever.
func (r *realFlocker) releaseLeases(ctx context.Context) error {
	leases, err := r.api.Leases(ctx)
	if err != nil {
		return err
	}
	for _, l := range leases {
		if r.before[l.Dataset] {
			continue
		}
		if _, err := r.api.ReleaseLease(ctx, l.Dataset); err != nil && !flocker.IsNotFound(err) {
			return err
		}
	}
	return nil
}

func (r *realFlocker) left(ctx context.Context) error {
	states, err := r.api.DatasetStates(ctx)
	for _, s := range states {
		if !r.before[s.ID] {
			err = errors.Join(err, fmt.Errorf("dataset %s is still there", s.ID))
		}
	}
	return err
}

func (r *realFlocker) stop() {
	if r.api != nil {
		r.api.Close()
	}
}
