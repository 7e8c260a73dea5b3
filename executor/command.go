package executor

import (
	"fmt"
	"slices"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// command of a task, and which of its possible sources won.
type command struct {
	program  string // "" means the first of argv
	argv     []string
	script   bool // argv is a shell and its script
	source   string
	passed   []string
	warnings []string
}

// candidate is one source of a command; no argv means that it holds none.
type candidate struct {
	source  string
	program string
	argv    []string
	script  bool
}

// chooseCommand takes the first source that holds a command; there may be none.
// own is what TaskInfo.command says.
func chooseCommand(own candidate, label string, t mesos.TaskInfo, o SpecOptions) (command, error) {
	fromData, err := dataCommand(t.Data, o.RawData)
	if err != nil {
		return command{}, err
	}
	cmd, marathon := marathonCmd(t.Executor)
	if marathon && slices.Equal(fromData, shell(cmd)) {
		fromData = nil // a Marathon before 1.2 says the same cmd twice
	}
	arguments := candidate{source: "the executor's arguments", argv: argumentsCommand(o.Arguments), script: len(o.Arguments) == 1}
	script := marathonScript(cmd)
	if strings.TrimSpace(script) != "" {
		arguments.argv = nil // what a shell has made of the same text
	}
	c := choose([]candidate{
		own,
		{source: o.LabelPrefix + "command", argv: shell(label), script: true},
		{source: "TaskInfo.data", argv: fromData, script: true},
		{source: marathonSource, argv: shell(script), script: true},
		arguments,
	})
	if marathon {
		again := script != "" && slices.Equal(c.argv, shell(script))
		c.warnings = marathonWarnings(cmd, o.LabelPrefix, again)
	}
	return c, checkCommand(c)
}

// choose takes the first that holds a command, and names the others that do.
func choose(from []candidate) command {
	var c command
	for _, f := range from {
		switch {
		case len(f.argv) == 0:
		case c.argv == nil:
			c.program, c.argv, c.script, c.source = f.program, f.argv, f.script, f.source
		default:
			c.passed = append(c.passed, f.source)
		}
	}
	return c
}

// processCommand is chooseCommand for a process, which needs one.
func processCommand(label string, t mesos.TaskInfo, o SpecOptions) (command, error) {
	program, argv, err := infoCommand("TaskInfo.command", t.Command, false)
	if err != nil {
		return command{}, err
	}
	c, err := chooseCommand(candidate{source: "TaskInfo.command", program: program, argv: argv}, label, t, o)
	if err == nil && len(c.argv) == 0 {
		err = fmt.Errorf(`the task has no command: give it as label %scommand, as TaskInfo.data {"value": "…"}, or as arguments of the executor`, o.LabelPrefix)
	}
	return c, err
}

func checkCommand(c command) error {
	if slices.ContainsFunc(append([]string{c.program}, c.argv...), func(a string) bool { return strings.ContainsRune(a, 0) }) {
		return fmt.Errorf("command from %s: contains a zero byte", c.source)
	}
	return nil
}

// shell is how a script runs; a blank one is none.
func shell(script string) []string {
	if strings.TrimSpace(script) == "" {
		return nil
	}
	return []string{"/bin/sh", "-c", script}
}

// argumentsCommand: one word is a script, several are a program and its arguments.
func argumentsCommand(words []string) []string {
	if len(words) == 1 {
		return shell(words[0])
	}
	return words
}

// infoCommand reads a CommandInfo (mesos.proto): a shell command, or the file of
// a program and its argument list, whose first is argument 0. One without a
// value holds no command, unless one is required. field names it in errors.
func infoCommand(field string, c *mesos.CommandInfo, required bool) (program string, argv []string, err error) {
	blank := strings.TrimSpace(c.GetValue()) == ""
	switch {
	case len(c.GetURIs()) > 0:
		return "", nil, fmt.Errorf("%s.uris: %q: nothing fetches it there: put it on ExecutorInfo.command.uris", field, c.URIs[0].Value)
	case c == nil, c.GetShell() && blank && !required:
		return "", nil, nil
	case blank && c.GetShell():
		return "", nil, fmt.Errorf("%s.value: must be a shell command", field)
	case c.GetShell():
		return "", shell(c.GetValue()), nil
	case blank:
		return "", nil, fmt.Errorf("%s.value: must be the path of a program, since shell is false", field)
	case len(c.Arguments) == 0:
		return "", nil, fmt.Errorf("%s.arguments: must begin with the program's own name (argument 0), since shell is false", field)
	}
	return c.GetValue(), c.Arguments, nil
}
