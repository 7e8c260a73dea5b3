package replay_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/replay"
)

// recordedContext is what a recorded executor said of itself.
type recordedContext struct {
	Argv    []string
	Cwd     string
	Env     []string
	OpenFds []struct {
		openFd
		Fd string
	} `json:"open_fds"`
	Chain []struct {
		UID, Umask string
	} `json:"ppid_chain"`
}

// checkContext waits for the executor and compares its process with the
// recorded one: arguments, variables, working directory, descriptors, session.
// Descriptors from 3 on are leaks of the real agent; limits, cgroups and
// namespaces' numbers are the machine's.
func (r *rig) checkContext(ctx context.Context, p *replay.Player, data []byte) error {
	if err := r.awaitStub(ctx, ""); err != nil {
		return err
	}
	var want recordedContext
	if err := json.Unmarshal(data, &want); err != nil {
		return err
	}
	got := r.stubs.last().hello
	r.match(p, "argv", strings.Join(want.Argv[1:], " "), strings.Join(got.Argv, " "))
	r.match(p, "cwd", want.Cwd, got.Cwd)
	r.matchEnv(p, want.Env, got.Env)
	for i, fd := range want.OpenFds[:3] {
		r.match(p, "descriptor "+fd.Fd, fd.Target+" "+fd.Flags, got.Fds[i].Target+" "+got.Fds[i].Flags)
	}
	if len(want.Chain) > 0 {
		r.match(p, "umask", want.Chain[0].Umask, fmt.Sprintf("%04o", got.Umask))
		r.match(p, "uid", strings.Fields(want.Chain[0].UID)[0], fmt.Sprint(got.UID))
	}
	if got.Session != got.Group || got.Session != got.PPID {
		r.differ(fmt.Sprintf("executor: session %d, group %d, parent %d; recorded: its parent leads both", got.Session, got.Group, got.PPID))
	}
	return nil
}

// unstable are the variables whose values have no counterpart.
var unstable = []string{"MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "MESOS_DOMAIN_SOCKET"}

func (r *rig) matchEnv(p *replay.Player, want, got []string) {
	got = slices.Clone(got)
	slices.Sort(got)
	name := func(line string) string { n, _, _ := strings.Cut(line, "="); return n }
	names := func(lines []string) string {
		var out []string
		for _, l := range lines {
			out = append(out, name(l))
		}
		return strings.Join(out, " ")
	}
	if names(want) != names(got) {
		r.differ(fmt.Sprintf("environment: recorded %s\n live %s", names(want), names(got)))
		return
	}
	for i := range want {
		if !slices.Contains(unstable, name(want[i])) {
			r.match(p, "environment", want[i], got[i])
		}
	}
}

func (r *rig) match(p *replay.Player, what, recorded, live string) {
	if err := p.Names().Match(recorded, live); err != nil {
		r.differ(fmt.Sprintf("%s: %v", what, err))
	}
}
