package master

import (
	"context"
	"errors"
	"slices"
)

// WaitAgents returns when n agents are connected, or with ctx's error.
func (m *Master) WaitAgents(ctx context.Context, n int) error {
	return m.wait(ctx, func(s *state) bool { return len(s.connected()) >= n })
}

// WaitDisconnected returns when the framework has no stream, or is gone. A
// stream that its reader closed is noticed a moment later.
func (m *Master) WaitDisconnected(ctx context.Context, frameworkID string) error {
	return m.wait(ctx, func(s *state) bool {
		f := s.framework(frameworkID)
		return f == nil || !f.connected()
	})
}

// WaitAgentGone returns when the agent is not connected, whether it may come
// back or not. A broken connection is noticed a moment later.
func (m *Master) WaitAgentGone(ctx context.Context, agentID string) error {
	return m.wait(ctx, func(s *state) bool {
		a := s.agent(agentID)
		return a == nil || a.stream == nil
	})
}

// Agents lists the ids of the connected agents in the order of registration.
func (m *Master) Agents(ctx context.Context) (ids []string, err error) {
	err = m.do(ctx, func(s *state) {
		for _, a := range s.connected() {
			ids = append(ids, a.id)
		}
	})
	return ids, err
}

func (s *state) connected() []*agent {
	var list []*agent
	for _, a := range s.agents {
		if a.stream != nil {
			list = append(list, a)
		}
	}
	return list
}

// waiter is somebody who waits for a condition on the state.
type waiter struct {
	met  func(*state) bool
	done chan struct{}
}

// answerWaiters runs after every change.
func (s *state) answerWaiters() {
	var left []*waiter
	for _, w := range s.waiters {
		if w.met(s) {
			close(w.done)
			continue
		}
		left = append(left, w)
	}
	s.waiters = left
}

func (m *Master) wait(ctx context.Context, met func(*state) bool) error {
	w := &waiter{met: met, done: make(chan struct{})}
	if err := m.do(ctx, func(s *state) { s.waiters = append(s.waiters, w) }); err != nil {
		return err
	}
	select {
	case <-w.done:
		return nil
	case <-m.quit:
		return errClosed
	case <-ctx.Done():
		err := m.do(context.WithoutCancel(ctx), func(s *state) {
			s.waiters = slices.DeleteFunc(s.waiters, func(o *waiter) bool { return o == w })
		})
		return errors.Join(ctx.Err(), err)
	}
}
