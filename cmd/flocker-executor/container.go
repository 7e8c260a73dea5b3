package main

import (
	"context"
	"flag"
	"os"
	"slices"
	"strings"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// container is a task's container with the engine that was opened for it.
type container struct {
	*docker.Body
	engine *docker.Engine
	c      docker.Container
}

var _ executor.Container = container{}

// container opens the engine, which only a task in a container needs. One that
// could never run the task is an error here, before anything is leased.
func (s *settings) container(ctx context.Context, spec executor.Spec, log *zap.Logger) (executor.Container, error) {
	engine, err := docker.Open(ctx, docker.Options{Socket: s.dockerSocket, Config: s.dockerConfig, Log: log})
	if err != nil {
		return nil, err
	}
	body := engine.Body(*spec.Container)
	if len(spec.Volumes) > 0 {
		if err := body.AllowsVolumes(ctx); err != nil {
			engine.Close()
			return nil, err
		}
	}
	return container{Body: body, engine: engine, c: *spec.Container}, nil
}

// Prepare has the container's image there.
func (c container) Prepare(ctx context.Context, report func(string)) error {
	return c.engine.Prepare(ctx, c.c, report)
}

// Close lets go of the engine.
func (c container) Close() { c.engine.Close() }

// environ is this process' environment with all settings in it, also those that
// the command line gave: for the process that finishes what this one cannot.
func (s *settings) environ() []string {
	environ := slices.DeleteFunc(os.Environ(), func(entry string) bool { return strings.HasPrefix(entry, variablePrefix) })
	s.flags().VisitAll(func(f *flag.Flag) {
		if value := f.Value.String(); value != "" && f.Name != "version" {
			environ = append(environ, variable(f.Name)+"="+value)
		}
	})
	return environ
}
