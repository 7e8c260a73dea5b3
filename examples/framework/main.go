package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// config is what the flags say.
type config struct {
	master   string
	memory   string
	teardown bool
	// A framework that stays away longer than failover loses its tasks.
	failover  time.Duration
	reconcile time.Duration

	service  string
	executor string
	volume   string
	command  string
	cpus     float64
	mem      float64

	patience   time.Duration
	backoff    time.Duration
	maxBackoff time.Duration
}

func parse() config {
	var c config
	flag.StringVar(&c.master, "master", "http://127.0.0.1:5050", "a Mesos master; it redirects to the leading one")
	flag.StringVar(&c.memory, "memory", "framework.json", "file that keeps the framework's id and what it runs")
	flag.BoolVar(&c.teardown, "teardown", false, "end the service on SIGTERM, instead of leaving it to the next start of this program")
	flag.DurationVar(&c.failover, "failover", 7*24*time.Hour, "how long the master keeps the service running while this program is away")
	flag.DurationVar(&c.reconcile, "reconcile", 10*time.Minute, "how often the master is asked what it knows of our tasks")
	flag.StringVar(&c.service, "service", "notes", "name of the service")
	flag.StringVar(&c.executor, "executor", "http://repo.example.com/flocker-executor", "where agents fetch flocker-executor")
	flag.StringVar(&c.volume, "volume", "framework-notes:data:size=64MiB", "the service's volume, as label flocker.volume")
	flag.StringVar(&c.command, "command", "date >> data/starts; exec sleep 1000000", "the service's shell command")
	flag.Float64Var(&c.cpus, "cpus", 0.1, "CPUs of the service")
	flag.Float64Var(&c.mem, "mem", 64, "memory of the service in MB")
	flag.DurationVar(&c.patience, "patience", time.Minute, "how long to wait for an offer of the node that has the volume before taking another")
	flag.DurationVar(&c.backoff, "backoff", time.Second, "pause before a task that failed is launched again; doubled each time")
	flag.DurationVar(&c.maxBackoff, "max-backoff", 5*time.Minute, "longest such pause")
	flag.Parse()
	return c
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, parse())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "framework:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, c config) error {
	m, err := recall(c.memory)
	if err != nil {
		return err
	}
	return newDriver(c, m).run(ctx)
}
