package executor_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// designed are the differences from docker run that are meant: one of the two
// refuses a value with this error, the other takes it.
var designed = []struct{ option, err, why string }{
	{"", `value "": `, "an option without a value is a mistake"},
	{"", `contains a zero byte`, "no command line can carry one"},
	{"env|e", `the executor's own environment is not passed on`, "a name alone means the command line's own variable"},
	{"label|l", `labels that begin with flocker-executor. are`, "the executor finds its containers by them"},
	{"volume|v|tmpfs|mount", `there is .* already`, "the last would win"},
	{"volume|v|tmpfs|mount", `it would hide the container's own files or its sandbox`, "the engine fails at the start, or hides them"},
	{"volume|v|tmpfs", `must be absolute|an absolute path or the name of a docker volume`, "the engine fails at the start, or takes it for something else"},
	{"volume|v|mount", `propagation shared and rshared|are the node's datasets`, "a dataset would leave, or come without a lease"},
	{"device", `<device of the node>`, "the engine fails at the start"},
	{"blkio-weight.*", `0 to 1000|10 to 1000`, "engines whose kernel knows weights refuse it"},
	{"health-cmd", `a shell command is allowed`, "no-healthcheck says it"},
	{"ipc|pid|uts|userns|cgroupns", `are allowed`, "no engine starts it"},
	{"expose|publish|p", `from 1 to 65535|protocol ".*": tcp, udp and sctp`, "port 0 is any port of the node; a protocol is never passed over"},
	{"publish|p", `not among the task's resource ports`, "it may be another task's"},
	{"publish|p", `Invalid ip address|invalid hostPort|published=, target=`, "addresses without brackets are fine; no field is passed over"},
	{"network|net", `has no choice of them|ports are mapped only in|has the node's name|"name=": |the name of a network are allowed`, "the engine fails at the start, or passes over it"},
	{"network|net", `links are only supported for user-defined networks`, "Mesos always names a network, and BRIDGE has links"},
	{"add-host", `add-host`, "= and brackets are as in later command lines"},
	{"security-opt", `seccomp profile`, "a profile is its text, not a file"},
	{"mount", `unexpected key 'bind-recursive'|unexpected key 'bind-nonrecursive'`, "later command lines have the one, earlier ones the other"},
	{"mount", `bind, volume and tmpfs are allowed`, "others are for other engines"},
	{"network|net", `invalid field key link-local-ip`, "later command lines have it"},
	{"ip.*|network|net|link-local-ip", `invalid IPv.* address`, "blanks are taken away, as by later command lines"},
	{"memory.*|shm-size|device-.*-bps|mount|m", `invalid size|invalid value for tmpfs-size|a size is allowed|/dev/<device>:<rate>`, "sizes are as in later command lines"},
}

func meant(p pairs, err error) bool {
	for _, d := range designed {
		for _, pair := range p {
			if d.option == "" || regexp.MustCompile("^(?:"+d.option+")$").MatchString(pair[0]) {
				if regexp.MustCompile(d.err).MatchString(err.Error()) {
					return true
				}
			}
		}
	}
	return false
}

// agree says how the container of a task differs from docker run's of the same
// options.
func (h *byHand) agree(ctx context.Context, p pairs) string {
	ours, err := h.byTask(ctx, p)
	theirs, refused := h.byCommand(ctx, p)
	switch {
	case err != nil && refused != nil, err != nil && meant(p, err), refused != nil && meant(p, refused):
		return ""
	case err != nil:
		return fmt.Sprintf("%q: docker run takes it, and a task is refused: %v", p, err)
	case refused != nil:
		return fmt.Sprintf("%q: docker run refuses it: %v", p, refused)
	}
	if d := unlike(theirs, ours); d != "" {
		return fmt.Sprintf("%q: docker run's container has (-), a task's has (+): %s", p, d)
	}
	return ""
}

