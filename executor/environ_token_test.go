package executor_test

import (
	"bytes"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// TestHideTokenChild is not a test of its own: it is the process whose
// environment TestHideToken looks at.
func TestHideTokenChild(t *testing.T) {
	if os.Getenv("HIDE_TOKEN_CHILD") == "" {
		return
	}
	if err := executor.HideToken(); err != nil {
		t.Fatal(err)
	}
	shown, err := os.ReadFile("/proc/self/environ")
	if err != nil {
		t.Fatal(err)
	}
	if token := os.Getenv(executor.VariableToken); token != "" || bytes.Contains(shown, []byte("very-secret")) {
		t.Errorf("the token is still there: %q, %s", token, shown)
	}
	if !bytes.Contains(shown, []byte("\x00BEHIND=kept\x00")) || os.Getenv("BEHIND") != "kept" {
		t.Errorf("more than the token is gone: %s", shown)
	}
	if err := executor.HideToken(); err != nil {
		t.Errorf("again: %v", err)
	}
}

func TestHideToken(t *testing.T) {
	child := exec.Command("/proc/self/exe", "-test.run=^TestHideTokenChild$", "-test.v")
	child.Env = []string{"HIDE_TOKEN_CHILD=1", executor.VariableToken + "=very-secret", "BEHIND=kept", "LAST=x"}
	out, err := child.CombinedOutput()
	if err != nil || !strings.Contains(string(out), "--- PASS: TestHideTokenChild") {
		t.Errorf("%v: %s", err, out)
	}
}
