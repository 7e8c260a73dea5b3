//go:build mesos

package cluster

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// binDirVariable names the folder of Mesos' programs.
const binDirVariable = "MESOS_BIN"

// programs of Mesos that a cluster needs, all in one folder.
var programs = []string{"mesos-master", "mesos-agent", "mesos-containerizer", "mesos-fetcher"}

// StartReal starts a cluster with the real mesos-master and mesos-agent of the
// folder $MESOS_BIN, in nodes like a minicluster's. $MESOS_VARIANT is a list of
// "linux" (launcher and filesystem isolation, where the options leave the
// choice), "tokens" and "domain-sockets". $FLOCKER_URL puts a real control
// service in place of the test's. Master, and with $FLOCKER_URL Service, of
// what it returns are nil; RestartWindow is ignored.
func StartReal(ctx context.Context, o Options) (*Minicluster, error) {
	bin, err := binaries(os.Getenv(binDirVariable))
	if err != nil {
		return nil, err
	}
	if err := o.vary(os.Getenv("MESOS_VARIANT")); err != nil {
		return nil, err
	}
	flockers, err := flockerFromEnvironment(os.Getenv)
	if err != nil {
		return nil, err
	}
	return startOn(ctx, o, &real{bin: bin}, flockers)
}

// vary makes a list of variants into options.
func (o *Options) vary(variants string) error {
	for name := range strings.FieldsFuncSeq(variants, func(r rune) bool { return r == ',' || r == ' ' }) {
		switch name {
		case "posix":
		case "linux":
			if o.Isolation == "" {
				o.Isolation = "linux"
			}
		case "tokens":
			o.Tokens = true
		case "domain-sockets":
			o.DomainSocket = true
		default:
			return fmt.Errorf("MESOS_VARIANT: %q is none of posix, linux, tokens, domain-sockets", name)
		}
	}
	return nil
}

// binaries checks that the folder has every program, and returns its full path.
func binaries(dir string) (string, error) {
	if dir == "" {
		return "", errors.New(binDirVariable + " is not set: it names the folder with " + strings.Join(programs, ", "))
	}
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	missing := slices.DeleteFunc(slices.Clone(programs), func(name string) bool {
		info, err := os.Stat(filepath.Join(dir, name))
		return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
	})
	if len(missing) > 0 {
		return "", fmt.Errorf("%s %s has no executable %s", binDirVariable, dir, strings.Join(missing, ", "))
	}
	return dir, nil
}

// real is a Mesos of real daemons. The master has a node to itself, so that it
// ends with whoever started it.
type real struct {
	bin    string
	master *node
	api    operatorAPI
}

func (r *real) startMaster(ctx context.Context, m *Minicluster, o Options) (string, error) {
	c := nodeConfig{Name: "master", Dir: filepath.Join(m.dir, "master"), BootID: newBootID()}
	port := o.MasterPort
	if port == 0 {
		var err error
		if port, err = freePort(); err != nil {
			return "", err
		}
	}
	c.Mesos.Command = masterCommand(r.bin, c, port)
	n, err := startNode(c)
	if err != nil {
		return "", err
	}
	r.master, r.api = n, operatorAPI{url: "http://" + address(port)}
	if err := n.start(mesosMasterMain); err != nil {
		return "", errors.Join(err, n.logs())
	}
	err = poll(ctx, func() error {
		return errors.Join(n.alive(mesosMasterMain), r.api.healthy(ctx))
	})
	if err != nil {
		return "", errors.Join(fmt.Errorf("mesos-master: %w", err), n.logs())
	}
	return r.api.url, nil
}

// agent gives a node its agent's command line, and the key of its tokens.
func (r *real) agent(c *nodeConfig) error {
	c.Mesos.Command = agentCommand(r.bin, *c, c.cgroup())
	if !c.Mesos.Tokens {
		return nil
	}
	if err := os.MkdirAll(c.Dir, 0o755); err != nil {
		return err
	}
	return os.WriteFile(c.tokenKeyFile(), []byte(tokenKey), 0o600)
}

func (r *real) await(ctx context.Context, n *node, connected bool) error {
	err := poll(ctx, func() error {
		if connected {
			if err := n.alive(mesosAgentMain); err != nil {
				return err
			}
		}
		is, err := r.api.connected(ctx, n.config.Name)
		if err == nil && is != connected {
			err = fmt.Errorf("the master says connected: %v", is)
		}
		return err
	})
	if err != nil {
		return errors.Join(fmt.Errorf("mesos-agent of %s: %w", n.config.Name, err), n.logs())
	}
	return nil
}

func (r *real) stop(context.Context) error {
	if r.master == nil {
		return nil
	}
	err := r.master.stop()
	r.master = nil
	return err
}
