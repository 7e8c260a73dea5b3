package docker

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/moby/moby/api/types/network"
	"github.com/moby/moby/client"
)

// firstNetwork is what the container is created with: engines before API 1.44
// take one endpoint only.
func (c Container) firstNetwork() *network.NetworkingConfig {
	all := c.Networking.EndpointsConfig
	if len(all) < 2 {
		return &c.Networking
	}
	mode := string(c.Host.NetworkMode)
	return &network.NetworkingConfig{EndpointsConfig: map[string]*network.EndpointSettings{mode: all[mode]}}
}

// join connects the created container to its other networks, in the order of
// their names.
func (b *Body) join(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, changeTimeout)
	defer cancel()
	all := b.c.Networking.EndpointsConfig
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if name == string(b.c.Host.NetworkMode) {
			continue
		}
		_, err := b.engine.api.NetworkConnect(ctx, name, client.NetworkConnectOptions{Container: b.c.Name, EndpointConfig: all[name]})
		if err != nil {
			return fmt.Errorf("connect to network %s: %w", name, err)
		}
	}
	return nil
}
