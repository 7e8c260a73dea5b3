package executor

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

const variableContainerName = "MESOS_CONTAINER_NAME"

// command has the same carriers as a process's, and there may be none: then the
// image's own runs. A script takes the place of the image's entrypoint, words
// are its arguments (docker/docker.cpp).
func (d *draft) command() (command, error) {
	if uris := d.task.Command.GetURIs(); len(uris) > 0 {
		_, _, err := infoCommand("TaskInfo.command", d.task.Command, false)
		return command{}, err
	}
	own := candidate{source: "TaskInfo.command", argv: containerWords(d.task.Command), script: d.task.Command.GetShell()}
	c, err := chooseCommand(own, d.request.Command, d.task, d.options)
	switch {
	case err != nil:
		return c, err
	case len(c.argv) == 0:
		c.source = "the image"
	case c.script:
		d.c.Config.Entrypoint, d.c.Config.Cmd = c.argv[:1], c.argv[1:]
	default:
		d.c.Config.Cmd = c.argv
	}
	return c, nil
}

// containerWords are a script for the shell, or, other than for a process, the
// value followed by all arguments.
func containerWords(c *mesos.CommandInfo) []string {
	switch {
	case c == nil:
		return nil
	case c.GetShell():
		return shell(c.GetValue())
	case c.Value == nil:
		return c.Arguments
	}
	return append([]string{c.GetValue()}, c.Arguments...)
}

// containerCheck reads a command that runs in the container (checker_process.cpp,
// dockerHealthCheck): the shell is the image's.
func containerCheck(field string, c *mesos.CommandInfo) (program string, argv []string, err error) {
	if len(c.GetURIs()) > 0 || strings.TrimSpace(c.GetValue()) == "" {
		return infoCommand(field, c, true)
	}
	words := containerWords(c)
	if slices.ContainsFunc(words, func(w string) bool { return strings.ContainsRune(w, 0) }) {
		return "", nil, fmt.Errorf("%s: contains a zero byte", field)
	}
	return "", words, nil
}

// user is a name or number of the image, so that nothing is looked up here.
func (d *draft) user() error {
	label, own := d.request.User, d.task.Command.GetUser()
	if label != "" && own != "" && label != own {
		return fmt.Errorf("label %suser is %q and TaskInfo.command.user is %q: give only one", d.options.LabelPrefix, label, own)
	}
	if d.c.Config.User = label; label == "" {
		d.c.Config.User = own
	}
	return nil
}

func (d *draft) sameUser(field, user string) error {
	if user == "" || user == d.c.Config.User {
		return nil
	}
	return fmt.Errorf("%s: value %q: a check runs as the container's user, %q: leave it out", field, user, d.c.Config.User)
}

// environment: the executor's own is not passed on, but what its ExecutorInfo
// says is, for it may be the only place where a framework can say something.
func (d *draft) environment() error {
	env, err := d.executorVariables()
	if err != nil {
		return err
	}
	if env, err = addVariables(env, "TaskInfo.command", d.task.Command.GetEnvironment()); err != nil {
		return err
	}
	env = setVariable(env, variableSandbox, mappedSandbox)
	env = setVariable(env, variableContainerName, d.c.Name)
	d.c.Config.Env = setVariable(env, variableRole, role(d.task.Resources))
	return nil
}

// executorVariables are those of ExecutorInfo.command.environment but the hidden
// ones. The agent has put what its secrets are into the executor's environment.
func (d *draft) executorVariables() (env []string, err error) {
	var out mesos.Environment
	for _, v := range d.task.Executor.GetCommand().GetEnvironment().GetVariables() {
		if isHidden(v.Name) {
			continue
		}
		if v.GetType() == mesos.Environment_Variable_SECRET && v.Secret.GetType() == mesos.Secret_REFERENCE {
			value := variableOf(d.options.Environ, v.Name)
			if value == "" {
				return nil, fmt.Errorf("ExecutorInfo.command.environment: variable %q: %w", v.Name, errors.New("the agent has not resolved its secret"))
			}
			v = mesos.Environment_Variable{Name: v.Name, Value: &value}
		}
		out.Variables = append(out.Variables, v)
	}
	return addVariables(nil, "ExecutorInfo.command", &out)
}
