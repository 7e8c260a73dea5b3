package checks

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
)

// commandShown is how much of a command a message quotes, in bytes.
const commandShown = 200

// probe asks once. look returns what was seen, and why that is not well.
type probe struct {
	name string // of what is asked, for messages
	look func(ctx context.Context) (Outcome, error)
}

// once runs the probe. A run that its context has cut short saw nothing.
func (p probe) once(ctx context.Context) answer {
	seen, err := p.look(ctx)
	if err == nil {
		return answer{seen: seen}
	}
	if ctx.Err() != nil {
		seen, err = Outcome{}, context.Cause(ctx)
	}
	return answer{seen, fmt.Errorf("%s: %w", p.name, err)}
}

func (c Check) probe(with Config) probe {
	switch {
	case c.Command != nil:
		return c.Command.probe(with.Run)
	case c.HTTP != nil:
		return c.HTTP.probe(with.Dial)
	default:
		return c.TCP.probe(with.Dial)
	}
}

func (c Command) probe(run func(context.Context, Command) (int, error)) probe {
	return probe{fmt.Sprintf("command %q", c.shown()), func(ctx context.Context) (Outcome, error) {
		exit, err := run(ctx, c)
		if err != nil {
			return Outcome{}, err
		}
		code := int32(exit)
		if exit != 0 {
			err = fmt.Errorf("exit status %d", exit)
		}
		return Outcome{ExitCode: &code}, err
	}}
}

// shown is the command's line, or the beginning of it.
func (c Command) shown() string {
	words := c.Argv
	if c.Program != "" && len(words) > 0 {
		words = append([]string{c.Program}, words[1:]...)
	}
	line := strings.Join(words, " ")
	if len(line) > commandShown {
		line = strings.ToValidUTF8(line[:commandShown], "") + "…"
	}
	return line
}

func (t TCP) probe(dial Dial) probe {
	address := loopback(t.IPv6, t.Port)
	return probe{"TCP " + address, func(ctx context.Context) (Outcome, error) {
		conn, err := dial(ctx, "tcp", address)
		connected := err == nil
		if err != nil {
			return Outcome{Succeeded: &connected}, bare(err)
		}
		_ = conn.Close()
		return Outcome{Succeeded: &connected}, nil
	}}
}

// loopback is the address by number: a container's hosts file may not know
// "localhost".
func loopback(ipv6 bool, port int) string {
	host := "127.0.0.1"
	if ipv6 {
		host = "::1"
	}
	return net.JoinHostPort(host, strconv.Itoa(port))
}

// bare takes away the addresses, which the message names already.
func bare(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
