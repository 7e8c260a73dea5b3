package docker_test

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
)

func push(t *testing.T, r *dockertest.Registry, name string, ballast int) string {
	t.Helper()
	noise := make([]byte, ballast)
	_, _ = rand.Read(noise) // it never fails
	full, err := r.Push(name, noise)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { forget(t, full) })
	return full
}

// forget removes an image that may be there.
func forget(t *testing.T, image string) {
	_, _ = shared.API.ImageRemove(cleanup(t), image, client.ImageRemoveOptions{})
}

func image(t *testing.T, reference string) docker.Container {
	return docker.Container{Image: docker.Image{Reference: reference}, Sandbox: t.TempDir()}
}

func TestPull(t *testing.T) {
	e, r := open(t, shared), dockertest.NewRegistry(t)
	c := image(t, push(t, r, "app:1", 0))
	var told []string
	tell := func(s string) { told = append(told, s) }
	if err := e.Prepare(t.Context(), c, tell); err != nil {
		t.Fatal(err)
	}
	if last := told[len(told)-1]; !strings.Contains(last, "1 of 1 layers") {
		t.Errorf("last progress %q", last)
	}
	asked := r.Requests()
	if err := e.Prepare(t.Context(), c, tell); err != nil || r.Requests() != asked {
		t.Errorf("an image that is there: error %v, %d requests", err, r.Requests()-asked)
	}
	c.Image.ForcePull = true
	if err := e.Prepare(t.Context(), c, tell); err != nil || r.Requests() == asked {
		t.Errorf("forced: error %v, %d requests", err, r.Requests()-asked)
	}
}

func TestPullWithoutTag(t *testing.T) {
	e, r := open(t, shared), dockertest.NewRegistry(t)
	c := image(t, strings.TrimSuffix(push(t, r, "app:latest", 0), ":latest"))
	if err := e.Prepare(t.Context(), c, func(string) {}); err != nil {
		t.Fatal(err)
	}
}

func TestPullTellsProgress(t *testing.T) {
	e, r := open(t, shared), dockertest.NewRegistry(t)
	c := image(t, push(t, r, "large:1", 4<<20))
	half := make(chan struct{}) // progress of half the layer was told
	r.Blob = func(w http.ResponseWriter, content []byte) {
		w.Header().Set("Content-Length", fmt.Sprint(len(content)))
		if len(content) > 4<<20 {
			content = trickle(t.Context(), w, content, half)
		}
		_, _ = w.Write(content)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	err := e.Prepare(ctx, c, func(s string) {
		var done, layers, got, size int
		_, err := fmt.Sscanf(s, "pulling image "+c.Image.Reference+": %d of %d layers, %d MiB of %d MiB", &done, &layers, &got, &size)
		if err == nil && done == 0 && layers == 1 && got >= 1 && got < size {
			select {
			case <-half:
			default:
				close(half)
			}
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	<-half
}

// trickle writes half of a layer, then little by little what keeps the engine
// telling, and returns what remains when that has been told.
func trickle(ctx context.Context, w http.ResponseWriter, content []byte, told <-chan struct{}) []byte {
	_, _ = w.Write(content[:len(content)/2])
	content = content[len(content)/2:]
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for len(content) > 1<<16 {
		_, _ = w.Write(content[:1<<16])
		content = content[1<<16:]
		w.(http.Flusher).Flush()
		select {
		case <-tick.C:
		case <-told:
			return content
		case <-ctx.Done():
			return content
		}
	}
	return content
}

func TestPullErrors(t *testing.T) {
	e, r := open(t, shared), dockertest.NewRegistry(t)
	there := push(t, r, "app:1", 0)
	closed, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	if err := closed.Close(); err != nil {
		t.Fatal(err)
	}
	private := dockertest.NewRegistry(t)
	private.User, private.Password = "me", "secret"
	denied := dockertest.NewRegistry(t)
	denied.Deny = true
	ill := dockertest.NewRegistry(t)
	ill.Blob = func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusServiceUnavailable) }
	for _, test := range []struct {
		name, image string
		want        error
	}{
		{"tag", r.Host + "/app:2", docker.ErrImageNotFound},
		{"name", r.Host + "/other:1", docker.ErrImageNotFound},
		{"digest", there[:len(there)-2] + "@sha256:" + strings.Repeat("0", 64), docker.ErrImageNotFound},
		{"no credentials", push(t, private, "app:1", 0), docker.ErrImageDenied},
		{"denied", push(t, denied, "app:1", 0), docker.ErrImageDenied},
		{"refused", closed.Addr().String() + "/app:1", docker.ErrRegistryUnreachable},
		{"no such host", "registry.invalid/app:1", docker.ErrRegistryUnreachable},
		{"ill", push(t, ill, "app:1", 0), docker.ErrRegistryUnreachable},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := e.Prepare(t.Context(), image(t, test.image), func(string) {})
			if !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
			t.Log(err)
		})
	}
}

