package guard_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestOutputFiles(t *testing.T) {
	w := newUserWorld(t)
	if err := os.WriteFile(filepath.Join(w.sandbox, "stderr"), []byte("before\n"), 0o640); err != nil {
		t.Fatal(err)
	}
	g := start(t, w.config("data"))
	task := w.command("echo out; echo err >&2; stat -c '%u:%g %a' stdout; stat -c '%u:%g %a' stderr >&2; ls /proc/self/fd > fds")
	task.User, task.Stdout, task.Stderr = &nobody, filepath.Join(w.sandbox, "stdout"), filepath.Join(w.sandbox, "stderr")
	w.run(t, g, task)
	if text := w.file(t, "stdout"); text != "out\n4321:5432 644\n" {
		t.Errorf("stdout has %q", text)
	}
	if text := w.file(t, "stderr"); text != "before\nerr\n0:0 640\n" {
		t.Errorf("stderr has %q", text)
	}
	if fds := strings.Join(strings.Fields(w.file(t, "fds")), " "); fds != "0 1 2 3" {
		t.Errorf("open descriptors: %s", fds)
	}
}

// One file for both is written by both at its end.
func TestOutputFilesMayBeOne(t *testing.T) {
	w := newWorld(t)
	g := start(t, w.config("data"))
	task := w.command("echo out; echo err >&2; echo out")
	task.Stdout = filepath.Join(w.sandbox, "output")
	task.Stderr = task.Stdout
	w.run(t, g, task)
	if text := w.file(t, "output"); text != "out\nerr\nout\n" {
		t.Errorf("the file has %q", text)
	}
}

func TestOutputFilesStayInTheSandbox(t *testing.T) {
	w := newWorld(t)
	outside := t.TempDir()
	for _, err := range []error{
		os.Symlink(filepath.Join(outside, "file"), filepath.Join(w.sandbox, "link")),
		os.Symlink(outside, filepath.Join(w.sandbox, "directory")),
		os.Symlink("/proc/self/root", filepath.Join(w.sandbox, "magic")),
		unix.Mkfifo(filepath.Join(w.sandbox, "fifo"), 0o644),
		os.Mkdir(filepath.Join(w.sandbox, "folder"), 0o755),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	g := start(t, w.config("data"))
	for name, want := range map[string]string{
		"link":                         "too many levels of symbolic links",
		"directory/file":               "too many levels of symbolic links",
		"magic" + outside + "/file":    "too many levels of symbolic links",
		"fifo":                         "no such device or address",
		"folder":                       "is a directory",
		"missing/file":                 "no such file or directory",
		"../" + filepath.Base(outside): "not below the sandbox",
	} {
		task := w.command("echo outside")
		task.Stdout = w.sandbox + "/" + name
		if err := g.Run(deadline(t), task); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), task.Stdout) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
	if entries, err := os.ReadDir(outside); err != nil || len(entries) > 0 {
		t.Errorf("outside the sandbox: %v, %v", entries, err)
	}
}
