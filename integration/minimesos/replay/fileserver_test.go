package replay_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
)

// A fileServer is what the recorded fetcher fetched from.
type fileServer struct {
	http  *httptest.Server
	mu    sync.Mutex
	asked []string // "GET /tool.sh", since the last match
}

// newFileServer serves the recorded files, as far as the recorded sandboxes
// show them, and writes the local ones below dir.
func newFileServer(t *testing.T, dir string) *fileServer {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	local := filepath.Join(dir, "local.txt")
	if err := os.WriteFile(local, []byte("local"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(local, 0o604); err != nil {
		t.Fatal(err)
	}
	files := servedFiles(t)
	s := &fileServer{}
	s.http = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		s.asked = append(s.asked, r.Method+" "+r.RequestURI)
		s.mu.Unlock()
		text, ok := files[r.URL.Path]
		if !ok {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Length", fmt.Sprint(len(text)))
		if r.Method == http.MethodGet {
			_, _ = w.Write(text)
		}
	}))
	t.Cleanup(s.http.Close)
	return s
}

// servedFiles finds the contents of the files by their names in the sandbox.
func servedFiles(t *testing.T) map[string][]byte {
	t.Helper()
	names := map[string]string{
		"/bundle.tar.gz": "/cached.tar.gz /bundle.tar.gz", "/tool.sh": "/tool.sh", "/sub/dir/renamed.tgz": "/other.tgz",
		"/plain.txt?version=1": "/plain.txt", "/data.gz": "/data.gz", "/pack.zip": "/pack.zip", "/renamed.txt": "/cached.txt",
	}
	files := map[string][]byte{}
	for _, e := range load(t, "executor/14-fetcher").Entries {
		if e.Note != "run 1: sandboxes" {
			continue
		}
		var nodes []struct {
			Path, Content string
			Base64        string `json:"content_base64"`
		}
		if err := json.Unmarshal(e.Data, &nodes); err != nil {
			t.Fatal(err)
		}
		for _, n := range nodes {
			text, err := base64.StdEncoding.DecodeString(n.Base64)
			if err != nil {
				t.Fatal(err)
			}
			for in, out := range names {
				if strings.HasSuffix(n.Path, in) && !strings.Contains(n.Path, "/bundle/") {
					for _, name := range strings.Fields(out) {
						files[name] = append(text, n.Content...)
					}
				}
			}
		}
	}
	if len(files) < 8 {
		t.Fatalf("files of the recorded sandbox: %d", len(files))
	}
	return files
}

func (s *fileServer) port() string {
	u, err := url.Parse(s.http.URL)
	if err != nil {
		return err.Error()
	}
	return u.Port()
}

// match compares what was asked for since the last time.
func (s *fileServer) match(r *rig, data []byte) error {
	var want []struct{ Method, URI string }
	if err := json.Unmarshal(data, &want); err != nil {
		return err
	}
	var recorded []string
	for _, w := range want {
		recorded = append(recorded, w.Method+" "+w.URI)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	slices.Sort(recorded) // the real fetcher's order is that of a hash table
	slices.Sort(s.asked)
	if a, b := strings.Join(recorded, "\n"), strings.Join(s.asked, "\n"); a != b {
		r.differ(fmt.Sprintf("requests of the fetcher:\n%s\nrecorded:\n%s", b, a))
	}
	s.asked = nil
	return nil
}
