package agent

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// eventTimeout bounds one event's way to the master.
const eventTimeout = 10 * time.Second

// masterLink is the agent's half of the link: one goroutine listens to the
// master, another tells it events, one after the other.
type masterLink struct {
	agent   *agent
	client  *http.Client
	events  chan link.Event
	exits   []link.Event  // what has ended while no master was there; loop only
	silent  chan struct{} // closed when speak has ended
	started bool
}

// eventRoom is how many events may wait for the master. More are lost, as they
// are when it is gone; updates come again.
const eventRoom = 4096

func newMasterLink(a *agent) *masterLink {
	return &masterLink{
		agent: a, events: make(chan link.Event, eventRoom), silent: make(chan struct{}),
		client: &http.Client{Transport: &http.Transport{Proxy: nil}},
	}
}

// start begins to register. Loop only, once.
func (l *masterLink) start() {
	l.started = true
	l.agent.spawn(l.listen)
	l.agent.spawn(l.speak)
}

// tell queues an event. Loop only. Unregistered, only the end of an executor is
// kept for later.
func (l *masterLink) tell(e link.Event) {
	a := l.agent
	if a.phase != running && a.phase != terminating {
		if e.Exited != nil && a.phase == disconnected {
			l.exits = append(l.exits, e)
		}
		return
	}
	e.AgentID = a.info.GetID().GetValue()
	select {
	case l.events <- e:
	default:
		a.log.Warn("an event for the master is lost: too many are waiting")
	}
}

// speak posts events until the agent ends; one that leaves says all it has to.
func (l *masterLink) speak() {
	defer close(l.silent)
	defer l.client.CloseIdleConnections()
	for {
		select {
		case <-l.agent.ctx.Done():
			return
		case e := <-l.events:
			l.say(e)
		case <-l.agent.over:
			for len(l.events) > 0 {
				l.say(<-l.events)
			}
			return
		}
	}
}

func (l *masterLink) say(e link.Event) {
	if err := l.post(e); err != nil && l.agent.ctx.Err() == nil {
		l.agent.log.Sugar().Warnf("tell the master: %v", err)
	}
}

// finish waits until an agent that leaves has told the master. After the loop.
func (l *masterLink) finish() {
	if l.started {
		<-l.silent
	}
}

func (l *masterLink) post(e link.Event) error {
	body, err := json.Marshal(e)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(l.agent.ctx, eventTimeout)
	defer cancel()
	answer, err := l.request(ctx, link.PathEvent, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	_, err = io.Copy(io.Discard, answer.Body)
	return err
}

func (l *masterLink) request(ctx context.Context, path string, body []byte) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, l.agent.cfg.Master+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := l.client.Do(r)
	if err != nil {
		return nil, err
	}
	if answer.StatusCode/100 != 2 {
		text, _ := io.ReadAll(io.LimitReader(answer.Body, 1024))
		answer.Body.Close()
		return nil, fmt.Errorf("%s: %s: %s", path, answer.Status, text)
	}
	return answer, nil
}

// listen registers again and again, until the agent ends or leaves.
func (l *masterLink) listen() {
	a := l.agent
	for a.ctx.Err() == nil {
		err := l.register()
		if errors.Is(err, errEnded) {
			return
		}
		a.log.Sugar().Infof("registration with the master ended: %v", err)
		a.post(func() {
			if a.phase == running {
				a.phase = disconnected
			}
		})
		if !a.pause(a.cfg.RegisterBackoff) {
			return
		}
	}
}

// register is one registration, from the request to the end of its stream.
func (l *masterLink) register() error {
	a := l.agent
	var body []byte
	var encoding error
	left := false
	err := a.ask(func() {
		left = a.phase == terminating
		body, encoding = a.registration()
	})
	if err != nil || left {
		return errEnded
	}
	if encoding != nil {
		return encoding
	}
	answer, err := l.request(a.ctx, link.PathRegister, body)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	for in := json.NewDecoder(answer.Body); ; {
		var c link.Command
		if err := in.Decode(&c); err != nil {
			return err
		}
		var failed error
		if err := a.ask(func() { failed = a.obey(c) }); err != nil {
			return err
		}
		if failed != nil {
			a.log.Sugar().Errorf("command of the master: %v", failed)
		}
	}
}
