package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"time"
)

// A Fetcher serves all containers of an agent.
type Fetcher struct {
	cache          cache
	stall          time.Duration
	frameworksHome string
	client         *http.Client
}

// New wipes and uses cacheDir. A download that does not move for stall fails
// (--fetcher_stall_timeout); frameworksHome is where relative paths begin, if
// there are to be any.
func New(cacheDir string, stall time.Duration, frameworksHome string) (*Fetcher, error) {
	if err := os.RemoveAll(cacheDir); err != nil {
		return nil, fmt.Errorf("wipe fetcher cache: %w", err)
	}
	f := &Fetcher{stall: stall, frameworksHome: frameworksHome}
	f.client = &http.Client{Transport: &http.Transport{DisableCompression: true, TLSHandshakeTimeout: stall}}
	f.cache.dir, f.cache.entries = cacheDir, map[string]*entry{}
	return f, nil
}

// Fetch brings uris into the sandbox, in order, and stops at the first that
// fails. Its log goes to log.
func (f *Fetcher) Fetch(ctx context.Context, uris []URI, user, sandbox string, log io.Writer) error {
	defer f.client.CloseIdleConnections()
	j := &job{Fetcher: f, user: user, sandbox: sandbox, log: logger{log}}
	items := make([]item, len(uris))
	for i, u := range uris {
		items[i] = j.plan(ctx, u)
	}
	j.describe(items)
	for _, it := range items {
		path, err := j.fetch(ctx, it)
		if err != nil {
			j.log.failure("EXIT with status 1: Failed to fetch '%s': %v", it.URI.Value, err)
			return err
		}
		j.log.info(618, "Fetched '%s' to '%s'", it.URI.Value, path)
	}
	j.log.info(623, "Successfully fetched all URIs into '%s'", sandbox)
	return nil
}

// job is the fetching for one container.
type job struct {
	*Fetcher
	user, sandbox string
	log           logger
}

// item is a URI with the way it is to come.
type item struct {
	Action   string `json:"action"`
	Filename string `json:"cache_filename,omitempty"`
	URI      URI    `json:"uri"`
	entry    *entry
}

func (j *job) fetch(ctx context.Context, it item) (string, error) {
	j.log.info(459, "Fetching URI '%s'", it.URI.Value)
	target, err := it.URI.target(j.sandbox)
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(filepath.Dir(target), 0o755); err != nil {
		return "", err
	}
	if it.entry != nil {
		return target, j.fromCache(ctx, it, target)
	}
	j.log.info(290, "Fetching '%s' directly into the sandbox directory", it.URI.Value)
	if err := j.download(ctx, it.URI, target); err != nil {
		return "", err
	}
	return target, j.finish(it.URI, target, target, 332)
}

func (j *job) fromCache(ctx context.Context, it item, target string) error {
	if err := it.entry.fill(func(path string) error { return j.download(ctx, it.URI, path) }); err != nil {
		return err
	}
	j.log.info(349, "Fetching URI '%s' from cache", it.URI.Value)
	if !it.URI.Executable && it.URI.Extract && isArchive(target) {
		return j.finish(it.URI, it.entry.path, target, 394)
	}
	if err := copyFile(it.entry.path, target); err != nil {
		return err
	}
	return j.finish(it.URI, target, target, 394)
}

// finish makes of a downloaded file what the URI asks for. The archive's kind is
// that of the target's name.
func (j *job) finish(u URI, path, target string, line int) error {
	if u.Executable {
		return os.Chmod(target, 0o755)
	}
	if !u.Extract {
		return nil
	}
	if !isArchive(target) {
		j.log.warning(line, "Copying instead of extracting resource from URI with 'extract' flag, "+
			"because it does not seem to be an archive: %s", u.Value)
		return nil
	}
	if err := extract(path, target); err != nil {
		return fmt.Errorf("Failed to extract '%s' into '%s': %w", path, filepath.Dir(target), err) //nolint:staticcheck // Mesos' words
	}
	j.log.info(132, "Extracted '%s' into '%s'", path, filepath.Dir(target))
	return nil
}
