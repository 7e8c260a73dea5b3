package executor

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"unicode/utf8"
)

// dataCommand reads a command out of TaskInfo.data: a JSON object as Singularity
// (cmd), Cook (command) and Marathon before 1.2 (cmd) write it. Data that is not
// meant as one (no JSON object, none of the keys) holds none, unless raw is set;
// what begins like an object is never taken for a script.
func dataCommand(data []byte, raw bool) ([]string, error) {
	var object map[string]json.RawMessage
	if json.Unmarshal(data, &object) != nil {
		if raw && utf8.Valid(data) && !bytes.HasPrefix(bytes.TrimSpace(data), []byte("{")) {
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
