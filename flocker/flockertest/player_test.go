package flockertest_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// replayed is an exchange with what our service answered.
type replayed struct {
	exchange
	ours answers
	at   moment
}

// player repeats recordings against a service.
type player struct {
	service    *flockertest.Service
	addr       string
	names      *names
	scale      float64 // of the pauses
	start      time.Time
	due        time.Time         // start, later by what we are behind
	leased     moment            // when a lease was last asked for
	hooks      map[string]func() // by "file #seq", called before it
	exceptions []exception
	results    []replayed
}

func newPlayer(t *testing.T, s *flockertest.Service, scale float64, roots ...string) *player {
	t.Helper()
	u, err := url.Parse(s.URL())
	if err != nil {
		t.Fatal(err)
	}
	return &player{service: s, addr: u.Host, names: newNames(roots...), scale: scale, hooks: map[string]func(){}}
}

// play repeats the exchanges at their pace. Polls in a row are one group.
func (p *player) play(t *testing.T, all []exchange) {
	t.Helper()
	p.start, p.due = time.Now(), time.Now()
	for i := 0; i < len(all); {
		if i > 0 && all[i].T-all[i-1].T >= 1 {
			p.free()
		}
		p.keepPace(all[i])
		if hook := p.hook(all[i]); hook != nil {
			hook()
		}
		p.hold(all, i)
		n := i + 1
		for all[i].poll() && n < len(all) && all[n].poll() && p.hook(all[n]) == nil {
			n++
		}
		if all[i].poll() {
			p.follow(t, all[i:n])
		} else {
			p.once(t, all[i])
		}
		i = n
	}
	p.free()
}

// keepPace waits until the exchange is due. When we are late, so is all that comes
// after: no pause is shorter than the recorded one.
func (p *player) keepPace(e exchange) {
	at := p.due.Add(time.Duration(e.T * p.scale * float64(time.Second)))
	if late := time.Since(at); late > 0 {
		p.due = p.due.Add(late)
		return
	}
	until(at)
}

// free lets the agents do what they want.
func (p *player) free() {
	p.service.Hold(false)
	p.service.Gate(false)
}

// hold keeps the agents from acting between requests that were recorded within a
// second, for which the real service collected changes, and lets them act one after
// another while they are watched.
func (p *player) hold(all []exchange, i int) {
	soon := i+1 < len(all) && all[i+1].T-all[i].T < 1
	p.service.Hold(!all[i].poll() && soon)
	p.service.Gate(all[i].poll() || soon)
}

func (p *player) hook(e exchange) func() { return p.hooks[fmt.Sprintf("%s #%d", e.File, e.Seq)] }

func until(at time.Time) { <-time.After(time.Until(at)) }

// once sends a request and compares the answer.
func (p *player) once(t *testing.T, e exchange) {
	t.Helper()
	ours, err := p.send(e)
	if err != nil {
		t.Fatalf("%s: %v", e, err)
	}
	if e.Request.Method == http.MethodPost && strings.HasSuffix(e.Request.Path, "/leases") {
		p.leased = moment{e.T, p.elapsed()}
	}
	r := replayed{e, ours, p.moment(e)}
	p.learn(r)
	if d := p.names.compareAll(r); d != "" {
		t.Errorf("%s (%s): %s", e, e.Note, d)
	}
	p.results = append(p.results, r)
}

// elapsed is the time since the start, in seconds of the recording.
func (p *player) elapsed() float64 { return time.Since(p.start).Seconds() / p.scale }

func (p *player) moment(e exchange) moment {
	return moment{e.T - p.leased.recorded, p.elapsed() - p.leased.ours}
}

// learn relates the ids that the two services chose for the same new dataset.
func (p *player) learn(r replayed) {
	for i, a := range r.Response {
		var x, y struct {
			ID string `json:"dataset_id"`
		}
		if a.Status != 201 || i >= len(r.ours) || decode(a.Body, &x) != nil || decode(r.ours[i].Body, &y) != nil {
			continue
		}
		if !strings.Contains(r.RequestRaw, `"dataset_id"`) {
			p.names.learn(x.ID, y.ID)
		}
	}
}

func (n *names) compareAll(r replayed) string {
	if len(r.Response) != len(r.ours) {
		return fmt.Sprintf("%d answers, recorded %d", len(r.ours), len(r.Response))
	}
	for i := range r.Response {
		if d := n.compare(r.Response[i], r.ours[i], r.at); d != "" {
			return d
		}
	}
	return ""
}

// send sends the recorded bytes, with our names in them, and reads as many
// answers as were recorded.
func (p *player) send(e exchange) (answers, error) {
	c, err := net.Dial("tcp", p.addr)
	if err != nil {
		return nil, err
	}
	defer c.Close()
	if err := c.SetDeadline(time.Now().Add(10 * time.Second)); err != nil {
		return nil, err
	}
	if _, err := io.WriteString(c, p.names.translate(e.RequestRaw)); err != nil {
		return nil, err
	}
	in := bufio.NewReader(c)
	var all answers
	for range e.Response {
		a, err := readAnswer(in, e.Request.Method)
		if err != nil {
			return all, err
		}
		all = append(all, a)
	}
	return all, nil
}
