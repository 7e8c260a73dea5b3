package executor_test

import (
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// traps that a test sees at work or hears of.
type traps struct{ redirected, ranOutside, forked, either bool }

func warned(warnings []string) (t traps) {
	for _, w := range warnings {
		t.redirected = t.redirected || strings.Contains(w, "obeyed twice")
		t.ranOutside = t.ranOutside || strings.Contains(w, "ran twice") || strings.Contains(w, "runs twice")
		t.forked = t.forked || strings.Contains(w, "go on without it") || strings.Contains(w, "runs twice")
		t.either = t.either || strings.Contains(w, "to others")
	}
	return t
}

// What is said of a cmd is what the shell that starts the executor does with it.
func TestMarathonTrapsAreReal(t *testing.T) {
	for cmd, want := range map[string]traps{
		"./mark a":                                    {},
		"./mark a; ./mark b > out":                    {},
		"./mark a && ./mark b > out":                  {},
		"./mark a || ./mark b | ./mark c":             {},
		"./mark a\n./mark b > out":                    {},
		"\n./mark a > out":                            {},
		"./mark a \\\n b":                             {},
		"./mark a # > out | x &":                      {},
		"./mark 'a > b' \"c | d &\" e\\>f":            {},
		"FOO=bar ./mark a":                            {},
		"./mark $HOME \"${X:-y}\" $((1+1))":           {},
		"./mark '$(./mark s)'":                        {},
		"./mark a && ./mark $(./mark s)":              {},
		"'./mark a; ./mark b > out'":                  {},
		"\"./mark a; ./mark b > out\"":                {},
		"./mark a > out":                              {redirected: true},
		"./mark \"it's\" > out":                       {redirected: true},
		"./mark ${X:-> out}":                          {},
		"./mark a && \\\n{ ./mark b & }":              {},
		"> out ./mark a":                              {redirected: true},
		"./mark a 2>&1":                               {redirected: true},
		"./mark a >>'my out' 2> err < in":             {redirected: true},
		"./mark a >|out; ./mark b":                    {redirected: true},
		"cat <<EOF && ./mark b\na & b\nEOF":           {redirected: true},
		"cat <<EOF &&\na & b\nEOF\n./mark b":          {redirected: true},
		"./mark a > $(./mark out)":                    {redirected: true, ranOutside: true},
		"./mark $(./mark s)":                          {ranOutside: true},
		"./mark `./mark s`":                           {ranOutside: true},
		"./mark \"x $(./mark \"s)\")\"":               {ranOutside: true},
		"./mark ${X:-$(./mark s)}":                    {ranOutside: true},
		"./mark $(($(./mark s)+1))":                   {ranOutside: true},
		"./mark a | ./mark b":                         {ranOutside: true, forked: true},
		"./mark a|./mark b; ./mark c":                 {ranOutside: true, forked: true},
		"./mark a 2>&1 | ./mark b > out":              {redirected: true, ranOutside: true, forked: true},
		"./mark a | while ./mark b; do break; done &": {ranOutside: true, forked: true},
		"./mark a &":                                  {forked: true},
		"./mark a && ./mark b &":                      {forked: true},
		"./mark a &&\n ./mark b &":                    {forked: true},
		"./mark a > out & ./mark b":                   {redirected: true, forked: true, ranOutside: true},
		"./mark a & #":                                {forked: true},
		"./mark a && ./mark b; true &":                {},
		"./mark a && { ./mark b & }":                  {},
		"./mark a && ( ./mark b & )":                  {},
		"./mark a && if true; then a &":               {},
	} {
		t.Run(cmd, func(t *testing.T) {
			did, args, started := runMarathon(t, cmd)
			s, err := marathonSpec(t, marathonLine("./x", cmd), args...)
			if err != nil {
				t.Fatal(err)
			}
			said := warned(s.Warnings)
			if cmd == "./mark a > out & ./mark b" {
				said.ranOutside = true // part of going on without the executor
			}
			if d := cmp.Diff(want, said, cmp.AllowUnexported(traps{})); d != "" {
				t.Errorf("said: %s\n%q", d, s.Warnings)
			}
			if d := cmp.Diff(want, did, cmp.AllowUnexported(traps{})); started && d != "" {
				t.Errorf("done: %s", d)
			}
		})
	}
}

// The same for what nobody has thought of.
func TestMarathonTrapsOfAnyCmd(t *testing.T) {
	words := []string{
		"./mark a", "./mark b", "c", "'q > r'", `"d $(./mark s)"`, "$(./mark t)", "`./mark u`", "${X:-$(./mark v)}", `e\;f`, "'", `"`, "$X", "${Y#z}",
		"> out", "2>&1", "<in", ";", "\n", "&&", "||", "|", "#", "\\\n", "(", ")", "{", "}", "!", "case",
	}
	rapid.Check(t, func(r *rapid.T) {
		cmd := "./mark a " + strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 8).Draw(r, "words"), " ")
		did, args, started := runMarathon(t, cmd)
		if !started {
			return
		}
		s, err := marathonSpec(t, marathonLine("./x", cmd), args...)
		if err != nil {
			r.Fatal(err)
		}
		said := warned(s.Warnings)
		if said.forked {
			did.ranOutside = said.ranOutside // what is in a pipeline need not tell
		}
		if d := cmp.Diff(did, said, cmp.AllowUnexported(traps{})); d != "" {
			r.Errorf("%q: done and said differ: %s\n%q", cmd, d, s.Warnings)
		}
	})
}

// standIn takes the executor's place: it tells its arguments and standard files.
const standIn = `#!/bin/sh
echo $$ >&4
for fd in 0 1 2; do
	file=$(readlink /proc/$$/fd/$fd)
	echo "$file" >&4
done
printf '%s\0' "$@" >&4
`

// mark tells that it was run.
const mark = "#!/bin/sh\necho mark >&5\n"

// runMarathon runs Marathon's line as an agent does. started says that it came
// to the executor, with what arguments.
func runMarathon(t *testing.T, cmd string) (did traps, args []string, started bool) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range map[string]string{"x": standIn, "mark": mark, "in": "", "stdout": "", "stderr": "", "told": "", "marks": ""} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	alive, end, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = alive.Close() }()
	told, marks := appendTo(t, dir, "told"), appendTo(t, dir, "marks")
	c := exec.CommandContext(t.Context(), "/bin/sh", "-c", marathonLine("./x", cmd))
	c.Dir, c.ExtraFiles = dir, []*os.File{end, told, marks}
	c.Stdout, c.Stderr = appendTo(t, dir, "stdout"), appendTo(t, dir, "stderr")
	err = c.Run()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	_ = end.Close()
	if _, err := io.Copy(io.Discard, alive); err != nil { // everybody has ended
		t.Fatal(err)
	}
	lines := strings.SplitN(content(t, dir, "told"), "\n", 5)
	if len(lines) < 5 {
		return did, nil, false
	}
	args = strings.Split(strings.TrimSuffix(lines[4], "\x00"), "\x00")
	std := lines[1:4]
	piped := strings.HasPrefix(std[1], "pipe:")
	did.redirected = std[0] != "/dev/null" || !piped && std[1] != filepath.Join(dir, "stdout") || std[2] != filepath.Join(dir, "stderr")
	did.ranOutside = content(t, dir, "marks") != ""
	did.forked = lines[0] != strconv.Itoa(c.Process.Pid)
	return did, args, true
}

func appendTo(t *testing.T, dir, name string) *os.File {
	t.Helper()
	f, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func content(t *testing.T, dir, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
