package flockertest

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"time"
)

// convergence is an agent's loop: look, report, do one step for each dataset,
// pause. A push interrupts the pause only if what was seen last calls for a step;
// so the real agent shows a new mount only after its longest pause.
type convergence struct {
	agent  *Agent
	pace   Pace
	pushes <-chan push
	latest push
	seen   []found
	next   time.Duration // of the growing pauses
}

var errStreamEnded = errors.New("the stream of pushes ended")

func (c *convergence) run(ctx context.Context) error {
	if err := c.await(ctx); err != nil {
		return err
	}
	for {
		pause, err := c.iterate(ctx)
		if err != nil {
			return err
		}
		if err := c.pause(ctx, pause); err != nil {
			return err
		}
	}
}

// await takes the next push, and further ones while the agent is paused.
func (c *convergence) await(ctx context.Context) error {
	for {
		select {
		case p, ok := <-c.pushes:
			if !ok {
				return errStreamEnded
			}
			c.latest = p
		case <-ctx.Done():
			return ctx.Err()
		}
		if !c.latest.Paused {
			return nil
		}
		if err := c.agent.tell(ctx, pathStopped, c.agent.hello()); err != nil {
			return err
		}
	}
}

// obey tells that the agent has stopped, and waits for the end of the pause.
func (c *convergence) obey(ctx context.Context) error {
	if err := c.agent.tell(ctx, pathStopped, c.agent.hello()); err != nil {
		return err
	}
	return c.await(ctx)
}

// iterate goes once round the loop and returns how long to pause.
func (c *convergence) iterate(ctx context.Context) (time.Duration, error) {
	all, err := c.agent.storage.discover()
	if err != nil {
		c.agent.logf("discover: %v", err)
		return c.grow(), nil
	}
	c.seen = known(all, c.latest.Owned)
	if err := c.agent.tell(ctx, pathReport, c.report()); err != nil {
		return 0, err
	}
	steps, waiting := c.plan()
	if len(steps) == 0 {
		c.next = 0
		if waiting {
			return c.jitter(c.pace.Waiting), nil
		}
		return c.jitter(c.pace.Idle), nil
	}
	return c.grow(), c.do(ctx, steps)
}

// do takes the steps; one that fails is taken again in the next round. New volumes
// are registered together.
func (c *convergence) do(ctx context.Context, steps []step) error {
	made := owned{}
	for _, s := range steps {
		volume, err := s.do(c.agent.storage)
		if err != nil {
			c.agent.logf("%s dataset %s: %v", s.name, s.dataset, err)
			continue
		}
		c.agent.logf("%s dataset %s", s.name, s.dataset)
		if volume != "" {
			made[s.dataset] = volume
		}
	}
	if len(made) == 0 {
		return nil
	}
	return c.agent.tell(ctx, pathOwned, made)
}

// grow returns the next of the growing pauses.
func (c *convergence) grow() time.Duration {
	if c.next == 0 {
		c.next = c.pace.First
	} else {
		c.next = min(time.Duration(float64(c.next)*c.pace.Factor), c.pace.Max)
	}
	return c.jitter(c.next)
}

func (c *convergence) jitter(d time.Duration) time.Duration {
	return time.Duration(float64(d) * (1 + c.pace.Jitter*(2*rand.Float64()-1)))
}

// pause waits until it is time, or until a push calls for a step.
func (c *convergence) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	for {
		select {
		case <-timer.C:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		case p, ok := <-c.pushes:
			if !ok {
				return errStreamEnded
			}
			c.latest = p
		}
		if c.latest.Paused {
			return c.obey(ctx)
		}
		steps, waiting := c.plan()
		if len(steps) > 0 {
			return nil
		}
		if waiting {
			timer.Reset(min(d, c.jitter(c.pace.Waiting)))
		}
	}
}

// known leaves out volumes that are not the registered one of their dataset: two
// nodes may have made one each when a dataset moved while it was made.
func known(all []found, registered map[string]string) []found {
	return slices.DeleteFunc(all, func(f found) bool {
		name, ok := registered[f.dataset]
		return ok && name != f.name
	})
}

// report is what was seen, without volumes that are not registered yet.
func (c *convergence) report() report {
	r := report{Node: c.agent.hello(), Volumes: map[string]volume{}, Mounted: map[string]string{}, Devices: map[string]string{}}
	for _, f := range c.seen {
		if _, ok := c.latest.Owned[f.dataset]; !ok {
			continue
		}
		r.Volumes[f.dataset] = volume{Name: f.name, Size: f.size, Attached: f.attached}
		if f.attached != c.agent.UUID {
			continue
		}
		if f.device != "" {
			r.Devices[f.dataset] = f.device
		}
		if f.path != "" {
			r.Mounted[f.dataset] = f.path
		}
	}
	return r
}
