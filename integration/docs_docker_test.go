package integration_test

import (
	"encoding/json"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// Every piece of JSON is a TaskInfo, or the part of one that makes a container.
func TestDocsDocker(t *testing.T) {
	for _, block := range jsonBlocks(t, "../docs/docker.md") {
		var fields map[string]any
		if err := json.Unmarshal(block, &fields); err != nil {
			t.Fatalf("%s: %v", block, err)
		}
		id := map[string]any{"value": "x"}
		fields["name"], fields["task_id"], fields["agent_id"] = "x", id, id // a part has none
		whole, err := json.Marshal(fields)
		if err != nil {
			t.Fatal(err)
		}
		var task mesos.TaskInfo
		message(t, whole, &task)
		s, err := executor.NewSpec(t.Context(), task, executor.SpecOptions{LabelPrefix: "flocker.", Sandbox: "/s", Arguments: arguments(task)})
		if err != nil || s.Container == nil || s.Container.Image.Reference == "" {
			t.Errorf("%s: %+v, %v", block, s, err)
		}
	}
}

// arguments that the executor would leave to the task.
func arguments(task mesos.TaskInfo) []string {
	words := task.Executor.GetCommand().GetArguments()
	if len(words) < 2 {
		return nil
	}
	return words[2:]
}
