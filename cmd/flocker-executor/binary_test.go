package main

import (
	"debug/elf"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// Every task carries this binary: what it is made of changes only on purpose.
// After a deliberate change: make deps.
func TestDependencies(t *testing.T) {
	got, err := exec.Command("../../.ci/deps").Output()
	if err != nil {
		t.Fatal(err)
	}
	want, err := os.ReadFile("deps.txt")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("dependencies changed (make deps writes deps.txt):\n%s", diff)
	}
}

// The binary that make build makes runs on any agent: it needs no interpreter and
// no library.
func TestStatic(t *testing.T) {
	path := filepath.Join(t.TempDir(), "flocker-executor")
	if out, err := exec.Command("../../.ci/build", path).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	f, err := elf.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			t.Error("the binary names an interpreter")
		}
	}
	if info, err := os.Stat(path); err != nil || info.Size() > 14e6 {
		t.Errorf("the binary has %d bytes, at most 14 MB are allowed (%v)", info.Size(), err)
	}
}
