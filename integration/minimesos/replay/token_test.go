package replay_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// tokenNote learns the token that a note shows.
func (r *rig) tokenNote(ctx context.Context, p *replay.Player, data []byte) error {
	var d struct{ Token string }
	if err := json.Unmarshal(data, &d); err != nil {
		return err
	}
	return r.learnToken(ctx, p, "Bearer "+d.Token)
}

// learnToken learns what stands for the token of a recorded Authorization: the
// token that the executor in its claims was given here. Part by part, since the
// traces also send tokens put together from several. Other headers are let be.
func (r *rig) learnToken(ctx context.Context, p *replay.Player, authorization string) error {
	parts := strings.Split(strings.TrimPrefix(authorization, "Bearer "), ".")
	if len(parts) != 3 || !strings.HasPrefix(authorization, "Bearer ") || slices.Contains(r.tokens, parts[1]) {
		return nil
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return err
	}
	var claims struct{ Eid string }
	if err := json.Unmarshal(text, &claims); err != nil {
		return err
	}
	live, err := r.tokenOf(ctx, claims.Eid)
	if err != nil {
		return err
	}
	for i := range parts {
		p.Names().Alias(parts[i], live[i])
	}
	r.tokens = append(r.tokens, parts[1])
	return nil
}

// tokenOf is the token of an executor, in its three parts.
func (r *rig) tokenOf(ctx context.Context, executor string) ([]string, error) {
	of := func(s *stub) bool { return s.env("MESOS_EXECUTOR_ID") == executor }
	if !slices.ContainsFunc(r.stubs.all, of) {
		if err := r.awaitStub(ctx, executor); err != nil {
			return nil, err
		}
	}
	live := r.stubs.all[slices.IndexFunc(r.stubs.all, of)].env("MESOS_EXECUTOR_AUTHENTICATION_TOKEN")
	parts := strings.Split(live, ".")
	if len(parts) != 3 {
		return nil, fmt.Errorf("token %q of %s has not three parts", live, executor)
	}
	return parts, nil
}
