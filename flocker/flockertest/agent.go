package flockertest

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Names of the backends.
const (
	// Loopback keeps each dataset in an image file: loop device, ext4, mount.
	Loopback = "loopback"
	// Directory keeps each dataset in a directory that is bind-mounted.
	Directory = "directory"
)

// Agent is the dataset agent of one node. Several run beside each other, in one
// process or in many, as long as they share Pool and have different roots.
type Agent struct {
	UUID, Host string
	// Era is the node's boot id; "" reads this machine's.
	Era string
	// Root is where datasets are mounted, as Root/<dataset id>. Its mode becomes
	// 0700.
	Root string
	// Backend is Loopback (also when empty) or Directory.
	Backend string
	// Pool is the directory of the image files or data, the same for all nodes.
	Pool string
	// NoMount makes the Directory backend move the data itself to Root and back,
	// for which nobody needs to be root.
	NoMount bool
	// ServiceURL is Service.AgentURL.
	ServiceURL string
	// Pace is how fast the agent works.
	Pace Pace
	// CleanUp makes Run unmount and detach everything of this node at the end, as
	// an orderly shutdown of the machine would. The real agent leaves it all.
	CleanUp bool
	// Logf takes what the agent does and what failed; nil drops it.
	Logf func(format string, args ...any) `json:"-"`

	storage storage
	client  *http.Client
}

// BootID is this machine's, the era of its node.
func BootID() (string, error) {
	data, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("boot id: %w", err)
	}
	return strings.TrimSpace(string(data)), nil
}

// Run works, one Run at a time, until ctx ends, and returns nil then, or what CleanUp could not undo.
// Before that only settings that cannot work make it return. A service that is
// away is looked for again and again.
func (a *Agent) Run(ctx context.Context) error {
	if err := a.prepare(); err != nil {
		return err
	}
	pace := a.Pace.orQuick()
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	a.client = &http.Client{Transport: transport}
	for {
		if err := a.session(ctx, pace); err != nil && ctx.Err() == nil {
			a.logf("connection to %s: %v", a.ServiceURL, err)
		}
		if !sleep(ctx.Done(), pace.Reconnect) {
			break
		}
	}
	if a.CleanUp {
		return a.cleanUp()
	}
	return nil
}

func (a *Agent) prepare() error {
	if a.Era == "" {
		era, err := BootID()
		if err != nil {
			return err
		}
		a.Era = era
	}
	if a.storage != nil {
		return nil
	}
	if err := os.MkdirAll(a.Root, 0o700); err != nil {
		return fmt.Errorf("storage root: %w", err)
	}
	if err := os.Chmod(a.Root, 0o700); err != nil {
		return fmt.Errorf("storage root: %w", err)
	}
	var err error
	switch a.Backend {
	case Loopback, "":
		a.storage, err = newLoopback(a.Pool, a.UUID, a.Root)
	case Directory:
		a.storage, err = newDirectory(a.Pool, a.UUID, a.Root, a.NoMount)
	default:
		err = fmt.Errorf("backend %q: only %s and %s are known", a.Backend, Loopback, Directory)
	}
	return err
}

func (a *Agent) logf(format string, args ...any) {
	if a.Logf != nil {
		a.Logf("node "+a.UUID+": "+format, args...)
	}
}

func (a *Agent) hello() hello { return hello{UUID: a.UUID, Host: a.Host, Era: a.Era} }

// session converges until the connection breaks.
func (a *Agent) session(ctx context.Context, pace Pace) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stream, err := a.post(ctx, pathAgent, a.hello())
	if err != nil {
		return err
	}
	defer stream.Close()
	pushes := make(chan push)
	go func() {
		defer close(pushes)
		in := json.NewDecoder(stream)
		for {
			var p push
			if in.Decode(&p) != nil {
				return
			}
			select {
			case pushes <- p:
			case <-ctx.Done():
				return
			}
		}
	}()
	loop := convergence{agent: a, pace: pace, pushes: pushes}
	err = loop.run(ctx)
	cancel()
	for range pushes { // until the reader has ended
	}
	return err
}

// post sends v and returns the body of the answer if that is a 200. The caller
// closes it.
func (a *Agent) post(ctx context.Context, path string, v any) (io.ReadCloser, error) {
	data, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, a.ServiceURL+path, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	response, err := a.client.Do(r)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		response.Body.Close()
		return nil, fmt.Errorf("POST %s: %s", path, response.Status)
	}
	return response.Body, nil
}

// tell posts and drops the answer.
func (a *Agent) tell(ctx context.Context, path string, v any) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	body, err := a.post(ctx, path, v)
	if err != nil {
		return err
	}
	return body.Close()
}

// cleanUp undoes every mount and device of this node.
func (a *Agent) cleanUp() error {
	all, err := a.storage.discover()
	if err != nil {
		return err
	}
	var failed error
	for _, f := range all {
		if f.attached != a.UUID {
			continue
		}
		if f.path != "" {
			if err := a.storage.unmount(f); err != nil {
				failed = fmt.Errorf("unmount dataset %s: %w", f.dataset, err)
				continue
			}
		}
		if err := a.storage.detach(f); err != nil {
			failed = fmt.Errorf("detach dataset %s: %w", f.dataset, err)
		}
	}
	return failed
}
