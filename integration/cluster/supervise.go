package cluster

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
)

// Names under which the binary starts itself again: the node's process 1 and
// its two children.
const (
	nodeMain         = "minicluster-node"
	mesosAgentMain   = "minicluster-mesos-agent"
	flockerAgentMain = "minicluster-flocker-agent"
)

// controlFD is the socket to the process that started the node, and, in the
// node's children, the pipe on which they say that they are ready.
const controlFD = 3

// order is what Start's process asks of a node; answer is what it gets back.
type order struct {
	Op     string         `json:"op"` // start, signal, finish, sweep
	Child  string         `json:"child,omitempty"`
	Signal syscall.Signal `json:"signal,omitempty"`
}

type answer struct {
	Error string `json:"error,omitempty"`
}

// supervisor is process 1 of a node. It starts the two agents, reaps whatever
// ends in the namespace, and obeys its parent one order at a time.
type supervisor struct {
	config   nodeConfig
	raw      []byte // config, handed on to the children
	children map[string]*child
	sigchld  chan os.Signal
}

type child struct {
	pid   int
	ready chan error
}

func superviseMain() {
	if err := supervise(); err != nil {
		fmt.Fprintln(os.Stderr, "node:", err)
		os.Exit(1)
	}
}

func supervise() error {
	control := os.NewFile(controlFD, "control")
	syscall.CloseOnExec(controlFD)
	orders := json.NewDecoder(control)
	answers := json.NewEncoder(control)
	s := &supervisor{children: map[string]*child{}, sigchld: make(chan os.Signal, 1)}
	var raw json.RawMessage
	if err := orders.Decode(&raw); err != nil {
		return err
	}
	s.raw = raw
	if err := json.Unmarshal(raw, &s.config); err != nil {
		return err
	}
	signal.Notify(s.sigchld, syscall.SIGCHLD)
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM) // the parent decides when the node ends
	err := enterWorld(s.config)
	if e := answers.Encode(reply(err)); e != nil || err != nil {
		return err
	}
	return s.obey(orders, answers)
}

func reply(err error) answer {
	if err != nil {
		return answer{Error: err.Error()}
	}
	return answer{}
}

func (s *supervisor) obey(orders *json.Decoder, answers *json.Encoder) error {
	incoming := make(chan order)
	go func() {
		defer close(incoming)
		for {
			var o order
			if orders.Decode(&o) != nil {
				return
			}
			incoming <- o
		}
	}()
	for {
		select {
		case <-s.sigchld:
			s.reap()
		case o, ok := <-incoming:
			if !ok {
				return nil // the parent is gone, and with process 1 the node
			}
			if err := answers.Encode(reply(s.carryOut(o))); err != nil {
				return err
			}
		}
	}
}

func (s *supervisor) carryOut(o order) error {
	switch o.Op {
	case "start":
		return s.start(o.Child)
	case "signal":
		return s.signal(o.Child, o.Signal)
	case "finish":
		return s.finish(o.Child)
	case "sweep":
		return s.sweep()
	}
	return fmt.Errorf("unknown order %q", o.Op)
}

// start returns when the child says that it is ready.
func (s *supervisor) start(name string) error {
	if c := s.children[name]; c != nil {
		return fmt.Errorf("%s runs already as pid %d", name, c.pid)
	}
	pid, ready, err := spawn(name, s.raw, filepath.Join(s.config.Dir, name+".log"))
	if err != nil {
		return err
	}
	c := &child{pid: pid, ready: make(chan error, 1)}
	s.children[name] = c
	go func() { c.ready <- awaitReady(name, ready) }()
	for {
		select {
		case <-s.sigchld:
			s.reap()
		case err := <-c.ready:
			return err
		}
	}
}

// awaitReady reads the one line a child writes when it is ready; its end
// without the line means that the child has died.
func awaitReady(name string, r io.ReadCloser) error {
	defer func() { _ = r.Close() }()
	line, err := bufio.NewReader(r).ReadString('\n')
	if err != nil {
		return fmt.Errorf("%s ended before it was ready (see its log)", name)
	}
	if line != "ready\n" {
		return fmt.Errorf("%s: %s", name, line)
	}
	return nil
}

// signal sends a signal; after SIGKILL it returns only when the child is gone.
func (s *supervisor) signal(name string, sig syscall.Signal) error {
	c := s.children[name]
	if c == nil {
		return fmt.Errorf("%s does not run", name)
	}
	if err := syscall.Kill(c.pid, sig); err != nil {
		return err
	}
	if sig == syscall.SIGKILL {
		s.awaitEnd(name)
	}
	return nil
}

func (s *supervisor) finish(name string) error {
	err := s.signal(name, syscall.SIGTERM)
	if err == nil {
		s.awaitEnd(name)
	}
	return err
}

func (s *supervisor) awaitEnd(name string) {
	for s.children[name] != nil {
		<-s.sigchld
		s.reap()
	}
}

// sweep kills everything in the node but its Flocker agent, waits until it is
// gone, and ends the agent, which takes its mounts with it.
func (s *supervisor) sweep() error {
	keep := 0
	if c := s.children[flockerAgentMain]; c != nil {
		keep = c.pid
		_ = syscall.Kill(keep, syscall.SIGCONT)
	}
	for {
		others, err := killOthers(keep)
		if err != nil {
			return err
		}
		if !others {
			break
		}
		<-s.sigchld
		s.reap()
	}
	if keep == 0 {
		return nil
	}
	_ = syscall.Kill(keep, syscall.SIGTERM)
	s.awaitEnd(flockerAgentMain)
	return nil
}

// reap collects every ended process of the namespace: process 1 inherits them.
func (s *supervisor) reap() {
	for {
		pid, err := syscall.Wait4(-1, nil, syscall.WNOHANG, nil)
		if err == syscall.EINTR {
			continue
		}
		if err != nil || pid <= 0 {
			return
		}
		for name, c := range s.children {
			if c.pid == pid {
				delete(s.children, name)
			}
		}
	}
}
