package fetch

import (
	"archive/tar"
	"archive/zip"
	"compress/bzip2"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// unpack reads a tar stream in one of its compressions.
var unpack = map[string]func(io.Reader) (io.Reader, error){
	".tar":     func(r io.Reader) (io.Reader, error) { return r, nil },
	".tgz":     gunzip,
	".tar.gz":  gunzip,
	".tbz2":    bunzip,
	".tar.bz2": bunzip,
}

func gunzip(r io.Reader) (io.Reader, error) { return gzip.NewReader(r) }
func bunzip(r io.Reader) (io.Reader, error) { return bzip2.NewReader(r), nil }

func hasSuffix(name string, suffixes ...string) bool {
	for _, s := range suffixes {
		if strings.HasSuffix(name, s) {
			return true
		}
	}
	return false
}

// isArchive goes by the name alone, as mesos-fetcher does.
func isArchive(name string) bool {
	return hasSuffix(name, ".tar", ".tgz", ".tar.gz", ".tbz2", ".tar.bz2", ".txz", ".tar.xz", ".zip", ".gz")
}

// extract unpacks the archive at path into the directory of target, whose name
// tells the archive's kind.
func extract(path, target string) error {
	dir := filepath.Dir(target)
	switch {
	case hasSuffix(target, ".zip"):
		return extractZip(path, dir)
	case hasSuffix(target, ".txz", ".tar.xz"):
		return extractXZ(path, dir)
	}
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	for suffix, reader := range unpack {
		if hasSuffix(target, suffix) {
			plain, err := reader(in)
			if err != nil {
				return err
			}
			return extractTar(plain, dir)
		}
	}
	plain, err := gunzip(in)
	if err != nil {
		return err
	}
	return writeFile(strings.TrimSuffix(target, ".gz"), plain, 0o644)
}

func extractXZ(path, dir string) error {
	cmd := exec.Command("xz", "-dc", path)
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("xz is needed for %s: %w", path, err)
	}
	err = extractTar(out, dir)
	out.Close()
	return errors.Join(err, cmd.Wait())
}

func extractTar(in io.Reader, dir string) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for archive := tar.NewReader(in); ; {
		h, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := unpackEntry(root, filepath.Clean(h.Name), h, archive); err != nil {
			return fmt.Errorf("entry %q: %w", h.Name, err)
		}
	}
}

// unpackEntry restores neither owners nor set-user-id bits; the umask applies.
func unpackEntry(root *os.Root, name string, h *tar.Header, content io.Reader) error {
	mode := os.FileMode(h.Mode).Perm() &^ umask
	if name == "." {
		return nil
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if h.Typeflag != tar.TypeDir {
		// What is there already is replaced, never written through.
		if err := root.Remove(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	switch h.Typeflag {
	case tar.TypeDir:
		if err := root.MkdirAll(name, 0o755); err != nil {
			return err
		}
		return root.Chmod(name, mode)
	case tar.TypeSymlink:
		return errors.Join(makeRoom(root, name), root.Symlink(h.Linkname, name))
	case tar.TypeLink:
		return errors.Join(makeRoom(root, name), root.Link(filepath.Clean(h.Linkname), name))
	case tar.TypeReg:
		return writeInto(root, name, content, mode)
	}
	return fmt.Errorf("type %q is not supported", h.Typeflag)
}

// makeRoom removes what an earlier archive put where a link is to be.
func makeRoom(root *os.Root, name string) error {
	if err := root.Remove(name); !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return nil
}

func writeInto(root *os.Root, name string, content io.Reader, mode os.FileMode) error {
	out, err := root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, content)
	return errors.Join(err, out.Chmod(mode), out.Close())
}

func extractZip(path, dir string) error {
	archive, err := zip.OpenReader(path)
	if err != nil {
		return err
	}
	defer archive.Close()
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	for _, file := range archive.File {
		if err := unzipEntry(root, file); err != nil {
			return fmt.Errorf("entry %q: %w", file.Name, err)
		}
	}
	return nil
}

func unzipEntry(root *os.Root, file *zip.File) error {
	name := filepath.Clean(file.Name)
	if strings.HasSuffix(file.Name, "/") {
		return root.MkdirAll(name, 0o755)
	}
	if err := root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	content, err := file.Open()
	if err != nil {
		return err
	}
	defer content.Close()
	mode := file.Mode().Perm() &^ umask
	if mode == 0 {
		mode = 0o644
	}
	return writeInto(root, name, content, mode)
}
