package master_test

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/master"
)

// puppet is an agent that does what a test says. It answers pings by itself;
// all other commands wait in a queue for the test to look at.
type puppet struct {
	t        testing.TB
	url      string
	id       string
	register link.Register
	commands chan link.Command
	cancel   context.CancelFunc
	done     chan struct{}

	runs  map[string]*link.Run // by task id
	acked map[string]bool      // by uuid
	seen  []link.Command       // whatever else came
}

func agentInfo(hostname string, r ...mesos.Resource) *mesos.AgentInfo {
	return &mesos.AgentInfo{Hostname: hostname, Resources: r}
}

func scalar(name string, v float64) mesos.Resource {
	return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: v}}
}

// newPuppet registers an agent and returns when the master has confirmed it.
func newPuppet(t testing.TB, url string, reg link.Register, info *mesos.AgentInfo) *puppet {
	t.Helper()
	reg.AgentInfo = marshal(t, info)
	if reg.IP == "" {
		reg.IP = "127.0.0.1"
	}
	p := &puppet{t: t, url: url, register: reg, runs: map[string]*link.Run{}, acked: map[string]bool{}}
	p.connect()
	t.Cleanup(p.disconnect)
	return p
}

func (p *puppet) connect() {
	p.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+link.PathRegister, jsonBody(p.t, p.register))
	if err != nil {
		p.t.Fatal(err)
	}
	resp, err := web.Do(req) //nolint:bodyclose // closed by the goroutine that reads it
	if err != nil {
		cancel()
		p.t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK {
		cancel()
		p.t.Fatalf("register: %s", resp.Status)
	}
	done, commands := make(chan struct{}), make(chan link.Command, 1024)
	p.cancel, p.done, p.commands = cancel, done, commands
	go func() {
		defer close(done)
		defer resp.Body.Close()
		p.read(ctx, resp.Body, commands)
	}()
	p.await("registered", func(c *link.Command) bool {
		if c.Registered != nil {
			p.id = c.Registered.AgentID
			p.register.AgentID = p.id
		}
		return c.Registered != nil
	})
}

func (p *puppet) read(ctx context.Context, body io.Reader, to chan<- link.Command) {
	defer close(to)
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, 16<<20)
	id := "" // p.id belongs to the test's goroutine
	for lines.Scan() {
		var c link.Command
		if err := json.Unmarshal(lines.Bytes(), &c); err != nil {
			p.t.Errorf("command %s: %v", lines.Bytes(), err)
			return
		}
		if c.Ping != nil {
			p.postAs(id, link.Event{Pong: &struct{}{}})
			continue
		}
		if c.Registered != nil {
			id = c.Registered.AgentID
		}
		select {
		case to <- c:
		case <-ctx.Done():
			return
		}
	}
}

// disconnect breaks the connection, as the death of an agent does.
func (p *puppet) disconnect() {
	p.cancel()
	<-p.done
}

// awaitGone returns when the master has seen that the agent disconnected.
func (p *puppet) awaitGone(m *master.Master) {
	p.t.Helper()
	if err := m.WaitAgentGone(bounded(p.t), p.id); err != nil {
		p.t.Fatalf("agent %s is still connected: %v", p.id, err)
	}
}

// post sends an event and returns the status of the answer.
func (p *puppet) post(e link.Event) int { return p.postAs(p.id, e) }

func (p *puppet) postAs(id string, e link.Event) int {
	e.AgentID = id
	body, err := json.Marshal(e)
	if err != nil {
		p.t.Error(err)
		return 0
	}
	resp, err := web.Post(p.url+link.PathEvent, "application/json", bytes.NewReader(body))
	if err != nil {
		return 0 // the master is closing
	}
	if err := resp.Body.Close(); err != nil {
		p.t.Error(err)
	}
	return resp.StatusCode
}

// await takes commands until one fits.
func (p *puppet) await(what string, fits func(*link.Command) bool) *link.Command {
	p.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	for {
		select {
		case c, ok := <-p.commands:
			if !ok {
				p.t.Fatalf("agent %s: stream ended, waiting for %s", p.id, what)
			}
			p.note(&c)
			if fits(&c) {
				return &c
			}
		case <-deadline.C:
			p.t.Fatalf("agent %s: timed out waiting for %s", p.id, what)
		}
	}
}

func (p *puppet) note(c *link.Command) {
	p.seen = append(p.seen, *c)
	if c.Acknowledge != nil {
		p.acked[string(c.Acknowledge.UUID)] = true
	}
	if c.Run == nil {
		return
	}
	for _, b := range c.Run.Tasks {
		var info mesos.TaskInfo
		if err := info.Unmarshal(b); err != nil {
			p.t.Error(err)
			continue
		}
		p.runs[info.TaskID.Value] = c.Run
	}
}

// run waits until the task was launched here.
func (p *puppet) run(task string) *link.Run {
	p.t.Helper()
	if p.runs[task] == nil {
		p.await("run of "+task, func(*link.Command) bool { return p.runs[task] != nil })
	}
	return p.runs[task]
}

func (p *puppet) awaitAck(uuid []byte) {
	p.t.Helper()
	if !p.acked[string(uuid)] {
		p.await(fmt.Sprintf("acknowledgement of %x", uuid), func(*link.Command) bool { return p.acked[string(uuid)] })
	}
}
