package docker_test

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor/docker"
)

// archive saves an image into a file of a sandbox and has the engine forget it.
func archive(t *testing.T, name, file string) {
	t.Helper()
	if err := shared.Import(t.Context(), name); err != nil {
		t.Fatal(err)
	}
	saved, err := shared.API.ImageSave(t.Context(), []string{name})
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(saved)
	if err = errors.Join(err, saved.Close()); err != nil {
		t.Fatal(err)
	}
	write(t, file, string(text))
	forget(t, name)
	t.Cleanup(func() { forget(t, name) })
}

func TestLoad(t *testing.T) {
	e := open(t, shared)
	c := image(t, "saved:3")
	c.Image.File = "images/image.tar"
	archive(t, "saved:3", filepath.Join(c.Sandbox, c.Image.File))
	var told []string
	if err := e.Prepare(t.Context(), c, func(s string) { told = append(told, s) }); err != nil {
		t.Fatal(err)
	}
	if len(told) != 1 || told[0] != "loading image saved:3 from images/image.tar" {
		t.Errorf("told %q", told)
	}
	c.Image.File = filepath.Join(c.Sandbox, c.Image.File) // as MESOS_SANDBOX is written out
	if err := e.Prepare(t.Context(), c, func(string) {}); err != nil {
		t.Error("absolute:", err)
	}
}

func TestLoadErrors(t *testing.T) {
	e := open(t, shared)
	c := image(t, "saved:4")
	archive(t, "saved:3", filepath.Join(c.Sandbox, "other.tar"))
	outside := filepath.Join(t.TempDir(), "outside.tar")
	archive(t, "saved:4", outside)
	if err := os.Symlink(outside, filepath.Join(c.Sandbox, "link.tar")); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(c.Sandbox, "text.tar"), "no archive")
	rootfs(t, filepath.Join(c.Sandbox, "rootfs.tar"))
	for file, say := range map[string]string{
		"missing.tar": "no such file",
		"other.tar":   "it holds saved:3",
		"link.tar":    "escapes",
		"../x.tar":    "escapes",
		outside:       "not below the sandbox",
		"text.tar":    "docker save",
		"rootfs.tar":  "docker save",
	} {
		t.Run(filepath.Base(file), func(t *testing.T) {
			c.Image.File = file
			err := e.Prepare(t.Context(), c, func(string) {})
			if !errors.Is(err, docker.ErrArchive) || !strings.Contains(err.Error(), say) {
				t.Errorf("error %v, want %q in it", err, say)
			}
		})
	}
	if _, err := shared.API.ImageInspect(t.Context(), "saved:4"); err == nil {
		t.Error("it was loaded all the same")
	}
}

// rootfs writes what `docker export` would.
func rootfs(t *testing.T, file string) {
	t.Helper()
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(f)
	err = w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: "bin/", Mode: 0o755})
	if err = errors.Join(err, w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
}
