package main

import (
	"context"
	"encoding/json"
	"os"
	"path"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework/marathon"
)

type marathonCommand struct {
	runCommand
	Release int `help:"Be Marathon 1.<n> instead of the last one." placeholder:"n"`
}

// Run launches one instance of the app. Whatever it fetches under the name
// flocker-executor is the cluster's own binary.
func (m *marathonCommand) Run(ctx context.Context) error {
	app, err := marathon.Read(m.File)
	if err != nil {
		return err
	}
	if err := app.Sound(); err != nil {
		return err
	}
	options, err := m.options()
	if err != nil {
		return err
	}
	return m.run(ctx, func(c cluster.Cluster) (string, error) {
		runs := marathon.Marathon{Framework: c.Framework(), Release: marathon.Release(m.Release), Fetch: func(uri string) string {
			if path.Base(uri) == "flocker-executor" {
				return options.Executor
			}
			return uri
		}}
		return runs.Start(ctx, app)
	})
}

// isApp says whether a file looks like a Marathon app definition: it has an id
// where a task description has a name.
func isApp(file string) bool {
	data, err := os.ReadFile(file)
	if err != nil {
		return false
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(data, &fields) != nil {
		return false
	}
	return fields["name"] == nil && fields["id"] != nil
}
