package integration_test

import (
	"encoding/json"
	"maps"
	"os"
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework/marathon"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// jsonBlocks are the pieces of JSON in a page.
func jsonBlocks(t *testing.T, page string) (blocks [][]byte) {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range strings.Split(string(text), "```json\n")[1:] {
		block, _, _ := strings.Cut(part, "```")
		blocks = append(blocks, []byte(block))
	}
	if len(blocks) == 0 {
		t.Fatalf("%s has no JSON", page)
	}
	return blocks
}

// Every piece of JSON is an app definition, or a part that changes the first.
func TestDocsMarathon(t *testing.T) {
	whole := map[string]json.RawMessage{}
	for i, block := range jsonBlocks(t, "../docs/marathon.md") {
		part := map[string]json.RawMessage{}
		if err := json.Unmarshal(block, &part); err != nil {
			t.Fatalf("%s: %v", block, err)
		}
		if i == 0 {
			whole = part
		}
		changed := maps.Clone(whole)
		maps.Copy(changed, part)
		definition, err := json.Marshal(changed)
		if err != nil {
			t.Fatal(err)
		}
		app, err := marathon.Parse(definition)
		if err == nil {
			err = app.Sound()
		}
		if err != nil {
			t.Errorf("%s: %v", block, err)
		}
	}
}

// Every piece of JSON is a message of Mesos, and what launches tasks does.
func TestDocsFrameworks(t *testing.T) {
	t.Parallel()
	c := shared(t)
	blocks := jsonBlocks(t, "../docs/frameworks.md")
	if len(blocks) != 3 {
		t.Fatalf("%d pieces of JSON, want a task, a framework and a group", len(blocks))
	}
	var task mesos.TaskInfo
	message(t, blocks[0], &task)
	fetchOurs(task.Executor)
	if err := c.Framework().Launch(deadline(t), "", task); err != nil {
		t.Fatal(err)
	}
	message(t, blocks[1], &mesos.FrameworkInfo{})
	var group mesos.Offer_Operation
	message(t, blocks[2], &group)
	fetchOurs(&group.LaunchGroup.Executor)
	if err := c.Framework().LaunchGroup(deadline(t), "", group.LaunchGroup.Executor, group.LaunchGroup.TaskGroup.Tasks); err != nil {
		t.Fatal(err)
	}
	isHealthy(t, c, "notes.1")
	for _, id := range []string{"notes.1", "pair.1.server", "pair.1.helper"} {
		reaches(t, c, id, mesos.TASK_RUNNING)
	}
	endDocsTask(t, c, "notes.1", "notes.1")
	endDocsTask(t, c, "pair.1.server", "pair.1.helper")
	gone(t, c, "doc-notes", "doc-pair")
}

// endDocsTask kills one task and waits for the end of another.
func endDocsTask(t *testing.T, c cluster.Cluster, kill, ended string) {
	t.Helper()
	if err := c.Kill(deadline(t), kill, nil); err != nil {
		t.Fatal(err)
	}
	reaches(t, c, ended, mesos.TASK_KILLED)
}

func fetchOurs(e *mesos.ExecutorInfo) { e.Command.URIs[0].Value = binaries.race }

// message reads one as Mesos does, which passes over what it does not know; so
// it is written again, and must have kept everything.
func message(t *testing.T, text []byte, into any) {
	t.Helper()
	if err := wire.UnmarshalJSON(text, into); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	again, err := wire.MarshalJSON(into)
	if err != nil {
		t.Fatal(err)
	}
	var said, kept any
	if json.Unmarshal(text, &said) != nil || json.Unmarshal(again, &kept) != nil {
		t.Fatalf("not JSON: %s or %s", text, again)
	}
	if lost := missing("", said, kept); lost != "" {
		t.Errorf("no such field: %s", lost)
	}
}

// missing names the first part of said that kept does not have.
func missing(path string, said, kept any) string {
	switch s := said.(type) {
	case map[string]any:
		k, _ := kept.(map[string]any)
		for name, v := range s {
			if lost := missing(path+"."+name, v, k[name]); lost != "" {
				return lost
			}
		}
		return ""
	case []any:
		k, _ := kept.([]any)
		for i, v := range s {
			if i >= len(k) {
				return path
			}
			if lost := missing(path+"[]", v, k[i]); lost != "" {
				return lost
			}
		}
		return ""
	}
	if said != kept {
		return path
	}
	return ""
}
