package dockertest

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
)

// Registry is enough of a Docker registry for an engine to pull from. An engine
// talks HTTP to registries on 127.0.0.0/8.
type Registry struct {
	Host string // host:port, which begins the names of its images
	// User and Password are asked for unless empty. They are set before the first pull.
	User, Password string
	// Deny refuses everything.
	Deny bool
	// Blob, if not nil, writes a layer or configuration instead of the registry.
	Blob      func(w http.ResponseWriter, content []byte)
	requests  atomic.Int64
	blobs     map[string][]byte
	manifests map[string][]byte // by name:tag
}

// NewRegistry starts an empty registry that ends with the test.
func NewRegistry(t testing.TB) *Registry {
	t.Helper()
	r := &Registry{blobs: map[string][]byte{}, manifests: map[string][]byte{}}
	server := httptest.NewServer(r)
	t.Cleanup(func() {
		server.CloseClientConnections() // engines keep idle ones
		server.Close()
	})
	r.Host = strings.TrimPrefix(server.URL, "http://")
	return r
}

// Requests counts what engines have asked.
func (r *Registry) Requests() int64 { return r.requests.Load() }

// Push puts an image of one layer, busybox and ballast bytes of noise, in place,
// and returns its full name. It must not be called while an engine pulls.
func (r *Registry) Push(name string, ballast []byte) (string, error) {
	root, err := rootfs(content{ballast: ballast})
	if err != nil {
		return "", err
	}
	layer, err := io.ReadAll(root)
	if err != nil {
		return "", err
	}
	var packed bytes.Buffer
	w, err := gzip.NewWriterLevel(&packed, gzip.NoCompression)
	if err != nil {
		return "", err
	}
	if _, err := w.Write(layer); err != nil {
		return "", err
	}
	if err := w.Close(); err != nil {
		return "", err
	}
	config, err := json.Marshal(map[string]any{
		"architecture": "amd64", "os": "linux", "config": map[string]any{},
		"rootfs": map[string]any{"type": "layers", "diff_ids": []string{digest(layer)}},
	})
	if err != nil {
		return "", err
	}
	manifest, err := json.Marshal(map[string]any{
		"schemaVersion": 2, "mediaType": manifestType,
		"config": r.blob("application/vnd.docker.container.image.v1+json", config),
		"layers": []any{r.blob("application/vnd.docker.image.rootfs.diff.tar.gzip", packed.Bytes())},
	})
	if err != nil {
		return "", err
	}
	r.manifests[name] = manifest
	r.manifests[strings.Split(name, ":")[0]+":"+digest(manifest)] = manifest
	return r.Host + "/" + name, nil
}

const manifestType = "application/vnd.docker.distribution.manifest.v2+json"

func (r *Registry) blob(kind string, content []byte) map[string]any {
	r.blobs[digest(content)] = content
	return map[string]any{"mediaType": kind, "size": len(content), "digest": digest(content)}
}

func digest(content []byte) string {
	sum := sha256.Sum256(content)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// ServeHTTP answers /v2/, /v2/<name>/manifests/<tag> and /v2/<name>/blobs/<digest>.
func (r *Registry) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.requests.Add(1)
	user, password, _ := q.BasicAuth()
	switch {
	case r.Deny:
		refuse(w, http.StatusForbidden, "DENIED", "requested access to the resource is denied")
		return
	case r.User != user || r.Password != password:
		w.Header().Set("WWW-Authenticate", `Basic realm="registry"`)
		refuse(w, http.StatusUnauthorized, "UNAUTHORIZED", "authentication required")
		return
	}
	rest, _ := strings.CutPrefix(q.URL.Path, "/v2/")
	if name, tag, found := strings.Cut(rest, "/manifests/"); found {
		r.serve(w, r.manifests[name+":"+tag], "MANIFEST_UNKNOWN")
	} else if _, sum, found := strings.Cut(rest, "/blobs/"); found {
		r.serve(w, r.blobs[sum], "BLOB_UNKNOWN")
	}
}

func (r *Registry) serve(w http.ResponseWriter, content []byte, missing string) {
	switch {
	case content == nil:
		refuse(w, http.StatusNotFound, missing, strings.ToLower(missing))
	case missing == "MANIFEST_UNKNOWN":
		w.Header().Set("Content-Type", manifestType)
		w.Header().Set("Docker-Content-Digest", digest(content))
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content) // the engine may have gone
	case r.Blob != nil:
		r.Blob(w, content)
	default:
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		_, _ = w.Write(content) // the engine may have gone
	}
}

func refuse(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"errors":[{"code":%q,"message":%q}]}`, code, message) // the engine may have gone
}
