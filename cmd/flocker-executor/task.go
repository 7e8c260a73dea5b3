package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/flocker"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// recoverLimit bounds what is done for dead executors beside a task.
const recoverLimit = 2 * time.Minute

// runTask is the life of an executor. broken is what is wrong with the settings.
func runTask(s *settings, words []string, broken error, getenv func(string) string) int {
	stayLean()
	log := s.log()
	defer func() { _ = log.Sync() }() // stderr of a sandbox cannot always be synced
	env, err := executor.ParseEnvironment(getenv)
	if err != nil {
		log.Error("not started as a Mesos agent starts executors", zap.Error(err))
		return usage
	}
	transport, err := executor.NewTransport(env)
	if err != nil {
		log.Error("the agent cannot be reached", zap.Error(err))
		return usage
	}
	if err := executor.HideToken(); err != nil {
		log.Warn("the agent's token stays readable in this process' environment, for root on the node", zap.Error(err))
	}
	terminate := make(chan os.Signal, 1)
	signal.Notify(terminate, syscall.SIGTERM, syscall.SIGINT)
	// Stderr may be a pipe to a container logger: should that die, writing fails
	// and nothing else. Not Ignore, which the task would inherit.
	signal.Notify(make(chan os.Signal, 1), syscall.SIGPIPE)
	log.Info("flocker-executor", zap.String("version", version), zap.String("executor", env.Executor), zap.String("agent", transport.URL))
	options := taskOptions(s, env, words, broken, terminate, log)
	options.Transport = transport
	err = executor.Run(context.Background(), options)
	if err != nil {
		log.Error("the agent could not be told how the task ended", zap.Error(err))
		return failed
	}
	return ok
}

// taskOptions are all but the transport.
func taskOptions(s *settings, env executor.Environment, words []string, broken error, terminate <-chan os.Signal, log *zap.Logger) executor.Options {
	if broken != nil {
		broken = fmt.Errorf("flocker-executor's settings: %w", broken)
	}
	held := s.volumes(os.Getenv, env.Sandbox, log)
	held.Framework, held.Sandbox, held.FinishEnv = env.Framework, env.Sandbox, s.environ()
	// A shutdown leaves time for the terminal status.
	held.AbandonTimeout = max(env.ShutdownGrace-time.Second, 100*time.Millisecond)
	return executor.Options{
		Environment: env,
		Spec: executor.SpecOptions{
			LabelPrefix: s.labelPrefix, Arguments: words, RawData: s.rawData, Environ: os.Environ(), Sandbox: env.Sandbox,
		},
		Broken: broken,
		Hold:   holder(held, env.Image, log),
		Container: func(ctx context.Context, spec executor.Spec) (executor.Container, error) {
			return s.container(ctx, spec, log.With(zap.String("task", spec.Task)))
		},
		Guess:          func(v volumes.Volume) string { return flocker.ComputedID(v.Name, 0) },
		Recover:        func(ctx context.Context) { recoverBeside(ctx, held, log) },
		ReleaseTimeout: s.releaseTimeout,
		Terminate:      terminate,
		Abandon: func() {
			log.Error("the shutdown grace period is over; what is still held is left to recovery")
			os.Exit(failed)
		},
		Log: log,
	}
}

// holder is executor.Options.Hold. image says that the executor lives in one.
func holder(all volumes.Options, image bool, log *zap.Logger) func(context.Context, executor.Spec, func(volumes.Progress)) (executor.Held, error) {
	return func(ctx context.Context, spec executor.Spec, report func(volumes.Progress)) (executor.Held, error) {
		if image && len(spec.Volumes) > 0 {
			if err := checkImage(all.StateDir, all.Sandbox); err != nil {
				return nil, err
			}
		}
		o := all
		o.Task, o.Sandbox, o.Log = spec.Task, spec.Sandbox, log.With(zap.String("task", spec.Task))
		if spec.Container != nil {
			o.Mapped = executor.MappedSandbox
		}
		h, err := volumes.Hold(ctx, o, spec.Volumes, report)
		if err != nil {
			return nil, err
		}
		return h, nil
	}
}

// volumes are the options that do not depend on the task.
func (s *settings) volumes(getenv func(string) string, sandbox string, log *zap.Logger) volumes.Options {
	return volumes.Options{
		StateDir: s.stateDir, Store: newStore(s, getenv, sandbox, log), Lease: s.lease,
		AcquireTimeout: s.acquireTimeout, ReleaseTimeout: s.releaseTimeout, DefaultSize: s.defaultSize, Log: log,
		RemoveContainer: docker.Remove,
	}
}

// recoverBeside reports to the log only: what other tasks left is no matter of
// this one's.
func recoverBeside(ctx context.Context, o volumes.Options, log *zap.Logger) {
	ctx, cancel := context.WithTimeout(ctx, recoverLimit)
	defer cancel()
	report, err := volumes.Recover(ctx, o, false)
	for _, f := range report.Findings {
		log.Info("recovery", zap.String("entry", f.What), zap.String("outcome", string(f.Outcome)), zap.String("why", f.Why))
	}
	if err != nil && ctx.Err() == nil {
		log.Warn("recovery is not complete", zap.Error(err))
	}
}

// stayLean suits the runtime to a process that waits: there may be hundreds on a
// node.
func stayLean() {
	runtime.GOMAXPROCS(min(2, runtime.GOMAXPROCS(0)))
	debug.SetGCPercent(50)
}
