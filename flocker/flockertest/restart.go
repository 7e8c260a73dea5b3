package flockertest

import "time"

// Down makes the service go away: connections break, new ones are refused. The
// configuration is kept, the state is forgotten.
func (s *Service) Down() {
	s.power.Lock()
	defer s.power.Unlock()
	s.down()
}

func (s *Service) down() {
	s.mu.Lock()
	fronts, agents := s.front, s.agents
	s.mu.Unlock()
	for _, f := range fronts {
		f.close()
	}
	if agents != nil {
		_ = agents.Close()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keepPlaces()
	s.forgetState()
	if s.changed != nil {
		s.wake()
	}
}

// Up brings a service back that was Down, at the same addresses. Its state is
// empty until agents have found it again, and for at least the time given. The
// configuration tag has moved.
func (s *Service) Up(empty time.Duration) error {
	s.power.Lock()
	defer s.power.Unlock()
	return s.up(empty)
}

func (s *Service) up(empty time.Duration) error {
	s.mu.Lock()
	fronts := s.front
	s.config.Starts++
	s.configured()
	s.mu.Unlock()
	for _, f := range fronts {
		if err := f.open(); err != nil {
			return err
		}
	}
	if empty <= 0 {
		return s.listenAgents()
	}
	s.tasks.Go(func() {
		select {
		case <-time.After(empty):
			_ = s.listenAgents()
		case <-s.ctx.Done():
		}
	})
	return nil
}

// Restart is Down and Up at once: what clients see when the control service is
// restarted. On the real one the state stays empty for about a second.
// Of several at once one comes after the other.
func (s *Service) Restart(empty time.Duration) error {
	s.power.Lock()
	defer s.power.Unlock()
	s.down()
	return s.up(empty)
}
