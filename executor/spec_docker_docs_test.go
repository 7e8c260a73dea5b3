package executor_test

import (
	"os"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// docs/docker.md lists every parameter, in the table that it belongs to.
func TestDocumentedDockerParameters(t *testing.T) {
	page, err := os.ReadFile("../docs/docker.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Parameters\n")
	section, _, _ = strings.Cut(section, "\n## ")
	known, never, found := strings.Cut(section, "\n| refused |")
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
