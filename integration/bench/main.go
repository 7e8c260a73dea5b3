// Command bench measures the built flocker-executor on a minicluster and prints
// the figures beside the budgets and beside what they are compared with, all
// from one run. It asserts nothing. Its arguments name the parts to measure;
// without any it measures all.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"slices"
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
	err := run(ctx, *executor, *n, flag.Args())
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// part is one group of measurements; n is the number of repetitions of short ones.
type part struct {
	name    string
	measure func(ctx context.Context, executor string, n int) error
}

var parts = []part{
	{"binary", binary},
	{"tasks", tasks},
	{"requests", requests},
	{"waiting", waiting},
	{"many", many},
	{"restarts", restarts},
	{"docker", dockerTasks},
}

func run(ctx context.Context, executor string, n int, wanted []string) error {
	executor, err := filepath.Abs(executor)
	if err != nil {
		return err
	}
	chosen, err := choose(wanted)
	if err != nil {
		return err
	}
	fmt.Printf("%d cores, %s, %s\n", runtime.NumCPU(), runtime.Version(), time.Now().UTC().Format(time.RFC3339))
	for _, p := range chosen {
		if err := p.measure(ctx, executor, n); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	return nil
}

func choose(wanted []string) ([]part, error) {
	if len(wanted) == 0 {
		return parts, nil
	}
	var chosen []part
	for _, name := range wanted {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q; there are binary, tasks, requests, waiting, many, restarts, docker", name)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

// heading sets a group of figures apart.
func heading(text string) { fmt.Printf("\n%s\n", text) }

// row prints one figure and its budget or comparison.
func row(what, figure, beside string) { fmt.Printf("  %-58s %-32s %s\n", what, figure, beside) }
