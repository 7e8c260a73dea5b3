package flocker

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"
)

// identity is who this machine is to Flocker.
type identity struct{ node, era string }

const (
	// For about a second after a restart the service knows no node at all, so
	// that "unknown" is believed only at the third reading.
	nodeReadings     = 3
	nodeReadingPause = time.Second
)

// identify returns this machine's node, asking the service at most once.
func (s *Store) identify(ctx context.Context) (identity, error) {
	var known identity
	select {
	case known = <-s.self:
	case <-ctx.Done():
		return identity{}, fmt.Errorf("find this machine's Flocker node: %w", context.Cause(ctx))
	}
	defer func() { s.self <- known }()
	if known.node != "" {
		return known, nil
	}
	era, err := s.era()
	if err != nil {
		return identity{}, fmt.Errorf("find this machine's Flocker node: %w", err)
	}
	node := s.cache.node(era)
	if node == "" || (s.want != "" && node != s.want) {
		if node, err = s.findNode(ctx, era); err != nil {
			return identity{}, fmt.Errorf("find this machine's Flocker node: %w", err)
		}
		s.cache.keepNode(era, node)
	}
	known = identity{node: node, era: era}
	return known, nil
}

// Identity returns this machine's node and the control service, as they are in
// every Record. It asks the service once, and not again during this boot.
func (s *Store) Identity(ctx context.Context) (node, service string, err error) {
	who, err := s.identify(ctx)
	return who.node, s.client.Service(), err
}

// era is this boot's id, in the form the service uses.
func (s *Store) era() (string, error) {
	id := s.bootID
	if id == "" {
		var err error
		if id, err = BootID(); err != nil {
			return "", err
		}
	}
	id = strings.ToLower(id)
	if !isUUID(id) {
		return "", fmt.Errorf("boot id %q: not a UUID", id)
	}
	return id, nil
}

// findNode asks the service, a few times while it knows nothing.
func (s *Store) findNode(ctx context.Context, era string) (string, error) {
	var err error
	for n := range nodeReadings {
		if n > 0 && sleep(ctx, nodeReadingPause) != nil {
			break
		}
		var node string
		if s.want != "" {
			node, err = s.nodeByWord(ctx)
		} else {
			node, err = s.nodeByEra(ctx, era)
		}
		if !errors.Is(err, ErrUnknownNode) {
			return node, err
		}
	}
	return "", err
}

// ErrUnknownNode says that the service does not know this machine.
var ErrUnknownNode = errors.New("unknown to Flocker")

// nodeByWord checks the operator's word: the service would take any id, and a
// dataset ordered to a node that does not exist never appears anywhere.
func (s *Store) nodeByWord(ctx context.Context) (string, error) {
	nodes, err := s.client.Nodes(ctx)
	if err != nil {
		return "", err
	}
	for _, n := range nodes {
		if strings.EqualFold(n.UUID, s.want) {
			return strings.ToLower(s.want), nil
		}
	}
	return "", fmt.Errorf("%w: no node has the id %s given with --flocker-node; connected are %s", ErrUnknownNode, s.want, listNodes(nodes))
}

// nodeByEra asks by boot id, which cannot be wrong, and compares addresses only
// when that is unknown: addresses change, hide behind NAT and have been wrong.
func (s *Store) nodeByEra(ctx context.Context, era string) (string, error) {
	node, err := s.client.NodeByEra(ctx, era)
	if err == nil || !IsNotFound(err) {
		return node, err
	}
	nodes, err := s.client.Nodes(ctx)
	if err != nil {
		return "", err
	}
	local, err := localAddresses()
	if err != nil {
		return "", err
	}
	var found []Node
	for _, n := range nodes {
		if local[n.Host] {
			found = append(found, n)
		}
	}
	switch len(found) {
	case 1:
		return found[0].UUID, nil
	case 0:
		return "", fmt.Errorf("%w: no node has this machine's boot id %s or one of its addresses; connected are %s; is the dataset agent running here?",
			ErrUnknownNode, era, listNodes(nodes))
	}
	return "", fmt.Errorf("%w: no node has this machine's boot id %s, and several have its addresses: %s; say which with --flocker-node",
		ErrUnknownNode, era, listNodes(found))
}

// localAddresses leaves out loopback: every machine has that.
func localAddresses() (map[string]bool, error) {
	addresses, err := net.InterfaceAddrs()
	if err != nil {
		return nil, err
	}
	local := map[string]bool{}
	for _, a := range addresses {
		if n, ok := a.(*net.IPNet); ok && !n.IP.IsLoopback() {
			local[n.IP.String()] = true
		}
	}
	return local, nil
}

func listNodes(nodes []Node) string {
	if len(nodes) == 0 {
		return "no nodes at all"
	}
	names := make([]string, len(nodes))
	for i, n := range nodes {
		names[i] = n.UUID + " (" + n.Host + ")"
	}
	return strings.Join(names, ", ")
}
