package docker

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/api/types/container"
	"github.com/moby/moby/api/types/mount"
	"github.com/moby/moby/client"
)

// probe is a container of the image that is never started, to be asked where paths
// lead. The task's own container must not be asked: to answer, Docker 20.10 mounts
// for a moment all that the container is to have, datasets too, in the node's own
// mount namespace, and makes the mount points of volumes in the datasets. A probe has
// no datasets, and nothing in place of the image's volumes. It has the task's name and labels, so that
// whoever clears up behind a dead executor finds it.
type probe struct {
	body    *Body
	targets map[string]string // what has been asked, by path
}

// probe makes one; end must be called.
func (b *Body) probe(ctx context.Context, declared []string) (*probe, error) {
	err := b.anew(ctx, func(ctx context.Context) error {
		ref, err := parseImage(b.c.Image.Reference)
		if err != nil {
			return err
		}
		host := container.HostConfig{NetworkMode: "none"}
		for _, name := range declared {
			host.Mounts = append(host.Mounts, mount.Mount{Type: mount.TypeTmpfs, Target: name})
		}
		_, err = b.ask(ctx, client.ContainerCreateOptions{
			Name:       b.c.Name,
			Config:     &container.Config{Image: reference.FamiliarString(ref), Cmd: []string{"none"}, Labels: b.c.Config.Labels},
			HostConfig: &host,
		})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("look into image %s: %w", b.c.Image.Reference, err)
	}
	return &probe{body: b, targets: map[string]string{}}, nil
}

// end removes the probe, unless err has already decided that there will be no
// other container of its name: then Body.Remove does.
func (p *probe) end(ctx context.Context, err error) error {
	if err != nil {
		return err
	}
	return p.body.engine.remove(ctx, p.body.c.Name)
}

// place follows the links of the image, as the engine does when it mounts. What
// is missing in the image is no link.
func (p *probe) place(ctx context.Context, name string) (place, error) {
	real := "/"
	for element := range strings.SplitSeq(strings.TrimPrefix(name, "/"), "/") {
		next := path.Join(real, element)
		target, err := p.target(ctx, next)
		if err != nil {
			return place{}, fmt.Errorf("look at %s in image %s: %w", next, p.body.c.Image.Reference, err)
		}
		real = target
	}
	return place{name, real}, nil
}

// target is where a link leads in the end, and name itself if that is none.
func (p *probe) target(ctx context.Context, name string) (string, error) {
	if target, asked := p.targets[name]; asked {
		return target, nil
	}
	ctx, cancel := context.WithTimeout(ctx, askTimeout)
	defer cancel()
	answer, err := p.body.engine.api.ContainerStatPath(ctx, p.body.c.Name, client.ContainerStatPathOptions{Path: name})
	if err != nil && !errdefs.IsNotFound(err) {
		return "", err
	}
	p.targets[name] = cmp.Or(answer.Stat.LinkTarget, name)
	return p.targets[name], nil
}
