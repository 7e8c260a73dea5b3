package executor

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// process is the task's process, but for its program. label is flocker.user.
func process(ctx context.Context, t mesos.TaskInfo, label string, o SpecOptions) (p guard.Task, err error) {
	if p.Dir, err = taskSandbox(t.TaskID.Value, o); err != nil {
		return p, err
	}
	if o.Group {
		p.Stdout, p.Stderr = filepath.Join(p.Dir, "stdout"), filepath.Join(p.Dir, "stderr")
	}
	if p.Env, err = taskEnvironment(t, p.Dir, o); err != nil {
		return p, err
	}
	if p.User, err = taskUser(ctx,
		wanted{"label " + o.LabelPrefix + "user", label},
		wanted{"TaskInfo.command.user", t.Command.GetUser()}); err != nil {
		return p, err
	}
	if p.Limits, err = limits(t.Container.GetRlimitInfo()); err != nil {
		return p, err
	}
	if p.Capabilities, err = capabilities(t.Container.GetLinuxInfo()); err != nil {
		return p, err
	}
	p.TTY, err = terminal(t.Container.GetTTYInfo())
	return p, err
}

// addTimes completes a Spec; grace is what its kind of task has by default.
func (s *Spec) addTimes(t mesos.TaskInfo, grace time.Duration) (err error) {
	if s.KillGrace, err = span("kill_policy.grace_period", t.KillPolicy.GetGracePeriod(), grace); err != nil {
		return err
	}
	s.MaxCompletion, err = span("max_completion_time", t.MaxCompletionTime, 0)
	return err
}

// addChecks completes a Spec; r says how its kind of task reads a command.
func (s *Spec) addChecks(t mesos.TaskInfo, r checkReader) (err error) {
	r.field = "check"
	if s.Check, err = r.check(t.Check); err != nil {
		return err
	}
	r.field = "health_check"
	s.Health, err = r.health(t.HealthCheck)
	return err
}

// processCheck reads the command of a check that runs beside a process.
func processCheck(field string, c *mesos.CommandInfo) (program string, argv []string, err error) {
	return infoCommand(field, c, true)
}

// span of time that a field says, which the master allows to be 0.
func span(field string, d *mesos.DurationInfo, otherwise time.Duration) (time.Duration, error) {
	switch {
	case d == nil:
		return otherwise, nil
	case d.Nanoseconds < 0:
		return 0, fmt.Errorf("%s: %v: must not be negative", field, time.Duration(d.Nanoseconds))
	}
	return time.Duration(d.Nanoseconds), nil
}

// sameUser refuses a check's command that wants to run as somebody else than the
// task; nil is the executor's own user.
func sameUser(ctx context.Context, field, text string, own *guard.User) error {
	if text == "" {
		return nil
	}
	uid := uint32(os.Geteuid())
	if own != nil {
		uid = own.UID
	}
	u, err := lookupUser(ctx, text)
	if err == nil && u.UID != uid {
		err = fmt.Errorf("a check runs as the task's user, which is %d: leave it out", uid)
	}
	if err != nil {
		return fmt.Errorf("%s: value %q: %w", field, text, err)
	}
	return nil
}
