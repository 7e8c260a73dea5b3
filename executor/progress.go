package executor

import (
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// An agent forwards one update of a task at a time, and RUNNING must not wait
// behind progress: so little of it.
const (
	progressEvery = 5 * time.Second
	progressMost  = 6
)

// progress turns what a hold reports into a few STARTING updates, in a
// goroutine of its own.
type progress struct {
	reports chan volumes.Progress
	quit    chan struct{}
	done    chan struct{}
}

func startProgress(v *voice, task string) *progress {
	p := &progress{reports: make(chan volumes.Progress), quit: make(chan struct{}), done: make(chan struct{})}
	go p.run(v, task)
	return p
}

// report is called by the hold, from any goroutine.
func (p *progress) report(v volumes.Progress) {
	select {
	case p.reports <- v:
	case <-p.done:
	}
}

// close joins the goroutine; no progress is sent after it.
func (p *progress) close() {
	close(p.quit)
	<-p.done
}

func (p *progress) run(v *voice, task string) {
	defer close(p.done)
	tick := time.NewTicker(progressEvery)
	defer tick.Stop()
	var latest volumes.Progress
	var came time.Time // latest; zero when it is sent
	for left := progressMost; left > 0; {
		select {
		case latest = <-p.reports:
			came = time.Now()
			v.saw(latest)
		case <-tick.C:
			if !came.IsZero() && v.offer(starting(task, latest.Later(time.Since(came)).String())) {
				came = time.Time{}
				left--
			}
		case <-p.quit:
			return
		}
	}
}
