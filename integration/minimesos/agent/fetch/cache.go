package fetch

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
)

// cache remembers what was fetched with cache=true, by user and URI.
type cache struct {
	dir     string
	mutex   sync.Mutex
	entries map[string]*entry
	made    int
}

// entry is one file of the cache; fill is called by everybody who wants it.
type entry struct {
	path  string
	mutex sync.Mutex
	full  bool
}

// fill downloads the file unless it is there.
func (e *entry) fill(download func(path string) error) error {
	e.mutex.Lock()
	defer e.mutex.Unlock()
	if e.full {
		return nil
	}
	if err := os.MkdirAll(filepath.Dir(e.path), 0o755); err != nil {
		return err
	}
	if err := download(e.path); err != nil {
		return err
	}
	e.full = true
	return nil
}

// plan decides how a URI comes. The size of a URI to be cached is asked for
// first, with HEAD; when that fails the cache is bypassed (recorded: fetcher).
func (j *job) plan(ctx context.Context, u URI) item {
	if !u.Cache {
		return item{Action: "BYPASS_CACHE", URI: u}
	}
	key := j.user + "@" + u.Value
	if e := j.cache.get(key); e != nil {
		return item{Action: "RETRIEVE_FROM_CACHE", Filename: filepath.Base(e.path), URI: u, entry: e}
	}
	if !j.sizeKnown(ctx, u) {
		return item{Action: "BYPASS_CACHE", URI: u}
	}
	e, err := j.cache.add(key, j.user, u)
	if err != nil {
		return item{Action: "BYPASS_CACHE", URI: u}
	}
	return item{Action: "DOWNLOAD_AND_CACHE", Filename: filepath.Base(e.path), URI: u, entry: e}
}

func (j *job) sizeKnown(ctx context.Context, u URI) bool {
	if path, isLocal, err := u.local(j.frameworksHome); isLocal {
		if err != nil {
			return false
		}
		_, err = os.Stat(path)
		return err == nil
	}
	if !u.overNet() {
		return false
	}
	answer, err := j.request(ctx, http.MethodHead, u)
	if err != nil {
		return false
	}
	answer.Body.Close()
	return answer.StatusCode == http.StatusOK
}

func (c *cache) get(key string) *entry {
	c.mutex.Lock()
	defer c.mutex.Unlock()
	return c.entries[key]
}

func (c *cache) add(key, user string, u URI) (*entry, error) {
	base, err := u.base()
	if err != nil {
		return nil, err
	}
	c.mutex.Lock()
	defer c.mutex.Unlock()
	c.made++
	e := &entry{path: filepath.Join(c.dir, user, fmt.Sprintf("c%d-%s", c.made, base))}
	c.entries[key] = e
	return e, nil
}
