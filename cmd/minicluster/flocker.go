package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"golang.org/x/sync/errgroup"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

type flockerCommand struct {
	Listen    string   `default:"127.0.0.1:4523" help:"Address of the REST API."`
	TLSDir    string   `type:"path" name:"tls-dir" help:"Certificates; made if the folder holds none. Default: a temporary folder."`
	Insecure  bool     `help:"Plain HTTP."`
	StateDir  string   `type:"path" help:"Where configuration, images and mounts are kept. Default: a temporary folder, removed at the end."`
	Node      []string `help:"A node: UUID@HOST[,era=UUID]; may be repeated. Default: two made-up ones, the first with this machine's era." sep:"none"`
	Backend   string   `default:"loopback" enum:"loopback,directory" help:"loopback needs root; directory needs nothing and mounts nothing."`
	Realistic bool     `help:"Take the time that a real service takes."`
}

// Run runs the Flocker test service alone until Ctrl-C.
func (f *flockerCommand) Run(ctx context.Context) (err error) {
	nodes, err := f.nodes()
	if err != nil {
		return err
	}
	if f.Backend == flockertest.Loopback && os.Geteuid() != 0 {
		return errors.New("--backend loopback needs root: it attaches loop devices and mounts (--backend directory does not)")
	}
	if f.StateDir == "" {
		dir, err := os.MkdirTemp("", "minicluster-flocker-")
		if err != nil {
			return err
		}
		f.StateDir = dir
		defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	}
	pace := flockertest.Quick()
	if f.Realistic {
		pace = flockertest.Realistic()
	}
	s := &flockertest.Service{
		Addr: f.Listen, TLS: !f.Insecure, TLSDir: f.TLSDir, Nodes: []flockertest.Node{}, Pace: pace,
		StateDir: filepath.Join(f.StateDir, "control-service"),
	}
	defer s.Close()
	if err := s.Start(); err != nil {
		return err
	}
	return f.serve(ctx, s, nodes, pace)
}

// serve runs an agent for every node, says ready, and ends with ctx.
func (f *flockerCommand) serve(ctx context.Context, s *flockertest.Service, nodes []flockertest.Node, pace flockertest.Pace) error {
	group, running := errgroup.WithContext(ctx)
	for i, n := range nodes {
		a := flockertest.Agent{
			UUID: n.UUID, Host: n.Host, Era: n.Era, Pace: pace, ServiceURL: s.AgentURL(), CleanUp: true,
			Root:    filepath.Join(f.StateDir, "node-"+strconv.Itoa(i+1)),
			Backend: f.Backend, NoMount: f.Backend == flockertest.Directory,
			Pool: filepath.Join(f.StateDir, "images"),
			Logf: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
		}
		group.Go(func() error { return a.Run(running) })
	}
	group.Go(func() error {
		for _, n := range nodes {
			if err := s.WaitNode(running, n.UUID); err != nil {
				return err
			}
		}
		fmt.Println("ready", s.URL())
		return nil
	})
	if err := group.Wait(); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

func (f *flockerCommand) nodes() ([]flockertest.Node, error) {
	if len(f.Node) == 0 {
		return flockertest.DefaultNodes(), nil
	}
	var nodes []flockertest.Node
	for _, text := range f.Node {
		n, err := parseNode(text)
		if err != nil {
			return nil, fmt.Errorf("--node %s: %w", text, err)
		}
		nodes = append(nodes, n)
	}
	return nodes, nil
}

func parseNode(text string) (flockertest.Node, error) {
	text, era, hasEra := strings.Cut(text, ",era=")
	id, host, hasHost := strings.Cut(text, "@")
	if !hasHost || host == "" {
		return flockertest.Node{}, errors.New("want UUID@HOST[,era=UUID]")
	}
	if _, err := uuid.Parse(id); err != nil {
		return flockertest.Node{}, fmt.Errorf("node %q is no UUID: %w", id, err)
	}
	if !hasEra {
		era = uuid.NewString()
	}
	if _, err := uuid.Parse(era); err != nil {
		return flockertest.Node{}, fmt.Errorf("era %q is no UUID: %w", era, err)
	}
	return flockertest.Node{UUID: id, Host: host, Era: era}, nil
}
