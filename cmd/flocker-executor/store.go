package main

import (
	"context"
	"net/http"
	"path/filepath"
	"strings"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/failpoint"
)

// etc is where Flocker's own configuration lies on a node.
const etc = "/etc/flocker"

// store is a flocker.Store that is configured when it is first needed: a task
// without volumes needs no configuration, and with volumes an error in it must
// become the task's message.
type store struct {
	open func() (*flocker.Store, error)
}

var (
	_ volumes.Store      = store{}
	_ volumes.Describer  = store{}
	_ volumes.Identifier = store{}
	_ volumes.Guesser    = store{}
)

func newStore(s *settings, getenv func(string) string, sandbox string, log *zap.Logger) store {
	return store{open: untilItSucceeds(func() (*flocker.Store, error) {
		config, err := flocker.ResolveConfig(s.flocker, getenv, etc)
		if err != nil {
			return nil, err
		}
		warnAboutKey(config.KeyFile, sandbox, log)
		options := config.Options()
		options.Log = log
		if failpoint.Enabled {
			options.Transport = mortal
		}
		client, err := flocker.NewClient(options)
		if err != nil {
			return nil, err
		}
		return flocker.NewStore(flocker.StoreOptions{
			Client: client, Node: config.Node, CacheDir: filepath.Join(s.stateDir, "cache"), Log: log,
		}), nil
	})}
}

// untilItSucceeds calls open again as long as it fails: a certificate that is just
// being replaced must not stop who has all the time to finish a dead executor's work.
func untilItSucceeds(open func() (*flocker.Store, error)) func() (*flocker.Store, error) {
	opened := make(chan *flocker.Store, 1) // whoever has taken it opens it
	opened <- nil
	return func() (*flocker.Store, error) {
		store := <-opened
		defer func() { opened <- store }()
		if store != nil {
			return store, nil
		}
		var err error
		store, err = open()
		return store, err
	}
}

// warnAboutKey: a key in the sandbox can be read by the task, and by everybody
// who may browse sandboxes.
func warnAboutKey(key, sandbox string, log *zap.Logger) {
	abs, err := filepath.Abs(key)
	if err == nil && sandbox != "" && strings.HasPrefix(abs, filepath.Clean(sandbox)+"/") {
		log.Warn("the key for the control service lies in the sandbox, where the task can read it", zap.String("file", key))
	}
}

func (s store) Lease(ctx context.Context, want volumes.Want, note volumes.Note) (volumes.Record, error) {
	real, err := s.open()
	if err != nil {
		return volumes.Record{}, err
	}
	return real.Lease(ctx, want, note)
}

func (s store) Bring(ctx context.Context, r volumes.Record, note volumes.Note) (volumes.Record, error) {
	real, err := s.open()
	if err != nil {
		return r, err
	}
	return real.Bring(ctx, r, note)
}

func (s store) Return(ctx context.Context, r volumes.Record) error {
	real, err := s.open()
	if err != nil {
		return err
	}
	return real.Return(ctx, r)
}

func (s store) Describe(ctx context.Context, r volumes.Record) (string, error) {
	real, err := s.open()
	if err != nil {
		return "", err
	}
	return real.Describe(ctx, r)
}

func (s store) Identity(ctx context.Context) (node, service string, err error) {
	real, err := s.open()
	if err != nil {
		return "", "", err
	}
	return real.Identity(ctx)
}

func (s store) Guess(want volumes.Want) string {
	real, err := s.open()
	if err != nil {
		return ""
	}
	return real.Guess(want)
}

// mortal is a transport that may die around each request, in a build for tests.
func mortal(next http.RoundTripper) http.RoundTripper { return mortalTransport{next} }

type mortalTransport struct{ next http.RoundTripper }

func (t mortalTransport) RoundTrip(r *http.Request) (*http.Response, error) {
	failpoint.Hit("request.before")
	res, err := t.next.RoundTrip(r)
	failpoint.Hit("request.after")
	return res, err
}
