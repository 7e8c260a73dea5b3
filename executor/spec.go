package executor

import (
	"context"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor/checks"
	"github.com/mesos-flocker/flocker-executor/executor/docker"
	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// defaultKillGrace is what a process gets between SIGTERM and SIGKILL when
// neither KILL nor task says (launcher/executor.cpp).
const defaultKillGrace = 3 * time.Second

// Spec is a task in the executor's own words.
type Spec struct {
	Task    string
	Volumes []volumes.Volume
	Command guard.Task
	// Container is nil for a task that is a process. When it is set, Command is
	// empty.
	Container *docker.Container
	KillGrace time.Duration
	// MaxCompletion is how long the task may take from its LAUNCH on; 0 means for ever.
	MaxCompletion time.Duration
	// Check and Health are nil when the task has none. A task with a Check carries
	// a check_status in each of its statuses.
	Check  *checks.Check
	Health *checks.Health
	// Sandbox is the task's own working directory: the executor's, or for a task
	// of a group a folder of its own in it.
	Sandbox string
	// Warnings are for the task's owner, in the message of TASK_STARTING.
	Warnings []string
	// Source says where the command came from, Passed where it could have come
	// from as well; for the log.
	Source string
	Passed []string
}

// SpecOptions is what besides the TaskInfo makes a Spec.
type SpecOptions struct {
	LabelPrefix string
	Arguments   []string // what the executor's own command line leaves over
	RawData     bool     // TaskInfo.data that is no JSON is a shell command
	Environ     []string // the executor's environment
	Sandbox     string
	NodeMemory  uint64 // bytes; 0 means that the kernel is asked
	// Group says that the task is one of a group: its sandbox is a folder of its
	// own, tasks/<task id> in Sandbox, with its own stdout and stderr. The executor
	// makes them.
	Group bool
}

// NewSpec reads a TaskInfo; ctx bounds the look-up of its user. What the task
// asks for and this executor cannot do is an error, never passed over; so is
// everything malformed. Fields that ask nothing of an executor (discovery,
// limits, resources) are accepted.
func NewSpec(ctx context.Context, t mesos.TaskInfo, o SpecOptions) (Spec, error) {
	request, err := volumes.ParseLabels(o.LabelPrefix, labels(t.Labels))
	if err != nil {
		return Spec{}, err
	}
	if isContainer(t, request) {
		return containerSpec(t, request, o)
	}
	if err := unsupported(t, request, o); err != nil {
		return Spec{}, err
	}
	command, err := processCommand(request.Command, t, o)
	if err != nil {
		return Spec{}, err
	}
	process, err := process(ctx, t, request.User, o)
	if err != nil {
		return Spec{}, err
	}
	s := specOf(t, request, command)
	s.Command, s.Sandbox = process, process.Dir
	s.Command.Program, s.Command.Argv = command.program, command.argv
	if err := s.addTimes(t, defaultKillGrace); err != nil {
		return s, err
	}
	return s, s.addChecks(t, checkReader{env: process.Env, read: processCheck, sameUser: func(field, user string) error {
		return sameUser(ctx, field, user, process.User)
	}})
}

// specOf is what processes and containers have in common.
func specOf(t mesos.TaskInfo, r volumes.Request, c command) Spec {
	return Spec{Task: t.TaskID.Value, Volumes: r.Volumes, Warnings: c.warnings, Source: c.source, Passed: c.passed}
}

func labels(l *mesos.Labels) []volumes.Label {
	var out []volumes.Label
	for _, label := range l.GetLabels() {
		out = append(out, volumes.Label{Key: label.Key, Value: label.GetValue()})
	}
	return out
}
