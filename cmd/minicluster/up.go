package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

type upCommand struct {
	clusterFlags
	MasterPort  int `default:"5050" help:"Port of the master; 0 for any."`
	FlockerPort int `default:"4523" help:"Port of the control service; 0 for any."`
}

// Run keeps a cluster until Ctrl-C.
func (u *upCommand) Run(ctx context.Context) error {
	options, err := u.options()
	if err != nil {
		return err
	}
	options.MasterPort, options.FlockerPort = u.MasterPort, u.FlockerPort
	t := newTimeline(os.Stdout)
	defer t.close()
	s, err := begin(ctx, t, options)
	if err != nil {
		return err
	}
	c := s.cluster.(*cluster.Minicluster)
	err = explain(os.Stdout, c)
	if err == nil {
		<-ctx.Done()
		t.say("", "taking the cluster down")
	}
	return errors.Join(err, s.end())
}

// explain prints how to use the cluster.
func explain(out io.Writer, c *cluster.Minicluster) error {
	d := c.Description
	text := fmt.Sprintf("\nscheduler API     %s/api/v1/scheduler\n", d.Master)
	text += fmt.Sprintf("control service   https://%s:%d/v1\n", d.Flocker.Host, d.Flocker.Port)
	text += fmt.Sprintf("  certificates    --cacert %s --cert %s --key %s\n", d.Flocker.CAFile, d.Flocker.CertFile, d.Flocker.KeyFile)
	for _, n := range d.Nodes {
		text += fmt.Sprintf("%-17s agent %s, Flocker node %s, process 1 is %d\n", n.Name, n.Agent, n.Flocker, n.Pid)
	}
	text += fmt.Sprintf("datasets          %s\n", d.Backend)
	text += fmt.Sprintf("\nsubmit a task     minicluster run --cluster %s examples/counter/counter.json\n", c.DescriptionPath())
	text += fmt.Sprintf("list the leases   curl -s --cacert %s --cert %s --key %s https://%s:%d/v1/configuration/leases\n",
		d.Flocker.CAFile, d.Flocker.CertFile, d.Flocker.KeyFile, d.Flocker.Host, d.Flocker.Port)
	text += "\nCtrl-C takes the cluster down.\n\n"
	_, err := io.WriteString(out, text)
	return err
}
