package checks

import (
	"context"
	"net"
	"time"

	"go.uber.org/zap"
)

// Config of a Runner.
type Config struct {
	Check  *Check  // nil: none
	Health *Health // nil: none
	// Run runs a command beside the task and returns its exit status. An error
	// says that there is none: it could not be run, a signal ended it, or ctx did.
	// It returns soon after ctx has ended, also when something cannot be killed;
	// Close waits for it.
	Run func(ctx context.Context, c Command) (exit int, err error)
	// Dial connects HTTP and TCP to the task, in its network namespace; nil: in
	// this process' own. Its error need not name the address.
	Dial Dial
	Log  *zap.Logger
}

// Dial makes a connection; ctx bounds the making of it alone.
type Dial func(ctx context.Context, network, address string) (net.Conn, error)

// Runner runs the checks of one task. Its methods may be called from any
// goroutine.
type Runner struct {
	results chan Result
	pauses  chan bool
	cancel  context.CancelFunc
	done    chan struct{}
}

// Start begins the delay of the first runs, and the grace period. Close must be
// called; the end of ctx has the same effect, but waits for nothing.
func Start(ctx context.Context, c Config) *Runner {
	if c.Dial == nil {
		c.Dial = new(net.Dialer).DialContext
	}
	ctx, cancel := context.WithCancel(ctx)
	r := &Runner{results: make(chan Result), pauses: make(chan bool), cancel: cancel, done: make(chan struct{})}
	o := &owner{runner: r, log: c.Log}
	if c.Check != nil {
		o.check = newSchedule(*c.Check, c.Check.probe(c))
	}
	if c.Health != nil {
		o.health = newSchedule(c.Health.Check, c.Health.probe(c))
		o.counter = counter{health: *c.Health, started: time.Now()}
	}
	go o.run(ctx)
	return r
}

// Results is where news comes. A slow reader loses no verdict; of outcomes it
// gets the latest. After Close, which drops what was not read, nothing comes any
// more; the channel is never closed.
func (r *Runner) Results() <-chan Result { return r.results }

// Pause stops everything: a run in flight is given up and its result dropped.
// What is new after it returns was found before. Repeatable.
func (r *Runner) Pause() { r.say(true) }

// Resume ends a Pause: the checks run at once, but never before their delay is
// over. The grace period has gone on. Repeatable.
func (r *Runner) Resume() { r.say(false) }

func (r *Runner) say(pause bool) {
	select {
	case r.pauses <- pause:
	case <-r.done:
	}
}

// Close ends the runs in flight and waits for them. Repeatable.
func (r *Runner) Close() {
	r.cancel()
	<-r.done
}

// owner is the runner's state and the goroutine that owns it.
type owner struct {
	runner  *Runner
	log     *zap.Logger
	check   *schedule // nil: none
	health  *schedule // nil: none
	counter counter
	outbox  outbox
	paused  bool
}

func (o *owner) run(ctx context.Context) {
	defer close(o.runner.done)
	defer o.check.join()
	defer o.health.join()
	for ctx.Err() == nil {
		out, first := o.outbox.head(o.runner.results)
		select {
		case <-ctx.Done():
		case out <- first:
			o.outbox.sent()
		case pause := <-o.runner.pauses:
			o.pause(pause)
		case <-o.check.due():
			o.check.begin(ctx)
		case <-o.health.due():
			o.health.begin(ctx)
		case a := <-o.check.answered():
			if o.check.ended() {
				o.checked(a)
			}
		case a := <-o.health.answered():
			if o.health.ended() {
				o.judged(a)
			}
		}
	}
}

func (o *owner) pause(pause bool) {
	if pause == o.paused {
		return
	}
	o.paused = pause
	for _, s := range []*schedule{o.check, o.health} {
		if pause {
			s.pause()
		} else {
			s.resume()
		}
	}
	o.log.Info("checks", zap.Bool("paused", pause))
}

// checked: a check has no success or failure, only something seen or nothing.
func (o *owner) checked(a answer) {
	if a.seen.equal(Outcome{}) {
		o.log.Warn("check failed", zap.Error(a.err))
	}
	o.outbox.outcome(a.seen)
}

func (o *owner) judged(a answer) {
	now := time.Now()
	if a.err == nil {
		o.outbox.verdict(o.counter.passed(now))
		return
	}
	v := o.counter.failed(now, a.err)
	if v == nil {
		o.log.Info("health check failed in its grace period: not counted", zap.Error(a.err))
		return
	}
	o.log.Warn(v.Message, zap.Bool("kill", v.Kill))
	o.outbox.verdict(v)
}
