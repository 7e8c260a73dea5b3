package executor

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"strconv"
	"strings"
	"time"

	"github.com/mesos-flocker/flocker-executor/volumes/guard"
)

// lookupLimit bounds the question to a directory service.
const lookupLimit = 10 * time.Second

const userShape = "a user's name, <uid> or <uid>:<gid> is allowed"

var errNoUser = errors.New("no such user on this node; " + userShape)

// wanted is a user that the task asks for, and where.
type wanted struct{ field, user string }

// taskUser is who the task runs as; nil is the executor's own user. As with
// Mesos' own executors nothing else changes with the user: HOME, USER and
// LOGNAME are not set (mesos/launch.cpp).
func taskUser(ctx context.Context, places ...wanted) (*guard.User, error) {
	var asked wanted
	for _, w := range places {
		switch {
		case w.user == "":
		case asked.user == "":
			asked = w
		case asked.user != w.user:
			return nil, fmt.Errorf("%s is %q and %s is %q: give only one", asked.field, asked.user, w.field, w.user)
		}
	}
	if asked.user == "" {
		return nil, nil
	}
	u, err := lookupUser(ctx, asked.user)
	if err == nil && os.Geteuid() != 0 && int(u.UID) != os.Geteuid() {
		err = fmt.Errorf("flocker-executor runs as user %d, and only root can start a task as somebody else: let the executor's own user be root", os.Geteuid())
	}
	if err != nil {
		return nil, fmt.Errorf("%s: value %q: %w", asked.field, asked.user, err)
	}
	if int(u.UID) == os.Geteuid() && !strings.Contains(asked.user, ":") {
		return nil, nil // as Mesos does: nothing to change
	}
	return &u, nil
}

// lookupUser reads a name, <uid> or <uid>:<gid>. The first two need an account,
// which brings the group and the supplementary groups; the last has no others.
func lookupUser(ctx context.Context, text string) (guard.User, error) {
	if uid, gid, both := strings.Cut(text, ":"); both {
		u, err1 := number(uid)
		g, err2 := number(gid)
		if err1 != nil || err2 != nil {
			return guard.User{}, errors.New("not a user; " + userShape)
		}
		return guard.User{UID: u, GID: g, Groups: []uint32{g}}, nil
	}
	if strings.HasPrefix(text, "-") {
		return guard.User{}, errors.New("not a user; " + userShape) // nor an option of getent
	}
	account, err := localUser(text)
	if err == nil {
		return account, nil
	}
	if !errors.As(err, new(user.UnknownUserError)) && !errors.As(err, new(user.UnknownUserIdError)) {
		return guard.User{}, err
	}
	return serviceUser(ctx, text)
}

// localUser looks into /etc/passwd and /etc/group.
func localUser(text string) (guard.User, error) {
	find := user.Lookup
	if _, err := number(text); err == nil {
		find = user.LookupId
	}
	u, err := find(text)
	if err != nil {
		return guard.User{}, err
	}
	groups, err := u.GroupIds()
	if err != nil {
		return guard.User{}, err
	}
	return account(u.Uid, u.Gid, groups)
}

// serviceUser asks the node's directory service (LDAP and others, by
// nsswitch.conf), which a static program can do only through getent.
func serviceUser(ctx context.Context, text string) (guard.User, error) {
	entry, err := getent(ctx, "passwd", text)
	if err != nil {
		return guard.User{}, err
	}
	fields := strings.Split(entry, ":") // name:password:uid:gid:…
	if len(fields) < 4 {
		return guard.User{}, fmt.Errorf("getent passwd answers %q", entry)
	}
	groups, err := getent(ctx, "initgroups", fields[0])
	if err != nil {
		return guard.User{}, err
	}
	list := strings.Fields(groups)
	return account(fields[2], fields[3], list[min(1, len(list)):])
}

// getent asks one line of a database; it knows nothing of our environment.
func getent(ctx context.Context, database, key string) (string, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, lookupLimit, fmt.Errorf("getent %s: no answer within %v", database, lookupLimit))
	defer cancel()
	cmd := exec.CommandContext(ctx, "getent", database, key)
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "LC_ALL=C"}
	cmd.WaitDelay = time.Second
	out, err := cmd.Output()
	line, _, _ := bytes.Cut(out, []byte("\n"))
	exit := (*exec.ExitError)(nil)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case errors.As(err, &exit) && exit.ExitCode() == 2, errors.Is(err, exec.ErrNotFound), err == nil && len(line) == 0:
		return "", errNoUser
	case err != nil:
		return "", fmt.Errorf("getent %s: %w", database, err)
	}
	return string(line), nil
}

func account(uid, gid string, groups []string) (guard.User, error) {
	var u guard.User
	var errs [2]error
	u.UID, errs[0] = number(uid)
	u.GID, errs[1] = number(gid)
	u.Groups = []uint32{u.GID}
	for _, text := range groups {
		n, err := number(text)
		if err != nil {
			return u, fmt.Errorf("group %q: not a number", text)
		}
		if n != u.GID {
			u.Groups = append(u.Groups, n)
		}
	}
	return u, errors.Join(errs[:]...)
}

func number(text string) (uint32, error) {
	n, err := strconv.ParseUint(text, 10, 32)
	return uint32(n), err
}
