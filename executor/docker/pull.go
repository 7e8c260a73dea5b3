package docker

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"syscall"
	"time"

	"github.com/containerd/errdefs"
	"github.com/distribution/reference"
	"github.com/moby/moby/client"
)

func (e *Engine) pull(ctx context.Context, c Container, ref reference.Named, report func(string)) error {
	name := reference.FamiliarString(ref)
	auth, err := e.credentials(c, ref)
	if err != nil {
		return fmt.Errorf("pull image %s: %w", name, err)
	}
	report("pulling image " + name)
	ctx, news, end := e.listening(ctx)
	defer end()
	stream, err := e.api.ImagePull(ctx, ref.String(), client.ImagePullOptions{RegistryAuth: auth})
	if err != nil {
		return pullError(ctx, name, err)
	}
	p := progress{}
	last := ""
	for message, err := range stream.JSONMessages(ctx) {
		if err == nil && message.Error != nil {
			err = message.Error
		}
		if err != nil {
			return pullError(ctx, name, err)
		}
		news()
		p.note(message)
		if text := p.String(); text != "" && text != last {
			last = text
			report("pulling image " + name + ": " + text)
		}
	}
	return nil
}

// listening ends ctx when there is no news for too long: a registry, or what is
// between, may be silent for ever.
func (e *Engine) listening(ctx context.Context) (_ context.Context, news, end func()) {
	ctx, cancel := context.WithCancelCause(ctx)
	silence := time.AfterFunc(e.pullSilence, func() {
		cancel(fmt.Errorf("%w: nothing has come for %v", ErrRegistryUnreachable, e.pullSilence))
	})
	return ctx, func() { silence.Reset(e.pullSilence) }, func() {
		silence.Stop()
		cancel(nil)
	}
}

// pullErrors tells kinds of failure apart. The engine passes on a registry's
// refusal as text, and calls a repository that is denied not found; so the words
// come first, in this order, and its own classification last.
var pullErrors = []struct {
	kind  error
	words []string
}{
	{ErrDiskFull, []string{syscall.ENOSPC.Error()}},
	{ErrImageDenied, []string{"denied", "unauthorized", "authentication required", "no basic auth credentials", "403 forbidden", "incorrect username or password"}},
	{ErrImageNotFound, []string{"manifest unknown", "name unknown", "not found"}},
	{ErrRegistryUnreachable, []string{
		"connection refused", "no such host", "timeout", "server misbehaving", "network is unreachable", "no route to host", "connection reset",
		"tls:", "x509:", "client.timeout", "unexpected eof", ": eof", "server gave http response", "unexpected http status: 5", "unavailable", "toomanyrequests",
	}},
}

func pullError(ctx context.Context, name string, err error) error {
	if cause := context.Cause(ctx); errors.Is(cause, ErrRegistryUnreachable) {
		return fmt.Errorf("pull image %s: %w", name, cause)
	}
	text := strings.ToLower(err.Error())
	for _, e := range pullErrors {
		for _, word := range e.words {
			if strings.Contains(text, word) {
				return fmt.Errorf("pull image %s: %w: %w", name, e.kind, err)
			}
		}
	}
	if errdefs.IsNotFound(err) {
		return fmt.Errorf("pull image %s: %w: %w", name, ErrImageNotFound, err)
	}
	return fmt.Errorf("pull image %s: %w", name, err)
}
