package main_test

import (
	"strings"
	"testing"
)

// A Marathon app definition is launched as Marathon does, by both commands, and
// killed by Ctrl-C; its data stays.
func TestMarathonApp(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	up := launch(t, "up", "--master-port=0", "--flocker-port=0", "--dir", dir)
	line := up.until(t, "minicluster run --cluster ")
	description := strings.Fields(line[strings.Index(line, "--cluster "):])[1]
	for _, tc := range []struct{ command, says string }{
		{"run", "  started 1 times"},
		{"marathon", "  started 2 times"},
	} {
		p := launch(t, tc.command, "--cluster", description, "examples/marathon/one-volume.json")
		p.until(t, tc.says)
		p.interrupt(t)
		if code := p.exit(t); code != 1 || !strings.Contains(p.output()+p.stderr.String(), "TASK_KILLED") {
			t.Errorf("%s: exit status %d:\n%s\n%s", tc.command, code, p.output(), p.stderr)
		}
	}
	up.interrupt(t)
	if code := up.exit(t); code != 0 {
		t.Errorf("exit status %d:\n%s\n%s", code, up.output(), up.stderr)
	}
	clean(t, dir)
}
