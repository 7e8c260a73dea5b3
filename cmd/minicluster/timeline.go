package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"slices"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// timeline prints what happens, a line each: time, who, what. One goroutine
// prints; the others send it lines.
type timeline struct {
	out   io.Writer
	start time.Time
	lines chan line
	done  chan struct{}
}

type line struct {
	who, what string
	heading   bool
}

func newTimeline(out io.Writer) *timeline {
	t := &timeline{out: out, start: time.Now(), lines: make(chan line, 64), done: make(chan struct{})}
	go func() {
		defer close(t.done)
		for l := range t.lines {
			_, _ = io.WriteString(t.out, l.format(time.Since(t.start)))
		}
	}()
	return t
}

func (l line) format(at time.Duration) string {
	if l.heading {
		return fmt.Sprintf("\n== %s\n", l.what)
	}
	return fmt.Sprintf("%6.1f s  %-9s %s\n", at.Seconds(), l.who, l.what)
}

func (t *timeline) say(who, format string, args ...any) {
	t.lines <- line{who: who, what: fmt.Sprintf(format, args...)}
}

// close prints what is left. Nobody may say anything afterwards.
func (t *timeline) close() {
	close(t.lines)
	<-t.done
}

// status prints a task's status as the framework gets it.
func (t *timeline) status(node string, s mesos.TaskStatus) {
	text := s.GetState().String()
	if s.GetMessage() != "" {
		text += ": " + s.GetMessage()
	}
	t.say(cmp.Or(node, "mesos"), "task %s %s", s.GetTaskID().Value, text)
}

// datasets prints every change of where a dataset is and who leases it, until
// ctx ends. A control service has no events to wait for: it is asked.
func (t *timeline) datasets(ctx context.Context, c cluster.Cluster) {
	names := map[string]string{}
	for _, n := range c.Nodes() {
		names[n.Flocker] = n.Name
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	said := map[string]string{}
	for {
		for name, text := range describe(ctx, c, names) {
			if said[name] != text {
				said[name] = text
				t.say("flocker", "dataset %s: %s", name, text)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
	}
}

func describe(ctx context.Context, c cluster.Cluster, names map[string]string) map[string]string {
	datasets, err := c.Datasets(ctx)
	if err != nil {
		return nil
	}
	leases, err := c.Leases(ctx)
	if err != nil {
		return nil
	}
	texts := map[string]string{}
	for _, d := range datasets {
		texts[d.Name] = where(d, names) + ", " + lessee(d, leases, names)
	}
	return texts
}

func where(d cluster.Dataset, names map[string]string) string {
	switch {
	case d.Mounted == "":
		return "ordered to " + names[d.Primary] + ", no mount reported yet"
	case d.Mounted != d.Primary:
		return "still on " + names[d.Mounted] + ", ordered to " + names[d.Primary]
	}
	return "on " + names[d.Mounted] + ", mounted"
}

func lessee(d cluster.Dataset, leases []cluster.Lease, names map[string]string) string {
	i := slices.IndexFunc(leases, func(l cluster.Lease) bool { return l.Dataset == d.ID })
	if i < 0 {
		return "nobody leases it"
	}
	return "leased by " + names[leases[i].Node]
}

// heading sets an act of the story apart.
func (t *timeline) heading(text string) { t.lines <- line{what: text, heading: true} }
