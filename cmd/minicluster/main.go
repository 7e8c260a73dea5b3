// Command minicluster runs Mesos and Flocker on one machine, for trying things:
// a master, a few nodes and a control service, all small programs of this
// project that answer like the real ones.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// version is set by the linker.
var version = "dev"

type commands struct {
	Demo     demoCommand      `cmd:"" help:"Run a task with a volume, kill it, go on with its data on another node."`
	Up       upCommand        `cmd:"" help:"Keep a cluster running until Ctrl-C and print how to use it."`
	Run      runCommand       `cmd:"" help:"Submit a task description to a cluster of its own and follow it."`
	Marathon marathonCommand  `cmd:"" help:"Launch a Marathon app definition as Marathon does, and follow it."`
	Flocker  flockerCommand   `cmd:"" help:"Run the Flocker test service alone."`
	Version  kong.VersionFlag `help:"Print the version."`
}

func main() {
	if cluster.Init() {
		return
	}
	var c commands
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	k := kong.Parse(&c, kong.Name("minicluster"), kong.UsageOnError(), kong.Vars{"version": version},
		kong.Description("Mesos and Flocker on one machine, for trying things."),
		kong.BindTo(ctx, (*context.Context)(nil)))
	err := k.Run()
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "minicluster:", err)
		os.Exit(1)
	}
}

// clusterFlags are common to all commands that start a cluster.
type clusterFlags struct {
	Nodes     int    `default:"2" help:"Number of nodes."`
	Backend   string `default:"" enum:",loopback,directory" help:"What datasets are: ext4 on loop devices, or directories. Default: loopback if the machine has loop devices."`
	Isolation string `default:"posix" enum:"posix,linux" help:"Isolation of the agents' containers."`
	Docker    bool   `help:"Give every node a docker engine of its own."`
	Realistic bool   `help:"Let Flocker take the time that a real one takes."`
	Executor  string `type:"path" help:"The flocker-executor binary. Default: the one beside this program."`
	Dir       string `type:"path" help:"Where the temporary folder is made." env:"TMPDIR"`
}

func (f clusterFlags) options() (cluster.Options, error) {
	executor := f.Executor
	if executor == "" {
		self, err := os.Executable()
		if err != nil {
			return cluster.Options{}, err
		}
		executor = filepath.Join(filepath.Dir(self), "flocker-executor")
	}
	if _, err := os.Stat(executor); err != nil {
		return cluster.Options{}, fmt.Errorf("flocker-executor is not there (make build, or --executor): %w", err)
	}
	return cluster.Options{
		Nodes: f.Nodes, Backend: f.Backend, Isolation: f.Isolation, Realistic: f.Realistic,
		Docker:   f.Docker,
		Executor: executor, Dir: f.Dir,
	}, nil
}
