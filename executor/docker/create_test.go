package docker_test

import (
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/executor/docker/dockertest"
	"github.com/mesos-flocker/flocker-executor/volumes"
)

// dataset is a mount of its own.
func dataset(t *testing.T) (dir string, device uint64) {
	t.Helper()
	dir = t.TempDir()
	if err := unix.Mount("flocker-test", dir, "tmpfs", 0, "size=1m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	var s unix.Stat_t
	if err := unix.Stat(dir, &s); err != nil {
		t.Fatal(err)
	}
	return dir, s.Dev
}

func TestBinds(t *testing.T) {
	e := open(t, shared)
	rw, rwDevice := dataset(t)
	ro, roDevice := dataset(t)
	c := task(t, "echo x >/var/data/x; echo y >/ro/y || echo refused; sleep 1000")
	b := e.Body(c)
	defer func() {
		if err := b.Remove(t.Context()); err != nil {
			t.Error(err)
		}
	}()
	if err := b.Create(t.Context(), []volumes.BodyBind{
		{Volume: "rw", Dataset: "id-rw", Source: rw, Path: "/var/data", Device: rwDevice},
		{Volume: "ro", Dataset: "id-ro", Source: ro, Path: "/ro", Device: roDevice, ReadOnly: true},
	}); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantOutput(t, c.Stdout, "refused")
	if said := string(b.Running().Inspect); !strings.Contains(said, `"flocker-executor.dataset.rw":"id-rw"`) || !strings.Contains(said, `"flocker-executor.dataset.ro":"id-ro"`) {
		t.Errorf("labels: %s", said)
	}
	if got := contents(t, filepath.Join(rw, "x")); got != "x\n" {
		t.Errorf("file in the dataset: %q", got)
	}
}

// An engine makes no directory where a dataset should be.
func TestBindOfWhatIsMissing(t *testing.T) {
	source := filepath.Join(t.TempDir(), "missing")
	b := open(t, shared).Body(task(t, "true"))
	if err := b.Create(t.Context(), []volumes.BodyBind{{Source: source, Path: "/data"}}); err == nil {
		t.Error("no error")
	}
	if _, err := os.Stat(source); err == nil {
		t.Error("it was made")
	}
	if err := b.Remove(t.Context()); err != nil {
		t.Error(err)
	}
}

// What the image declares at the dataset's path gives way to it; what it declares
// inside would not be in the dataset.
func TestBindOverTheImagesVolumes(t *testing.T) {
	for declared, want := range map[string]string{
		"/data":       "",
		"/data/":      "",
		"/data/cache": "declares a volume at /data/cache, inside the path /data of volume v",
	} {
		t.Run(declared, func(t *testing.T) {
			if err := shared.Import(t.Context(), "with-volume", "VOLUME "+declared); err != nil {
				t.Fatal(err)
			}
			dir, device := dataset(t)
			c := task(t, "true")
			c.Image.Reference = "with-volume"
			b := open(t, shared).Body(c)
			err := b.Create(t.Context(), []volumes.BodyBind{{Volume: "v", Source: dir, Path: "/data", Device: device}})
			switch {
			case want == "" && (err != nil || volumesOf(t) != 0):
				t.Errorf("error %v, %d volumes of the engine's", err, volumesOf(t))
			case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
				t.Errorf("error %v", err)
			}
			if err := b.Remove(t.Context()); err != nil {
				t.Error(err)
			}
			if n := volumesOf(t); n != 0 {
				t.Errorf("%d volumes left", n)
			}
		})
	}
}

func TestNameConflict(t *testing.T) {
	e := open(t, shared)
	c := task(t, "sleep 1000")
	first := started(t, e, c)
	other := c
	other.Config.Labels = maps.Clone(c.Config.Labels)
	other.Config.Labels["task"] = "another"
	if err := e.Body(other).Create(t.Context(), nil); !errors.Is(err, docker.ErrName) {
		t.Errorf("another's: %v", err)
	}
	second := e.Body(c)
	if err := second.Create(t.Context(), nil); err != nil {
		t.Errorf("its own leftover: %v", err)
	}
	ended(t, first)
	if err := second.Remove(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestStartOfWhatIsMissing(t *testing.T) {
	c := task(t, "")
	c.Config.Cmd = []string{"/no/such/program"}
	b := created(t, open(t, shared), c)
	if _, err := b.Start(t.Context()); err == nil || !strings.Contains(err.Error(), "/no/such/program") {
		t.Errorf("error %v", err)
	}
}

func TestRunning(t *testing.T) {
	b := started(t, open(t, shared), task(t, "sleep 1000"))
	r := b.Running()
	if r.PID == 0 || !strings.HasPrefix(string(r.Inspect), `[{"Id":"`+r.ID+`"`) || !strings.HasSuffix(strings.TrimSpace(string(r.Inspect)), "]") {
		t.Errorf("%d %s %.200s", r.PID, r.ID, r.Inspect)
	}
	if len(r.Networks) != 1 || r.Networks[0].Name != "none" || r.Networks[0].IPv4.IsValid() {
		t.Errorf("networks %v", r.Networks)
	}
}

func TestNetworkOfABridge(t *testing.T) {
	t.Parallel()
	c := task(t, "sleep 1000")
	c.Host.NetworkMode = "bridge"
	b := started(t, open(t, dockertest.New(t, dockertest.Options{Bridge: true})), c)
	n := b.Running().Networks
	if len(n) != 1 || n[0].Name != "bridge" || !n[0].IPv4.Is4() {
		t.Errorf("networks %v", n)
	}
}
