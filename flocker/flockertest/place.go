package flockertest

import (
	"net/netip"

	"golang.org/x/sys/unix"
)

// place keeps an address while nobody listens there, so that connections are
// refused and nobody else is given the port, as it would be within seconds on a
// machine where much is connected. The nil place keeps nothing.
type place struct{ fd int }

// keepPlace takes the address of a listener that is closed. What cannot be kept
// is not: then it is only likely to be free later.
func keepPlace(addr string) *place {
	at, err := netip.ParseAddrPort(addr)
	if err != nil || !at.Addr().Is4() {
		return nil
	}
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	p := &place{fd}
	// A listener of Go's has the same option, and so may take the place while it
	// is kept.
	err = unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	if err == nil {
		err = unix.Bind(fd, &unix.SockaddrInet4{Port: int(at.Port()), Addr: at.Addr().As4()})
	}
	if err != nil {
		p.leave()
		return nil
	}
	return p
}

func (p *place) leave() {
	if p != nil {
		_ = unix.Close(p.fd)
	}
}

// keepPlaces keeps the addresses of all listeners; s.mu is held.
func (s *Service) keepPlaces() {
	if s.ctx == nil || s.ctx.Err() != nil {
		return
	}
	for _, f := range s.front {
		s.places = append(s.places, keepPlace(f.address()))
	}
	s.places = append(s.places, keepPlace(s.agentAddr))
}

// leavePlaces is called when everybody listens again; s.mu is held.
func (s *Service) leavePlaces() {
	for _, p := range s.places {
		p.leave()
	}
	s.places = nil
}
