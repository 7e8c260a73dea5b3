package guard_test

import (
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// A program that is named apart from its argument 0.
func TestProgramApartFromItsName(t *testing.T) {
	w := newWorld(t)
	g := start(t, guard.Config{Sandbox: w.sandbox})
	task := guard.Task{Program: "sh", Argv: []string{"another name", "-c", `tr '\0' '\n' < /proc/$$/cmdline | head -n 1 > name`}, Env: []string{"PATH=/usr/bin:/bin"}, Dir: w.sandbox}
	if err := g.Run(deadline(t), task); err != nil {
		t.Fatal(err)
	}
	if status := exit(t, g); status.ExitStatus() != 0 || w.file(t, "name") != "another name\n" {
		t.Errorf("exit status %d, name %q", status.ExitStatus(), w.file(t, "name"))
	}
}
