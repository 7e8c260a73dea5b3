package mounts_test

import (
	"errors"
	"os"
	"os/exec"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
)

func TestMayMount(t *testing.T) {
	if may, err := mounts.MayMount(os.Getpid()); err != nil || !may {
		t.Errorf("this process may: %v, %v", may, err)
	}
	cmd := exec.Command("setpriv", "--bounding-set=-sys_admin", "sh", "-c", "echo ready; cat")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	_, _ = stdout.Read(make([]byte, 6)) // it is the shell now
	if may, err := mounts.MayMount(cmd.Process.Pid); err != nil || may {
		t.Errorf("one without CAP_SYS_ADMIN may: %v, %v", may, err)
	}
	_ = stdin.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if _, err := mounts.MayMount(cmd.Process.Pid); !errors.Is(err, mounts.ErrEnded) {
		t.Errorf("after its end: %v", err)
	}
}
