package keep

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/volumes/keep/stage"
)

// Gone is closed when the keeper has ended, be it by Done or by somebody's
// SIGKILL.
func (k *Keeper) Gone() <-chan struct{} { return k.gone }

// Drop has the keeper close its copy of a file, by its place in Config.Files, and
// returns when it has. Nobody has that copy either when the keeper has ended: one
// that does not answer is killed. Repeatable.
func (k *Keeper) Drop(ctx context.Context, file int) error {
	return k.tell(ctx, byte(file))
}

// Done ends the keeper without it doing anything, and returns when all it had
// open is closed. Repeatable.
func (k *Keeper) Done(ctx context.Context) error {
	err := k.tell(ctx, stage.Done)
	if err == nil {
		<-k.over
	}
	return err
}

func (k *Keeper) tell(ctx context.Context, what byte) error {
	o := order{what: what, done: make(chan error, 1)}
	select {
	case k.orders <- o:
	case <-k.gone:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("tell the keeper: %w", context.Cause(ctx))
	}
	return <-o.done
}

// read passes on what the keeper says until it has ended.
func (k *Keeper) read() {
	defer close(k.gone)
	defer k.ended()
	var said [1]byte
	for {
		if n, err := k.socket.Read(said[:]); n == 0 || err != nil {
			return
		}
		select {
		case k.said <- said[0]:
		default: // nobody waits for it any more
		}
	}
}

// ended waits until the process is dead: the end of its socket may come before
// that of its other files.
func (k *Keeper) ended() {
	fds := []unix.PollFd{{Fd: int32(k.pidfd), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, int(endTimeout.Milliseconds())); !errors.Is(err, unix.EINTR) {
			return
		}
	}
}

// serve owns the socket and the process descriptor. It does one order after the
// other.
func (k *Keeper) serve() {
	defer close(k.over)
	defer unix.Close(k.pidfd)
	defer k.socket.Close()
	for {
		select {
		case o := <-k.orders:
			o.done <- k.do(o.what)
		case <-k.gone:
			return
		}
	}
}

// do returns when the order is carried out, or the keeper has ended.
func (k *Keeper) do(what byte) error {
	_, err := k.socket.Write([]byte{what})
	late := time.NewTimer(answerTimeout)
	defer late.Stop()
	for err == nil {
		select {
		case said := <-k.said:
			if said == what {
				return nil
			}
		case <-k.gone:
			return nil
		case <-late.C:
			err = errors.New("it does not answer")
		}
	}
	return k.kill()
}

// kill ends a keeper that does not listen.
func (k *Keeper) kill() error {
	if err := unix.PidfdSendSignal(k.pidfd, unix.SIGKILL, nil, 0); err != nil && !errors.Is(err, unix.ESRCH) {
		return fmt.Errorf("kill the keeper: %w", err)
	}
	select {
	case <-k.gone:
		return nil
	case <-time.After(2 * endTimeout):
		return errors.New("kill the keeper: it does not end")
	}
}
