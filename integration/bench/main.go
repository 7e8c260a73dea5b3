// Command bench measures the built flocker-executor on a minicluster and prints
// the figures beside the budgets and beside what they are compared with, all
// from one run. It asserts nothing.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

func main() {
	if cluster.Init() {
		return
	}
	executor := flag.String("executor", "bin/flocker-executor", "the binary to measure")
	n := flag.Int("n", 30, "repetitions of the short measurements")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, *executor, *n)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, executor string, n int) error {
	executor, err := filepath.Abs(executor)
	if err != nil {
		return err
	}
	fmt.Printf("%d cores, %s, %s\n", runtime.NumCPU(), runtime.Version(), time.Now().UTC().Format(time.RFC3339))
	for _, measure := range []func(context.Context, string, int) error{binary, tasks, requests, waiting} {
		if err := measure(ctx, executor, n); err != nil {
			return err
		}
	}
	return nil
}

// heading sets a group of figures apart.
func heading(text string) { fmt.Printf("\n%s\n", text) }

// row prints one figure and its budget or comparison.
func row(what, figure, beside string) { fmt.Printf("  %-58s %-32s %s\n", what, figure, beside) }
