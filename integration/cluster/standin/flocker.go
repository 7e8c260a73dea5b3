//go:build mesos

package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// runFlockerAgent takes what differs between nodes from /etc/flocker, as a real
// agent does.
func runFlockerAgent(ctx context.Context) error {
	text, err := os.ReadFile("/etc/flocker/standin.json")
	if err != nil {
		return err
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return err
	}
	a := flockertest.Agent{
		Host: "127.0.0.1", Era: strings.TrimSpace(string(boot)), Root: "/flocker", Backend: flockertest.Loopback,
		Pace: flockertest.Quick(), CleanUp: true,
		Logf: func(format string, args ...any) { fmt.Fprintf(os.Stderr, format+"\n", args...) },
	}
	var own struct{ UUID, Service, Pool string }
	if err := json.Unmarshal(text, &own); err != nil {
		return err
	}
	a.UUID, a.ServiceURL, a.Pool = own.UUID, own.Service, own.Pool
	return a.Run(ctx)
}
