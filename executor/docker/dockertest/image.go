package dockertest

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"strings"

	"github.com/moby/moby/client"
)

// Import makes an image in this engine.
func (e *Engine) Import(ctx context.Context, name string, changes ...string) error {
	return Import(ctx, e.API, name, changes...)
}

// ImportLinks is Import with symbolic links besides, path to target.
func (e *Engine) ImportLinks(ctx context.Context, name string, links map[string]string, changes ...string) error {
	return load(ctx, e.API, name, content{links: links}, changes)
}

// Import makes an image out of the machine's static busybox, with a link in /bin
// for everything that it can do. changes are instructions of a Dockerfile, such as
// "STOPSIGNAL SIGUSR1". The command is none.
func Import(ctx context.Context, api *client.Client, name string, changes ...string) error {
	return load(ctx, api, name, content{}, changes)
}

func load(ctx context.Context, api *client.Client, name string, c content, changes []string) error {
	root, err := rootfs(c)
	if err != nil {
		return fmt.Errorf("make image %s: %w", name, err)
	}
	answer, err := api.ImageImport(ctx, client.ImageImportSource{Source: root, SourceName: "-"}, name, client.ImageImportOptions{Changes: changes})
	if err != nil {
		return fmt.Errorf("make image %s: %w", name, err)
	}
	_, err = io.Copy(io.Discard, answer)
	if err = errors.Join(err, answer.Close()); err != nil {
		return fmt.Errorf("make image %s: %w", name, err)
	}
	return nil
}

// content of an image besides busybox.
type content struct {
	ballast []byte            // of a file
	links   map[string]string // path to target
}

// rootfs is the tar of a root filesystem.
func rootfs(c content) (io.Reader, error) {
	path, err := exec.LookPath("busybox")
	if err != nil {
		return nil, err
	}
	program, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	names, err := exec.Command(path, "--list").Output()
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, dir := range []string{"bin", "tmp", "etc", "proc", "dev", "sys"} {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeDir, Name: dir + "/", Mode: 0o755}); err != nil {
			return nil, err
		}
	}
	if err := add(w, "bin/busybox", 0o755, program); err != nil {
		return nil, err
	}
	if err := add(w, "etc/passwd", 0o644, []byte("root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534::/:/bin/sh\n")); err != nil {
		return nil, err
	}
	if err := add(w, "ballast", 0o644, c.ballast); err != nil {
		return nil, err
	}
	links := map[string]string{}
	maps.Copy(links, c.links)
	for _, name := range strings.Fields(string(names)) {
		if name != "busybox" {
			links["bin/"+name] = "busybox"
		}
	}
	for name, target := range links {
		if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeSymlink, Name: strings.TrimPrefix(name, "/"), Linkname: target, Mode: 0o777}); err != nil {
			return nil, err
		}
	}
	return &b, w.Close()
}

func add(w *tar.Writer, name string, mode int64, content []byte) error {
	if err := w.WriteHeader(&tar.Header{Typeflag: tar.TypeReg, Name: name, Mode: mode, Size: int64(len(content))}); err != nil {
		return err
	}
	_, err := w.Write(content)
	return err
}
