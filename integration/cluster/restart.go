package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

func (m *Minicluster) handle(name string) (*node, error) {
	for _, n := range m.nodes {
		if n.config.Name == name {
			return n, nil
		}
	}
	return nil, fmt.Errorf("there is no node %q", name)
}

// KillAgent implements Cluster.
func (m *Minicluster) KillAgent(ctx context.Context, name string) error {
	n, err := m.handle(name)
	if err != nil {
		return err
	}
	if err := n.signal(mesosAgentMain, syscall.SIGKILL); err != nil {
		return err
	}
	return m.mesos.await(ctx, n, false)
}

// StartAgent implements Cluster.
func (m *Minicluster) StartAgent(ctx context.Context, name string) error {
	n, err := m.handle(name)
	if err != nil {
		return err
	}
	if err := n.start(mesosAgentMain); err != nil {
		return err
	}
	return m.mesos.await(ctx, n, true)
}

// logs is the end of what the node's children have written, as an error for
// messages.
func (n *node) logs() error {
	var errs []error
	all, _ := filepath.Glob(filepath.Join(n.config.Dir, "*.log"))
	for _, path := range all {
		text, err := os.ReadFile(path)
		if err == nil && len(text) > 0 {
			errs = append(errs, fmt.Errorf("log of %s: %s", filepath.Base(path), text[max(0, len(text)-logTail):]))
		}
	}
	return errors.Join(errs...)
}

// logTail is how much of a log is worth an error message.
const logTail = 16 << 10