// TestAsDockerRun has the command line of the same engine for a reference. The
// generated options are the same every time; others are a soak's.
func TestAsDockerRun(t *testing.T) {
	h := newByHand(t)
	lines, more := dockerRunLines(t)
	t.Run("known", func(t *testing.T) { agreeOn(t, h, lines) })
	t.Run("generated", func(t *testing.T) {
		generated := options(slices.Concat(lines, more))
		var examples []pairs
		for seed := range 150 {
			examples = append(examples, generated.Example(seed))
		}
		agreeOn(t, h, examples)
	})
}

// options are up to three, with values much like those of the lines.
func options(lines []pairs) *rapid.Generator[pairs] {
	all := optionValues(lines)
	names := slices.Sorted(maps.Keys(all))
	return rapid.Custom(func(r *rapid.T) (p pairs) {
		for range rapid.IntRange(1, 3).Draw(r, "options") {
			name := rapid.SampledFrom(names).Draw(r, "option")
			pair := [2]string{name, mutated(r, rapid.SampledFrom(all[name]).Draw(r, "value"))}
			if harmless(pair) {
				p = append(p, pair)
			}
		}
		return p
	})
}

// dockerRunLines are options with values that docker run takes or refuses. Every
// option that a task may have is among them. Behind the empty line are more values
// to generate others from.
func dockerRunLines(t *testing.T) (lines, more []pairs) {
	t.Helper()
	text, err := os.ReadFile("testdata/docker-run.txt")
	if err != nil {
		t.Fatal(err)
	}
	known, _ := executor.DockerParameters()
	first, second, _ := strings.Cut(strings.TrimSuffix(string(text), "\n"), "\n\n")
	lines, more = pairsOf(first), pairsOf(second)
	for _, p := range lines {
		known = slices.DeleteFunc(known, func(name string) bool { return p.names(name) })
	}
	if len(known) > 0 {
		t.Errorf("not compared with docker run: %v", known)
	}
	return lines, more
}

// pairsOf has <option> <value> ;; <option> <value> in each line.
func pairsOf(text string) (all []pairs) {
	for _, line := range strings.Split(text, "\n") {
		var p pairs
		for _, field := range strings.Split(line, " ;; ") {
			key, value, _ := strings.Cut(field, " ")
			p = append(p, [2]string{key, value})
		}
		all = append(all, p)
	}
	return all
}

func agreeOn(t *testing.T, h *byHand, lines []pairs) {
	var g errgroup.Group
	g.SetLimit(4) // the command line waits for the engine half of the time
	for _, p := range lines {
		g.Go(func() error {
			if d := h.agree(t.Context(), p); d != "" {
				t.Error(d)
			}
			return nil
		})
	}
	_ = g.Wait() // they tell themselves
}

// optionValues to begin with.
func optionValues(lines []pairs) map[string][]string {
	all := map[string][]string{}
	for _, p := range lines {
		for _, pair := range p {
			all[pair[0]] = append(all[pair[0]], pair[1])
		}
	}
	for _, row := range parameterRows {
		all[row.key] = append(all[row.key], row.value)
	}
	// An engine looks for a plugin of a wrong name for 15 s.
	delete(all, "log-driver")
	delete(all, "volume-driver")
	return all
}

// mutated is a value with up to three characters more, less, or other ones.
func mutated(r *rapid.T, value string) string {
	text := []rune(value)
	for range rapid.IntRange(0, 3).Draw(r, "changes") {
		at := rapid.IntRange(0, len(text)).Draw(r, "at")
		rest := text[min(len(text), at+rapid.IntRange(0, 1).Draw(r, "less")):]
		more := rapid.SliceOfN(rapid.SampledFrom([]rune(" :=,./-_+019aegmxAZ\"[]*é")), 0, 1).Draw(r, "more")
		text = slices.Concat(text[:at], more, rest)
	}
	return string(text)
}

// harmless: an engine makes the directories that a volume names, and looks for
// the plugins of mounts.
func harmless(pair [2]string) bool {
	option, value := pair[0], pair[1]
	if source, _, _ := strings.Cut(value, ":"); (option == "volume" || option == "v") && strings.Contains(source, "/") {
		_, err := os.Stat(path.Clean("/" + source))
		return err == nil
	}
	return option != "mount" || !strings.Contains(strings.ToLower(value), "volume-d")
}