func TestBadReference(t *testing.T) {
	e := open(t, shared)
	for _, name := range []string{"", "UPPER", "a b", "name:", "-x"} {
		if err := e.Prepare(t.Context(), image(t, name), func(string) {}); err == nil {
			t.Errorf("%q is accepted", name)
		}
	}
}

func TestCredentials(t *testing.T) {
	r := dockertest.NewRegistry(t)
	r.User, r.Password = "me", "secret:with colon"
	name := push(t, r, "private:1", 0)
	auth := base64.StdEncoding.EncodeToString([]byte("me:secret:with colon"))
	wrong := base64.StdEncoding.EncodeToString([]byte("me:wrong"))
	operators := filepath.Join(t.TempDir(), "config.json")
	write(t, operators, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, r.Host, auth))
	for _, test := range []struct {
		name, file, text, config string
		want                     error
	}{
		{"auth", ".docker/config.json", fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, r.Host, auth), "", nil},
		{"user and password", ".docker/config.json", fmt.Sprintf(`{"auths":{%q:{"username":"me","password":"secret:with colon"}}}`, r.Host), "", nil},
		{"URL", ".docker/config.json", fmt.Sprintf(`{"auths":{"https://%s/v1/":{"auth":%q}}}`, r.Host, auth), "", nil},
		{"old", ".dockercfg", fmt.Sprintf(`{%q:{"auth":%q}}`, r.Host, auth), "", nil},
		{"the operator's", "other", "", operators, nil},
		{"the sandbox's first", ".docker/config.json", `{"auths":{}}`, operators, docker.ErrImageDenied},
		{"wrong password", ".docker/config.json", fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, r.Host, wrong), "", docker.ErrImageDenied},
		{"another registry's", ".docker/config.json", fmt.Sprintf(`{"auths":{"other":{"auth":%q}}}`, auth), "", docker.ErrImageDenied},
		{"a helper", ".docker/config.json", fmt.Sprintf(`{"auths":{%q:{}},"credHelpers":{%q:"evil"}}`, r.Host, r.Host), "", docker.ErrImageDenied},
	} {
		t.Run(test.name, func(t *testing.T) {
			e, err := docker.Open(t.Context(), docker.Options{Socket: shared.Socket, Config: test.config})
			if err != nil {
				t.Fatal(err)
			}
			defer e.Close()
			forget(t, name)
			c := image(t, name)
			write(t, filepath.Join(c.Sandbox, test.file), test.text)
			if err := e.Prepare(t.Context(), c, func(string) {}); !errors.Is(err, test.want) {
				t.Errorf("error %v, want %v", err, test.want)
			}
		})
	}
}

func TestBadCredentials(t *testing.T) {
	e, r := open(t, shared), dockertest.NewRegistry(t)
	name := push(t, r, "app:1", 0)
	for _, text := range []string{"{", `{"auths":[]}`, `{"auths":{"x":{"auth":"not base64"}}}`} {
		c := image(t, name)
		write(t, filepath.Join(c.Sandbox, ".docker/config.json"), text)
		err := e.Prepare(t.Context(), c, func(string) {})
		if err == nil || !strings.Contains(err.Error(), "config.json") {
			t.Errorf("%s: error %v", text, err)
		}
	}
}

// A link that the user planted must not have the executor read, as root, a file
// of the host.
func TestCredentialsStayInSandbox(t *testing.T) {
	e, r := open(t, shared), dockertest.NewRegistry(t)
	c := image(t, push(t, r, "app:1", 0))
	outside := filepath.Join(t.TempDir(), "config.json")
	write(t, outside, "{}")
	write(t, filepath.Join(c.Sandbox, ".docker/x"), "")
	if err := os.Symlink(outside, filepath.Join(c.Sandbox, ".docker/config.json")); err != nil {
		t.Fatal(err)
	}
	if err := e.Prepare(t.Context(), c, func(string) {}); err == nil {
		t.Error("a link to the outside was followed")
	}
}

func write(t *testing.T, file, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}
