package fetch

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"syscall"
	"time"
)

// download puts what u names at path. An HTTP error page is left there too, as
// recorded.
func (j *job) download(ctx context.Context, u URI, path string) error {
	source, isLocal, err := u.local(j.frameworksHome)
	if err != nil {
		return err
	}
	if isLocal {
		return copyFile(source, path)
	}
	if !u.overNet() {
		return fmt.Errorf("unsupported scheme in '%s': want a path, file, http or https", u.Value)
	}
	j.log.info(175, "Downloading resource from '%s' to '%s'", u.Value, path)
	return j.get(ctx, u, path)
}

func (j *job) get(ctx context.Context, u URI, path string) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	stalled := time.AfterFunc(j.stall, func() { cancel(errors.New("download stalled")) })
	defer stalled.Stop()
	answer, err := j.request(ctx, http.MethodGet, u)
	if err != nil {
		return stallCause(ctx, err)
	}
	defer answer.Body.Close()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, progress{answer.Body, func() { stalled.Reset(j.stall) }})
	if err := errors.Join(stallCause(ctx, err), out.Close()); err != nil {
		return err
	}
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("Error downloading resource, received HTTP return code %d", answer.StatusCode) //nolint:staticcheck // Mesos' words
	}
	return nil
}

func stallCause(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// request asks as curl does: Accept and nothing else.
func (f *Fetcher) request(ctx context.Context, method string, u URI) (*http.Response, error) {
	r, err := http.NewRequestWithContext(ctx, method, u.trimmed(), nil)
	if err != nil {
		return nil, err
	}
	r.Header.Set("Accept", "*/*")
	r.Header.Set("User-Agent", "")
	return f.client.Do(r)
}

// progress calls moved after every read that brought something.
type progress struct {
	io.Reader
	moved func()
}

func (p progress) Read(b []byte) (int, error) {
	n, err := p.Reader.Read(b)
	if n > 0 {
		p.moved()
	}
	return n, err
}

// copyFile keeps the permissions but for those the umask takes.
func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	info, err := in.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("copy %s: not a regular file", from)
	}
	return writeFile(to, in, info.Mode().Perm())
}

// umask is what every agent runs with.
const umask = 0o022

// writeFile lets the agent fork nothing meanwhile: a child would have the file
// open until its own exec, and so long an exec of the file fails, text file busy.
// (Real Mesos fetches in a process of its own.)
func writeFile(path string, in io.Reader, mode os.FileMode) error {
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, in)
	return errors.Join(err, out.Chmod(mode&^umask), out.Close())
}
