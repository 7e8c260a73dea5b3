package master

import (
	"container/heap"
	"time"
)

// clock is the owner goroutine's time and its timers. Tests move it forward
// with Master.Advance, so that minutes of heartbeats and filters pass at once.
type clock struct {
	since  time.Time // when it began to stand still; zero while it runs
	offset time.Duration
	due    timerHeap
	next   int
}

// timer is one thing to do later; it runs in the owner goroutine.
type timer struct {
	at    time.Time
	order int
	index int
	fn    func()
}

// idle is how long the owner sleeps when no timer is armed.
const idle = time.Hour

func (c *clock) now() time.Time {
	if c.still() {
		return c.since.Add(c.offset)
	}
	return time.Now().Add(c.offset)
}

func (c *clock) still() bool { return !c.since.IsZero() }

// after arms a timer. Timers due at the same moment run in the order in which
// they were armed.
func (c *clock) after(d time.Duration, fn func()) *timer {
	t := &timer{at: c.now().Add(d), order: c.next, fn: fn}
	c.next++
	heap.Push(&c.due, t)
	return t
}

// stop disarms a timer; nil and timers that have run are fine.
func (c *clock) stop(t *timer) {
	if t != nil && t.index >= 0 {
		heap.Remove(&c.due, t.index)
	}
}

// fire runs what is due and says how long nothing will be: for ever, as far as
// a clock that stands still is concerned.
func (c *clock) fire() time.Duration {
	for len(c.due) > 0 {
		wait := c.due[0].at.Sub(c.now())
		if wait > 0 && c.still() {
			return idle
		}
		if wait > 0 {
			return wait
		}
		heap.Pop(&c.due).(*timer).fn()
	}
	return idle
}

// advance moves the time forward, firing each timer at its own moment.
func (c *clock) advance(d time.Duration) {
	target := c.now().Add(d)
	for len(c.due) > 0 && !c.due[0].at.After(target) {
		c.offset += max(0, c.due[0].at.Sub(c.now()))
		c.fire()
	}
	c.offset += max(0, target.Sub(c.now()))
}

type timerHeap []*timer

func (h timerHeap) Len() int { return len(h) }

func (h timerHeap) Less(i, j int) bool {
	if h[i].at.Equal(h[j].at) {
		return h[i].order < h[j].order
	}
	return h[i].at.Before(h[j].at)
}

func (h timerHeap) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].index, h[j].index = i, j
}

func (h *timerHeap) Push(x any) {
	t := x.(*timer)
	t.index = len(*h)
	*h = append(*h, t)
}

func (h *timerHeap) Pop() any {
	old := *h
	t := old[len(old)-1]
	*h = old[:len(old)-1]
	t.index = -1
	return t
}
