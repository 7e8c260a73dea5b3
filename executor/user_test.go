package executor_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/executor"
	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

func withUser(label, command string) mesos.TaskInfo {
	t := info("t")
	if label != "" {
		t.Labels = withLabels("flocker.user", label).Labels
	}
	if command != "" {
		t.Command = &mesos.CommandInfo{Value: ptr("true"), User: &command}
	}
	return t
}

func TestUserOfATask(t *testing.T) {
	nobody := &guard.User{UID: 65534, GID: 65534, Groups: []uint32{65534}}
	for name, c := range map[string]struct {
		label, command string
		want           *guard.User
		says           []string
	}{
		"none":                 {"", "", nil, nil},
		"label":                {"nobody", "", nobody, nil},
		"command":              {"", "nobody", nobody, nil},
		"both":                 {"nobody", "nobody", nobody, nil},
		"uid":                  {"65534", "", nobody, nil},
		"uid and gid":          {"4711:4712", "", &guard.User{UID: 4711, GID: 4712, Groups: []uint32{4712}}, nil},
		"uid and another gid":  {"65534:1", "", &guard.User{UID: 65534, GID: 1, Groups: []uint32{1}}, nil},
		"the executor's":       {"root", "", nil, nil},
		"the executor's uid":   {"0", "", nil, nil},
		"root, another group":  {"0:1", "", &guard.User{GID: 1, Groups: []uint32{1}}, nil},
		"two":                  {"nobody", "root", nil, []string{`label flocker.user is "nobody"`, `TaskInfo.command.user is "root"`}},
		"unknown":              {"no-such-user", "", nil, []string{`label flocker.user: value "no-such-user": no such user on this node`, "<uid>:<gid>"}},
		"unknown uid":          {"", "4711", nil, []string{`TaskInfo.command.user: value "4711": no such user`}},
		"a group's name":       {"nobody:nogroup", "", nil, []string{"label flocker.user", `"nobody:nogroup"`, "<uid>:<gid> is allowed"}},
		"too large":            {"4294967296:1", "", nil, []string{"not a user"}},
		"a flag of getent":     {"--help", "", nil, []string{"not a user"}},
		"a line of the passwd": {"x:0:0:::", "", nil, []string{"not a user"}},
	} {
		t.Run(name, func(t *testing.T) {
			task := withUser(c.label, c.command)
			if c.says != nil {
				refuses(t, task, false, c.says...)
				return
			}
			if d := cmp.Diff(c.want, accepted(t, task).Command.User); d != "" {
				t.Error(d)
			}
		})
	}
}

// service puts a directory service in getent's place.
func service(t *testing.T, script string) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "getent"), []byte("#!/bin/sh\n"+script), 0o755); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir+":"+os.Getenv("PATH"))
}

// A user whom only a directory service knows is found with all groups, and the
// service's client sees nothing of the executor's environment.
func TestUserOfADirectoryService(t *testing.T) {
	t.Setenv("MESOS_EXECUTOR_AUTHENTICATION_TOKEN", "very-secret")
	service(t, `
if env | grep -q very-secret; then exit 1; fi
case "$1 $2" in
"passwd ldap-user"|"passwd 30001") echo "ldap-user:*:30001:30002:A User:/home/u:/bin/sh" ;;
"initgroups ldap-user") echo "ldap-user             30002 30003 30004" ;;
"passwd alone") echo "alone:*:30005:30006:::" ;;
"initgroups alone") echo "alone" ;;
"passwd odd") echo "odd" ;;
"passwd broken") exit 3 ;;
*) exit 2 ;;
esac`)
	full := &guard.User{UID: 30001, GID: 30002, Groups: []uint32{30002, 30003, 30004}}
	for user, want := range map[string]*guard.User{
		"ldap-user": full, "30001": full, "alone": {UID: 30005, GID: 30006, Groups: []uint32{30006}},
	} {
		if d := cmp.Diff(want, accepted(t, withUser(user, "")).Command.User); d != "" {
			t.Errorf("%s: %s", user, d)
		}
	}
	refuses(t, withUser("stranger", ""), false, `value "stranger": no such user`)
	refuses(t, withUser("odd", ""), false, `getent passwd answers "odd"`)
	refuses(t, withUser("broken", ""), false, "getent passwd: exit status 3")
}

// A KILL ends the question to a service that does not answer.
func TestUserLookupEnds(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "asked")
	service(t, "echo > "+fifo+"; exec sleep 1000")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	killed := errors.New("killed by a test")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		_, _ = os.ReadFile(fifo) // the service is asked
		cancel(killed)
	}()
	_, err := executor.NewSpec(ctx, withUser("slow", ""), executor.SpecOptions{LabelPrefix: "flocker.", Arguments: []string{"true"}})
	if !errors.Is(err, killed) || !strings.Contains(err.Error(), `label flocker.user: value "slow"`) {
		t.Errorf("error %v", err)
	}
}
