package executor_test

import (
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// section of docs/docker.md.
func section(t *testing.T, title string) string {
	t.Helper()
	page, err := os.ReadFile("../docs/docker.md")
	if err != nil {
		t.Fatal(err)
	}
	_, text, found := strings.Cut(string(page), "\n## "+title+"\n")
	if !found {
		t.Fatalf("docs/docker.md has no section %s", title)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	return text
}

// docs/docker.md lists every parameter, in the table that it belongs to.
func TestDocumentedDockerParameters(t *testing.T) {
	known, never, found := strings.Cut(section(t, "Parameters"), "\n| refused |")
	if !found {
		t.Fatal("docs/docker.md has no table of refused parameters")
	}
	may, mayNot := executor.DockerParameters()
	for text, names := range map[string][]string{known: may, never: mayNot} {
		for _, name := range names {
			if !strings.Contains(text, "`"+name+"`") {
				t.Errorf("docs/docker.md does not list %s where it belongs", name)
			}
		}
	}
}

// elsewhere are fields that are seen at work in other tests.
var elsewhere = map[string]string{
	"docker.parameters":                           "TestEffects, by their names",
	"docker.force_pull_image":                     "TestEffects/pulled_again",
	"docker.privileged":                           "TestEffects/privileged_true",
	"check, health_check":                         "TestRealContainers/checks_go_inside",
	"persistent volumes of Mesos among resources": "refused: TestDockerPersistentVolume",
	"kill_policy":                                 "TestRealContainers/obeys_SIGTERM, TestRealContainers/ignores_SIGTERM",
}

// Every parameter and every field that docs/docker.md promises something of is
// seen in a real container.
func TestEveryEffectIsSeen(t *testing.T) {
	unseen := map[string]bool{}
	may, _ := executor.DockerParameters()
	for _, name := range may {
		unseen["parameter "+name] = true
	}
	for line := range strings.Lines(section(t, "What maps to what")) {
		cell, _, _ := strings.Cut(strings.TrimPrefix(line, "| "), " |")
		if field := strings.ReplaceAll(cell, "`", ""); strings.HasPrefix(line, "| ") && field != "TaskInfo" && elsewhere[field] == "" {
			unseen[field] = true
		}
	}
	if len(unseen) < 60 {
		t.Fatalf("only %d parameters and fields", len(unseen))
	}
	for _, row := range allEffects(t) {
		delete(unseen, row.field)
		for _, o := range row.options {
			delete(unseen, "parameter "+o[0])
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unseen)) {
		t.Errorf("nothing sees what becomes of %s", name)
	}
}

func allEffects(t *testing.T) (all []effect) {
	for _, c := range crowds {
		all = append(all, c.effects(t)...)
	}
	for _, s := range strange {
		all = append(all, effect{options: s.options})
	}
	return all
}
