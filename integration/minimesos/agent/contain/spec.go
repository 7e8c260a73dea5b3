package contain

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
)

// Kinds of isolation.
const (
	Posix = "posix"
	Linux = "linux"
)

// Files of a container's directory.
const (
	fileConfig     = "config"
	fileLaunchInfo = "launch_info"
	filePID        = "pid"
	fileStatus     = "status"
)

// Spec says what a container is to run.
type Spec struct {
	Dir       string      `json:"-"` // <runtime_dir>/containers/<id>, made by Start, removed by Remove
	Config    []byte      `json:"-"` // stored in Dir for people; not read back
	Isolation string      `json:"isolation"`
	Sandbox   string      `json:"sandbox"` // becomes the working directory; stdout and stderr are appended here
	Shell     bool        `json:"shell"`
	Value     string      `json:"value"`
	Arguments []string    `json:"arguments"` // the whole argv unless Shell
	Env       []string    `json:"env"`       // the whole environment
	User      *Credential `json:"user,omitempty"`
	ProcBinds []Bind      `json:"proc_binds,omitempty"`
	// Cgroup, with Linux, is the container's own in the freezer's hierarchy (or the
	// unified one), "" for none: <cgroups_root>/<container id>.
	Cgroup string `json:"cgroup,omitempty"`
	// SharePID leaves a Linux container in the agent's PID namespace, as an agent
	// without namespaces/pid does. It needs Cgroup.
	SharePID   bool   `json:"share_pid,omitempty"`
	StartTicks uint64 `json:"start_ticks,omitempty"` // of the helper; filled in by Start
}

// Credential is the user a container runs as.
type Credential struct {
	UID    uint32   `json:"uid"`
	GID    uint32   `json:"gid"`
	Groups []uint32 `json:"groups"`
}

// Bind is a file put over another one. The source must not lie below /proc.
type Bind struct {
	Source string `json:"source"`
	Target string `json:"target"`
}

func (s Spec) check() error {
	if s.Isolation != Posix && s.Isolation != Linux {
		return fmt.Errorf("isolation %q: want %q or %q", s.Isolation, Posix, Linux)
	}
	if s.SharePID && (s.Isolation != Linux || s.Cgroup == "") {
		return fmt.Errorf("a shared PID namespace needs the isolation %q and a cgroup", Linux)
	}
	return nil
}

func (s Spec) hasCgroup() bool { return s.Isolation == Linux && s.Cgroup != "" }

func writeLaunchInfo(s Spec) error {
	text, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("encode launch info of %s: %w", s.Dir, err)
	}
	return os.WriteFile(filepath.Join(s.Dir, fileLaunchInfo), text, 0o600)
}

func readLaunchInfo(dir string) (Spec, error) {
	s := Spec{Dir: dir}
	path := filepath.Join(dir, fileLaunchInfo)
	text, err := os.ReadFile(path)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(text, &s); err != nil {
		return s, fmt.Errorf("decode %s: %w", path, err)
	}
	return s, nil
}
