package main

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
)

// binary prints how big the shipped binary is and what each module adds to it.
// Which packages those are is checked in: cmd/flocker-executor/deps.txt.
func binary(ctx context.Context, executor string, _ int) error {
	info, err := os.Stat(executor)
	if err != nil {
		return err
	}
	heading("binary")
	row("flocker-executor, stripped", fmt.Sprintf("%.1f MB", float64(info.Size())/1e6), "budget 14 MB")
	sizes, err := moduleSizes(ctx)
	if err != nil {
		return err
	}
	for _, s := range sizes {
		row("  symbols of "+s.module, fmt.Sprintf("%.2f MB", float64(s.bytes)/1e6), "")
	}
	return nil
}

type size struct {
	module string
	bytes  int64
}

// moduleSizes builds the executor with its symbols and adds them up by module.
func moduleSizes(ctx context.Context) ([]size, error) {
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	unstripped := filepath.Join(dir, "flocker-executor")
	build := exec.CommandContext(ctx, ".ci/build", unstripped)
	build.Env = append(os.Environ(), "LDFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf(".ci/build: %w: %s", err, out)
	}
	modules, err := exec.CommandContext(ctx, "go", "list", "-m", "-f", "{{.Path}}", "all").Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w", err)
	}
	symbols, err := exec.CommandContext(ctx, "go", "tool", "nm", "-size", unstripped).Output()
	if err != nil {
		return nil, fmt.Errorf("go tool nm: %w", err)
	}
	return addUp(symbols, strings.Fields(string(modules))), nil
}

func addUp(symbols []byte, modules []string) []size {
	sums := map[string]int64{}
	lines := bufio.NewScanner(bytes.NewReader(symbols))
	for lines.Scan() {
		var address, kind, name string
		var n int64
		if _, err := fmt.Sscan(lines.Text(), &address, &n, &kind, &name); err != nil || strings.EqualFold(kind, "b") {
			continue
		}
		if m := moduleOf(name, modules); m != "" {
			sums[m] += n
		}
	}
	var all []size
	for module, n := range sums {
		all = append(all, size{module, n})
	}
	slices.SortFunc(all, func(a, b size) int { return cmp.Compare(b.bytes, a.bytes) })
	return all
}

func moduleOf(symbol string, modules []string) string {
	for _, m := range modules {
		if strings.Contains(symbol, m+"/") || strings.Contains(symbol, m+".") {
			return m
		}
	}
	return "" // Go itself: its symbols overlap, so that a sum says nothing
}
