package agent

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

// sandboxUser is whom an executor runs as.
type sandboxUser struct {
	name       string
	credential *contain.Credential // nil: as the agent
}

// makeSandbox makes the run directory, 0750 and the user's, and what points to it.
func (a *agent) makeSandbox(e *executor) (sandboxUser, error) {
	u := sandboxUser{name: e.info.GetCommand().GetUser()}
	if u.name == "" {
		u.name = e.framework.info.User
	}
	if err := os.MkdirAll(filepath.Dir(e.sandbox), 0o755); err != nil {
		return u, err
	}
	if err := os.Mkdir(e.sandbox, 0o750); err != nil {
		return u, err
	}
	latest := a.paths.sandboxes(a.info.ID.Value).latestRun(e.framework.id, e.id)
	if err := relink(e.sandbox, latest); err != nil {
		return u, err
	}
	if a.cfg.NoSwitchUser {
		return u, nil
	}
	var err error
	if u.credential, err = credential(u.name); err != nil {
		return u, fmt.Errorf("Failed to chown directory to '%s': %w", u.name, err) //nolint:staticcheck // Mesos' words
	}
	return u, u.prepare(e.sandbox)
}

// prepare hands over the sandbox with the two files that are always in it.
func (u sandboxUser) prepare(sandbox string) error {
	for _, name := range []string{"stdout", "stderr"} {
		if err := touch(filepath.Join(sandbox, name)); err != nil {
			return err
		}
	}
	return u.own(sandbox)
}

// own makes everything in the sandbox the user's.
func (u sandboxUser) own(sandbox string) error {
	if u.credential == nil {
		return nil
	}
	return filepath.WalkDir(sandbox, func(path string, _ os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, int(u.credential.UID), int(u.credential.GID))
	})
}

// credential looks a user up. The agent's own needs no change.
func credential(name string) (*contain.Credential, error) {
	u, err := user.Lookup(name)
	if err != nil {
		return nil, fmt.Errorf("No such user '%s'", name) //nolint:staticcheck // Mesos' words
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	if err != nil {
		return nil, err
	}
	if int(uid) == os.Geteuid() {
		return nil, nil
	}
	c := &contain.Credential{UID: uint32(uid), GID: uint32(gid)}
	groups, err := u.GroupIds()
	if err != nil {
		return nil, err
	}
	for _, text := range groups {
		g, err := strconv.ParseUint(text, 10, 32)
		if err != nil {
			return nil, err
		}
		c.Groups = append(c.Groups, uint32(g))
	}
	return c, nil
}

func openLog(sandbox string) (*os.File, error) {
	return os.OpenFile(filepath.Join(sandbox, "stderr"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
}

// containerConfig is what the runtime directory says about a container, for people.
func containerConfig(e *executor, user string) []byte {
	return []byte(fmt.Sprintf("framework %s\nexecutor %s\nuser %s\nsandbox %s\n", e.framework.id, e.id, user, e.sandbox))
}
