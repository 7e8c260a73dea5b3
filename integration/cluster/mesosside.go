package cluster

import (
	"context"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

// mesosSide is the Mesos of a minicluster: minimesos, or, under the build tag
// mesos, real daemons.
type mesosSide interface {
	// startMaster returns the base URL of the scheduler API.
	startMaster(ctx context.Context, m *Minicluster, o Options) (string, error)
	// agent completes the configuration of a node's agent.
	agent(c *nodeConfig) error
	// await waits until the master counts the node's agent as connected, or no
	// longer.
	await(ctx context.Context, n *node, connected bool) error
	// stop undoes startMaster, when the nodes have ended. Repeatable.
	stop(ctx context.Context) error
}

// mini is minimesos: its agents say by themselves when they are ready.
type mini struct{ master *master.Master }

func (s *mini) startMaster(_ context.Context, m *Minicluster, o Options) (string, error) {
	s.master = master.New(master.Config{
		Addr:               address(o.MasterPort),
		AllocationInterval: 100 * time.Millisecond,
	})
	m.Master = s.master
	if err := s.master.Start(); err != nil {
		return "", err
	}
	return s.master.URL(), nil
}

func (s *mini) agent(*nodeConfig) error                  { return nil }
func (s *mini) await(context.Context, *node, bool) error { return nil }
func (s *mini) stop(context.Context) error {
	if s.master == nil {
		return nil
	}
	return s.master.Close()
}

// become turns a node's child into a real daemon: its process id, its log and
// its end stay the child's. Variables called MESOS_… would be flags to it.
func become(argv []string, ready func()) error {
	if _, err := os.Stat(argv[0]); err != nil {
		return err
	}
	var env []string
	for _, variable := range os.Environ() {
		if !strings.HasPrefix(variable, "MESOS_") {
			env = append(env, variable)
		}
	}
	ready()
	return &os.PathError{Op: "exec", Path: argv[0], Err: syscall.Exec(argv[0], argv, env)}
}
