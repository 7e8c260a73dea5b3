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

// progress turns what a hold and an image on its way report into a few STARTING
// updates, in a goroutine of its own.
type progress struct {
	reports chan volumes.Progress
	images  chan string
	quit    chan struct{}
	done    chan struct{}
}

func startProgress(v *voice, task string) *progress {
	p := &progress{reports: make(chan volumes.Progress), images: make(chan string), quit: make(chan struct{}), done: make(chan struct{})}
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

// image is the same for the image of a container.
func (p *progress) image(text string) {
	select {
	case p.images <- text:
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
	var n latest
	for left := progressMost; left > 0; {
		select {
		case n.volume = <-p.reports:
			n.came, n.fresh = time.Now(), true
			v.saw(n.volume)
		case n.image = <-p.images:
			n.fresh = true
		case <-tick.C:
			if n.fresh && v.offer(starting(task, n.String())) {
				n.fresh = false
				left--
			}
		case <-p.quit:
			return
		}
	}
}

// latest is what each of them told last.
type latest struct {
	volume volumes.Progress
	came   time.Time // of volume; zero when there is none
	image  string
	fresh  bool // not sent yet
}

func (n latest) String() string {
	if n.came.IsZero() {
		return n.image
	}
	text := n.volume.Later(time.Since(n.came)).String()
	if n.image != "" {
		text += "; " + n.image
	}
	return text
}
