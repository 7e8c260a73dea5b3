package executor_test

import (
	"strings"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

func wantMessage(t *testing.T, s mesos.TaskStatus, parts ...string) {
	t.Helper()
	for _, p := range parts {
		if !strings.Contains(s.GetMessage(), p) {
			t.Errorf("%v says %q, wanted %q in it", s.GetState(), s.GetMessage(), p)
		}
	}
}

func wantReason(t *testing.T, s mesos.TaskStatus, want *mesos.TaskStatus_Reason) {
	t.Helper()
	if (s.Reason == nil) != (want == nil) || want != nil && *want != *s.Reason {
		t.Errorf("%v has reason %v, wanted %v", s.GetState(), s.Reason, want)
	}
}

func reason(r mesos.TaskStatus_Reason) *mesos.TaskStatus_Reason { return &r }
