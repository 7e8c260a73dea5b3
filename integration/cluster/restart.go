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
func (m *Minicluster) KillAgent(_ context.Context, name string) error {
	return m.signal(name, mesosAgentMain, syscall.SIGKILL)
}

// StartAgent implements Cluster.
func (m *Minicluster) StartAgent(_ context.Context, name string) error {
	n, err := m.handle(name)
	if err != nil {
		return err
	}
	return n.start(mesosAgentMain)
}

func (m *Minicluster) signal(name, child string, sig syscall.Signal) error {
	n, err := m.handle(name)
	if err != nil {
		return err
	}
	return n.signal(child, sig)
}

// logs is what the node's agents have written, as an error for messages.
func (n *node) logs() error {
	var errs []error
	for _, child := range []string{flockerAgentMain, mesosAgentMain} {
		text, err := os.ReadFile(filepath.Join(n.config.Dir, child+".log"))
		if err == nil && len(text) > 0 {
			errs = append(errs, fmt.Errorf("log of %s: %s", child, text))
		}
	}
	return errors.Join(errs...)
}
