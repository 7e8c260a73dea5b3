package flockertest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"math"
	"net/http"
	"strings"
	"time"
)

func (s *Service) listLeases(request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	list := make([]object, 0, len(s.config.Leases))
	for _, l := range s.config.Leases {
		list = append(list, l.json(now))
	}
	return success(http.StatusOK, list)
}

// acquireLease makes or renews a lease. Neither dataset nor node has to exist. A
// lease whose time is over is still held until the next sweep.
func (s *Service) acquireLease(r request) response {
	v, err := decodeBody(r.body)
	if err != nil {
		return undecodable()
	}
	o, errs := leaseErrors(v)
	if len(errs) > 0 {
		return invalid(errs)
	}
	now := time.Now()
	id, ok := parseUUID(o["dataset_id"].(string))
	expires, fits := expiry(o["expires"], now)
	if !ok || !fits {
		return crash()
	}
	l := Lease{Dataset: id, Node: strings.ToLower(o["node_uuid"].(string)), Expires: expires}

	s.mu.Lock()
	defer s.mu.Unlock()
	old, renewal := s.config.Leases[id]
	if renewal && old.Node != l.Node {
		return failure(http.StatusConflict, "Lease already held.")
	}
	s.config.Leases[id] = l
	s.configured()
	if renewal {
		return success(http.StatusOK, l.json(now))
	}
	return success(http.StatusCreated, l.json(now))
}

// expiry turns the seconds of a request into a time. What Python's calendar
// cannot hold makes the real service fail.
func expiry(v any, now time.Time) (at time.Time, ok bool) {
	n, isNumber := v.(json.Number)
	if !isNumber {
		return time.Time{}, true
	}
	seconds, err := n.Float64()
	whole, fraction := math.Modf(seconds)
	year9999 := time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC).Unix()
	if err != nil || math.Abs(whole) > float64(year9999-now.Unix()) {
		return time.Time{}, false
	}
	micros := int64(whole)*1e6 + int64(math.Round(fraction*1e6))
	return time.UnixMicro(now.UnixMicro() + micros), true
}

func (s *Service) releaseLease(r request) response {
	id, ok := parseUUID(r.arg)
	if !ok {
		return crash()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.config.Leases[id]
	if !ok {
		return failure(http.StatusNotFound, "Lease not found.")
	}
	delete(s.config.Leases, id)
	s.configured()
	return success(http.StatusOK, l.json(time.Now()))
}

// sweep removes leases whose time is over, once a second, until ctx ends.
func (s *Service) sweep(ctx context.Context) {
	ticker := time.NewTicker(time.Second)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-ticker.C:
			s.expire(func(l Lease) bool { return !s.held && !l.Expires.IsZero() && !l.Expires.After(now) })
		}
	}
}

// expire removes leases; over is called with s.mu held.
func (s *Service) expire(over func(Lease) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := false
	for id, l := range s.config.Leases {
		if over(l) {
			delete(s.config.Leases, id)
			changed = true
		}
	}
	if changed {
		s.configured()
	}
	s.wake() // the state of a silent agent may be over too
}

// parseUUID reads an id as leniently as Python's UUID does, and returns it in
// its usual form.
func parseUUID(text string) (string, bool) {
	plain := strings.ReplaceAll(strings.ReplaceAll(text, "urn:", ""), "uuid:", "")
	plain = strings.ReplaceAll(strings.Trim(plain, "{}"), "-", "")
	raw, err := hex.DecodeString(plain)
	if err != nil || len(raw) != 16 {
		return "", false
	}
	h := hex.EncodeToString(raw)
	return h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:], true
}
