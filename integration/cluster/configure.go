package cluster

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

func (o Options) withDefaults() (Options, error) {
	if os.Geteuid() != 0 {
		return o, fmt.Errorf("a minicluster needs root: it makes mount and PID namespaces")
	}
	if o.Nodes == 0 {
		o.Nodes = 2
	}
	if o.Isolation == "" {
		o.Isolation = "posix"
	}
	if o.Backend == "" {
		o.Backend = "loopback"
		if _, err := os.Stat("/dev/loop-control"); err != nil {
			o.Backend = "directory"
		}
	}
	var err error
	o.Executor, err = filepath.Abs(o.Executor)
	return o, err
}

func backendText(backend string) string {
	if backend == "directory" {
		return "directories, bind-mounted (no loop devices are used)"
	}
	return "ext4 filesystems on loop devices"
}

func pace(realistic bool) flockertest.Pace {
	if realistic {
		return flockertest.Realistic()
	}
	return flockertest.Quick()
}

func address(port int) string { return net.JoinHostPort("127.0.0.1", strconv.Itoa(port)) }

// nodeConfig of the i-th node, with its /etc/flocker.
func (m *Minicluster) nodeConfig(o Options, i int, masterURL string) (nodeConfig, error) {
	name := fmt.Sprintf("node-%d", i+1)
	c := nodeConfig{Name: name, Dir: filepath.Join(m.dir, name), BootID: newBootID()}
	c.Flocker.UUID = nodeUUID(i)
	port, err := freePort()
	if err != nil {
		return c, err
	}
	c.Mesos = mesosConfig{
		Master: masterURL, Port: port, Isolation: o.Isolation, CPUs: 8, Mem: 4096,
		Ports:           fmt.Sprintf("%d-%d", 31000+100*i, 31099+100*i),
		Environment:     map[string]string{},
		RecoveryTimeout: o.RecoveryTimeout, RestartWindow: o.RestartWindow,
		Tokens: o.Tokens, DomainSocket: o.DomainSocket, IP: o.AgentIP, TLS: o.AgentTLS,
	}
	if o.Docker {
		c.Mesos.Cgroups = o.Isolation == "linux"
		c.Mesos.SharePID = c.Mesos.Cgroups && !o.PIDNamespace
		if c.Docker, err = newEngineConfig(c, i, o); err != nil {
			return c, err
		}
	}
	if err := m.flockers.node(m, &c, o); err != nil {
		return c, err
	}
	for k, v := range o.Environment {
		c.Mesos.Environment[k] = v
	}
	return c, m.mesos.agent(&c)
}

func (m *Minicluster) describe(o Options, masterURL string) Description {
	d := Description{
		Master: masterURL, Executor: o.Executor, Backend: backendText(o.Backend), Folder: m.dir,
		Flocker: m.flockers.client(),
	}
	for _, n := range m.nodes {
		d.Nodes = append(d.Nodes, n.describe())
	}
	return d
}

// nodeUUID is easy to recognise: 11111111-1111-4111-8111-111111111111 is node-1.
func nodeUUID(i int) string {
	d := strconv.Itoa((i + 1) % 10)
	r := func(n int) string { return strings.Repeat(d, n) }
	return r(8) + "-" + r(4) + "-4" + r(3) + "-8" + r(3) + "-" + r(12)
}

// freePort is for an agent, which takes it later, and again after each restart:
// so it lies below those that the kernel gives out by itself.
func freePort() (int, error) {
	for range 100 {
		port := 12000 + rand.IntN(18000)
		l, err := net.Listen("tcp", address(port))
		if err != nil {
			continue
		}
		return port, l.Close()
	}
	return 0, errors.New("no free port below 30000")
}
