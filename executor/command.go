package executor

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// command of a task, and which of its possible sources won.
type command struct {
	argv   []string
	source string
	passed []string
}

// candidate is one source of a command; no argv means that it holds none.
type candidate struct {
	source string
	argv   []string
}

// chooseCommand takes the first source that holds a command.
func chooseCommand(label string, data []byte, o SpecOptions) (command, error) {
	fromData, err := dataCommand(data, o.RawData)
	if err != nil {
		return command{}, err
	}
	var c command
	for _, from := range []candidate{
		{o.LabelPrefix + "command", shell(label)},
		{"TaskInfo.data", fromData},
		{"the executor's arguments", argumentsCommand(o.Arguments)},
	} {
		switch {
		case len(from.argv) == 0:
		case c.argv == nil:
			c.argv, c.source = from.argv, from.source
		default:
			c.passed = append(c.passed, from.source)
		}
	}
	return c, checkCommand(c, o)
}

func checkCommand(c command, o SpecOptions) error {
	if len(c.argv) == 0 {
		return fmt.Errorf(`the task has no command: give it as label %scommand, as TaskInfo.data {"value": "…"}, or as arguments of the executor`, o.LabelPrefix)
	}
	if slices.ContainsFunc(c.argv, func(a string) bool { return strings.ContainsRune(a, 0) }) {
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

// dataCommand reads a command out of TaskInfo.data. Data that is not meant as
// one (no JSON object, none of the keys) holds none, unless raw is set.
func dataCommand(data []byte, raw bool) ([]string, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		if raw && utf8.Valid(data) {
			return shell(string(data)), nil
		}
		return nil, nil
	}
	var found []string
	for _, key := range []string{"value", "cmd", "command"} {
		var script string
		if json.Unmarshal(object[key], &script) == nil && strings.TrimSpace(script) != "" {
			found = append(found, script)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return shell(found[0]), nil
	}
	return nil, errors.New("TaskInfo.data holds several commands: give only one of value, cmd, command")
}

// hidden are the variables, and the prefixes (ending in _) of variables, that a
// task never gets: the executor's own settings, tokens and keys.
var hidden = []string{VariableToken, "LIBPROCESS_SSL_", "FLOCKER_CONTROL_SERVICE_", "FLOCKER_EXECUTOR_"}

// variableRole is set by Mesos's built-in executors for their tasks.
const variableRole = "MESOS_ALLOCATION_ROLE"

// taskEnvironment is the executor's own environment without what is hidden,
// plus the role.
func taskEnvironment(environ []string, role string) []string {
	out := make([]string, 0, len(environ)+1)
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if name != variableRole && !isHidden(name) {
			out = append(out, entry)
		}
	}
	return append(out, variableRole+"="+role)
}

func isHidden(name string) bool {
	return slices.ContainsFunc(hidden, func(h string) bool {
		return name == h || strings.HasSuffix(h, "_") && strings.HasPrefix(name, h)
	})
}
