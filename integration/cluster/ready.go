package cluster

import (
	"context"
	"errors"
	"time"
)

// errEnded is the end of a daemon that should run: no waiting helps.
var errEnded = errors.New("it has ended (see its log)")

// poll asks every 50 ms until there is no error, errEnded, or no time: a real
// daemon tells nobody when it is ready.
func poll(ctx context.Context, ok func() error) error {
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ok()
		if err == nil || errors.Is(err, errEnded) {
			return err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return errors.Join(err, context.Cause(ctx))
		}
	}
}

// alive is errEnded when the child has ended.
func (n *node) alive(child string) error {
	if n.signal(child, 0) != nil {
		return errEnded
	}
	return nil
}
