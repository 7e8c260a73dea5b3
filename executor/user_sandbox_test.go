package executor

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func ownerOf(t *testing.T, path string) [2]uint32 {
	t.Helper()
	info, err := os.Lstat(path)
	if err != nil {
		t.Fatal(err)
	}
	st := info.Sys().(*syscall.Stat_t)
	return [2]uint32{st.Uid, st.Gid}
}

// The task's user gets the sandbox with its output, and nothing else, wherever
// links lead.
func TestGiveSandbox(t *testing.T) {
	dir := t.TempDir()
	sandbox := filepath.Join(dir, "sandbox")
	for _, err := range []error{
		os.Mkdir(sandbox, 0o750),
		os.WriteFile(filepath.Join(dir, "outside"), nil, 0o600),
		os.WriteFile(filepath.Join(dir, "linked"), nil, 0o600),
		os.WriteFile(filepath.Join(sandbox, "stdout"), nil, 0o600),
		os.WriteFile(filepath.Join(sandbox, "other"), nil, 0o600),
		os.Symlink(filepath.Join(dir, "outside"), filepath.Join(sandbox, "stderr")),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	user, root := [2]uint32{4711, 4712}, [2]uint32{}
	u := guard.User{UID: user[0], GID: user[1]}
	expect := func(want map[string][2]uint32) {
		t.Helper()
		if err := giveSandbox(sandbox, sandbox, u); err != nil {
			t.Fatal(err)
		}
		for path, owner := range want {
			if got := ownerOf(t, filepath.Join(dir, path)); got != owner {
				t.Errorf("%s belongs to %v, want %v", path, got, owner)
			}
		}
	}
	expect(map[string][2]uint32{".": root, "sandbox": user, "sandbox/stdout": user, "sandbox/other": root, "sandbox/stderr": root, "outside": root})
	if err := os.Remove(filepath.Join(sandbox, "stderr")); err != nil {
		t.Fatal(err)
	}
	expect(map[string][2]uint32{"sandbox": user}) // again, and without stderr
	if err := os.Link(filepath.Join(dir, "linked"), filepath.Join(sandbox, "stderr")); err != nil {
		t.Fatal(err)
	}
	expect(map[string][2]uint32{"linked": root})

	link := filepath.Join(dir, "link")
	if err := os.Symlink(sandbox, link); err != nil {
		t.Fatal(err)
	}
	if err := giveSandbox(link, link, u); err == nil {
		t.Error("a link is followed")
	}
	if err := giveSandbox(sandbox, filepath.Join(dir, "none"), u); err == nil {
		t.Error("a missing sandbox is given away")
	}
}

// The way to a sandbox within the executor's is open to its user, and no more.
func TestGiveSandboxWithinAnother(t *testing.T) {
	executors := filepath.Join(t.TempDir(), "sandbox")
	sandbox := filepath.Join(executors, "tasks", "t")
	if err := os.MkdirAll(sandbox, 0o750); err != nil {
		t.Fatal(err)
	}
	u := guard.User{UID: 4711, GID: 4712}
	mode := func() os.FileMode {
		info, err := os.Stat(executors)
		if err != nil {
			t.Fatal(err)
		}
		return info.Mode().Perm()
	}
	if err := giveSandbox(executors, executors, u); err != nil || mode() != 0o750 {
		t.Errorf("the executor's own: %v, mode %v", err, mode())
	}
	if err := errors.Join(os.Chown(executors, 0, 0), giveSandbox(executors, sandbox, u)); err != nil || mode() != 0o751 {
		t.Errorf("%v, mode %v", err, mode())
	}
	if ownerOf(t, executors) != [2]uint32{} || ownerOf(t, sandbox) != [2]uint32{4711, 4712} {
		t.Errorf("owners %v and %v", ownerOf(t, executors), ownerOf(t, sandbox))
	}
}
