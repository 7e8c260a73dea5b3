//go:build mesos

package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

// only takes a flag that may have no other value here.
func only(f *flag.FlagSet, name, value string) {
	f.Func(name, "", func(got string) error {
		if got != value {
			return fmt.Errorf("want %q", value)
		}
		return nil
	})
}

func runMaster(ctx context.Context, args []string) error {
	f := flag.NewFlagSet("mesos-master", flag.ContinueOnError)
	ip, port := f.String("ip", "", ""), f.Int("port", 5050, "")
	interval := f.Duration("allocation_interval", time.Second, "")
	f.String("hostname", "", "")
	f.String("work_dir", "", "")
	only(f, "registry", "in_memory")
	if err := f.Parse(args); err != nil {
		return err
	}
	m := master.New(master.Config{Addr: net.JoinHostPort(*ip, strconv.Itoa(*port)), AllocationInterval: *interval})
	if err := m.Start(); err != nil {
		return err
	}
	<-ctx.Done()
	return m.Close()
}

func runAgent(ctx context.Context, args []string) error {
	c := agent.Config{Isolation: contain.Posix}
	f := flag.NewFlagSet("mesos-agent", flag.ContinueOnError)
	f.StringVar(&c.Master, "master", "", "")
	f.StringVar(&c.IP, "ip", "", "")
	f.IntVar(&c.Port, "port", 5051, "")
	f.StringVar(&c.Hostname, "hostname", "", "")
	f.StringVar(&c.WorkDir, "work_dir", "", "")
	f.StringVar(&c.RuntimeDir, "runtime_dir", "", "")
	f.StringVar(&c.FetcherCacheDir, "fetcher_cache_dir", "", "")
	f.StringVar(&c.Resources, "resources", "", "")
	f.DurationVar(&c.RecoveryTimeout, "recovery_timeout", 0, "")
	f.Func("executor_environment_variables", "", func(text string) error { return json.Unmarshal([]byte(text), &c.Env) })
	f.Func("jwt_secret_key", "", func(path string) (err error) {
		c.JWTKey, err = os.ReadFile(path)
		return err
	})
	f.BoolVar(&c.AuthenticateExecutors, "authenticate_http_executors", false, "")
	only(f, "http_authenticators", "jwt")
	isolation(f, &c)
	sockets := f.Bool("http_executor_domain_sockets", false, "")
	socket := f.String("domain_socket_location", "", "")
	if err := f.Parse(args); err != nil {
		return err
	}
	if *sockets {
		c.DomainSocket = *socket
	}
	c.Master = "http://" + c.Master
	var err error
	if c.Log, err = zap.NewDevelopment(); err != nil {
		return err
	}
	return agent.Run(ctx, c)
}

func isolation(f *flag.FlagSet, c *agent.Config) {
	f.String("launcher_dir", "", "")
	f.Bool("no-systemd_enable_support", false, "")
	f.String("cgroups_root", "", "")
	f.String("isolation", "", "")
	f.Func("launcher", "", func(name string) error {
		c.Isolation = name
		// A container of minimesos has a /proc of its own, which must show the
		// node's boot id too; the node's folder has it.
		bootID := strings.TrimSuffix(c.WorkDir, "mesos/work") + "boot_id"
		c.ProcBinds = []contain.Bind{{Source: bootID, Target: "/proc/sys/kernel/random/boot_id"}}
		return nil
	})
}
