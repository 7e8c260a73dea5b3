package docker_test

import (
	"bufio"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/moby/moby/client"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// stranger is a process that leads a group of its own, and answers while it lives.
type stranger struct {
	pid  int
	ask  io.Writer
	says *bufio.Reader
}

func newStranger(t *testing.T) stranger {
	t.Helper()
	cmd := exec.Command("cat")
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // it was killed
	})
	return stranger{pid: cmd.Process.Pid, ask: stdin, says: bufio.NewReader(stdout)}
}

// wantAlive fails if a signal is on its way that ends it, too.
func (s stranger) wantAlive(t *testing.T) {
	t.Helper()
	_, err := io.WriteString(s.ask, "alive\n")
	if said, reading := s.says.ReadString('\n'); err != nil || reading != nil || said != "alive\n" {
		t.Errorf("a process that is not the container's was killed: %v, %v", err, reading)
	}
}

// A link that the user planted must not have the executor write, as root, to a
// file of the host.
func TestOutputStaysInSandbox(t *testing.T) {
	for _, name := range []string{"stdout", "stderr"} {
		c := task(t, "echo out; echo err >&2")
		outside := filepath.Join(t.TempDir(), "outside")
		write(t, outside, "")
		if err := os.Symlink(outside, filepath.Join(c.Sandbox, name)); err != nil {
			t.Fatal(err)
		}
		b := created(t, open(t, shared), c)
		if _, err := b.Start(t.Context()); !errors.Is(err, syscall.ELOOP) {
			t.Errorf("%s: start: %v", name, err)
		}
		if got := contents(t, outside); got != "" {
			t.Errorf("%s: written outside: %q", name, got)
		}
	}
}

func TestOldCredentialsStayInSandbox(t *testing.T) {
	e, r := open(t, shared), dockertest.NewRegistry(t)
	c := image(t, push(t, r, "app:1", 0))
	outside := filepath.Join(t.TempDir(), "config.json")
	write(t, outside, "{}")
	if err := os.Symlink(outside, filepath.Join(c.Sandbox, ".dockercfg")); err != nil {
		t.Fatal(err)
	}
	if err := e.Prepare(t.Context(), c, func(string) {}); err == nil || errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a link to the outside: %v", err)
	}
}

// A sandbox whose credentials cannot be read is not given the operator's, and no
// error quotes them.
func TestUnreadableCredentials(t *testing.T) {
	r := dockertest.NewRegistry(t)
	r.User, r.Password = "me", "secret"
	name := push(t, r, "private:1", 0)
	operators := filepath.Join(t.TempDir(), "config.json")
	write(t, operators, fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, r.Host, base64.StdEncoding.EncodeToString([]byte("me:secret"))))
	e, err := docker.Open(t.Context(), docker.Options{Socket: shared.Socket, Config: operators})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(e.Close)
	for file, texts := range map[string][]string{
		".docker/config.json": {`{"auths":"hunter2"}`, `{"auths":{"x":{"auth":7,"password":"hunter2"}}`, `hunter2`, `{"auths":{"x":{"auth":"hunter2"}}}`},
		".dockercfg":          {`{"x":"hunter2"}`, `hunter2`, `{"x":{"email":"` + strings.Repeat("x", 2<<20) + `"}}`},
	} {
		for _, text := range texts {
			c := image(t, name)
			write(t, filepath.Join(c.Sandbox, file), text)
			err := e.Prepare(t.Context(), c, func(string) {})
			if err == nil || !strings.Contains(err.Error(), file) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %.80s: error %v", file, text, err)
			}
		}
	}
}

// What the engine is given for a registry, in the forms that logins leave behind.
func TestWhatTheRegistryIsTold(t *testing.T) {
	zeros := base64.StdEncoding.EncodeToString([]byte("me:secret\x00\x00"))
	for name, test := range map[string]struct{ config, image, want string }{
		"Docker's own":     {`{"auths":{"https://index.docker.io/v1/":{"auth":"bWU6c2VjcmV0"}}}`, "nowhere/app", "me:secret"},
		"its short name":   {`{"auths":{"docker.io":{"auth":"bWU6c2VjcmV0"}}}`, "nowhere/app", "me:secret"},
		"filled up":        {`{"auths":{"r:1":{"auth":"` + zeros + `"}}}`, "r:1/app", "me:secret"},
		"identity token":   {`{"auths":{"r:1":{"identitytoken":"it"}}}`, "r:1/app", "it"},
		"registry token":   {`{"auths":{"r:1":{"registrytoken":"rt"}}}`, "r:1/app", "rt"},
		"another port":     {`{"auths":{"r:2":{"auth":"bWU6c2VjcmV0"}}}`, "r:1/app", ""},
		"empty, by helper": {`{"auths":{"r:1":{}},"credsStore":"x"}`, "r:1/app", ""},
	} {
		t.Run(name, func(t *testing.T) {
			told := "nothing was asked"
			e := proxied(t, func(w http.ResponseWriter, q *http.Request) bool {
				if !is(q, http.MethodPost, "/images/create") {
					return false
				}
				told = account(t, q.Header.Get("X-Registry-Auth"))
				return fails(w)
			})
			c := image(t, test.image)
			write(t, filepath.Join(c.Sandbox, ".docker/config.json"), test.config)
			if err := e.Prepare(t.Context(), c, func(string) {}); err == nil {
				t.Error("no error")
			}
			if told != test.want {
				t.Errorf("it is told %q, want %q", told, test.want)
			}
		})
	}
}

// account is who a header names.
func account(t *testing.T, header string) string {
	if header == "" {
		return ""
	}
	text, err := base64.URLEncoding.DecodeString(header)
	var a struct{ Username, Password, Identitytoken, Registrytoken string }
	if err = errors.Join(err, json.Unmarshal(text, &a)); err != nil {
		t.Errorf("header %q: %v", header, err)
	}
	if a.Username != "" {
		return a.Username + ":" + a.Password
	}
	return a.Identitytoken + a.Registrytoken
}

// A dataset's bind is private: nothing that is mounted in the container comes out,
// and nothing that is mounted on it out here goes in.
func TestBindsArePrivate(t *testing.T) {
	dir, device := dataset(t)
	c := task(t, "true")
	b := open(t, shared).Body(c)
	t.Cleanup(func() {
		if err := b.Remove(cleanup(t)); err != nil {
			t.Error(err)
		}
	})
	bind := volumes.BodyBind{Volume: "v", Dataset: "id", Source: dir, Path: "/v", Device: device}
	if err := b.Create(t.Context(), []volumes.BodyBind{bind}); err != nil {
		t.Fatal(err)
	}
	found, err := shared.API.ContainerInspect(t.Context(), c.Name, client.ContainerInspectOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range found.Container.Mounts {
		if m.Propagation != "rprivate" {
			t.Errorf("%s: propagation %q", m.Destination, m.Propagation)
		}
	}
	if len(found.Container.Mounts) != 1 || c.Config.Labels[docker.LabelDataset+"v"] != "" {
		t.Errorf("mounts %v; the task's own labels %v", found.Container.Mounts, c.Config.Labels)
	}
}
