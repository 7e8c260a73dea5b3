package marathon

import (
	"context"
	"errors"
	"fmt"
	"path"
	"strings"
	"time"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// Marathon runs apps, one instance each.
type Marathon struct {
	Framework *framework.Framework
	Release   Release
	// Fetch, if not nil, says where an artifact lies that the app definition
	// fetches from a place this machine cannot reach.
	Fetch func(uri string) string
	// KillRetry is how long a KILL is waited for before the next (--kill_retry_timeout);
	// 0 is Marathon's default, 30 s.
	KillRetry time.Duration
}

// Start launches the app and returns its task id when the master has taken it.
// It refuses an app that is not Sound, or needs what this package does not do.
func (m Marathon) Start(ctx context.Context, app App) (taskID string, err error) {
	if err := app.Sound(); err != nil {
		return "", fmt.Errorf("app %s: %w", app.ID, err)
	}
	if app.Executor == "" || app.Executor == "//cmd" || app.Instances != 1 {
		return "", fmt.Errorf("app %s: executor %q, instances %d: only one instance of an app with a custom executor can be run here", app.ID, app.Executor, app.Instances)
	}
	node, err := app.node()
	if err != nil {
		return "", fmt.Errorf("app %s: %w", app.ID, err)
	}
	if app.Version == "" {
		app.Version = time.Now().UTC().Format("2006-01-02T15:04:05.000Z")
	}
	taskID = newTaskID(app.ID)
	err = m.Framework.LaunchMatching(ctx, node, "app "+app.ID, func(offer mesos.Offer) *mesos.TaskInfo {
		info := app.TaskInfo(m.Release, taskID, offer)
		if info != nil {
			m.adapt(info.Executor)
		}
		return info
	})
	return taskID, err
}

// newTaskID is the id of an app's first incarnation of an instance.
func newTaskID(app string) string {
	return strings.ReplaceAll(strings.Trim(app, "/"), "/", "_") + ".instance-" + uuid.NewString() + "._app.1"
}

// adapt changes what cannot be sent from here as Marathon sends it: mesos-go has
// no unset type, and writes one that a real master refuses.
func (m Marathon) adapt(e *mesos.ExecutorInfo) {
	e.Type = mesos.ExecutorInfo_CUSTOM
	if m.Fetch == nil {
		return
	}
	for i := range e.Command.URIs {
		uri := &e.Command.URIs[i]
		if uri.OutputFile == nil {
			uri.OutputFile = ptr(path.Base(uri.Value))
		}
		uri.Value = m.Fetch(uri.Value)
	}
}

// Kill sends KILL, without a policy, again and again until the task is over, and
// returns its terminal status.
func (m Marathon) Kill(ctx context.Context, taskID string) (mesos.TaskStatus, error) {
	retry := m.KillRetry
	if retry == 0 {
		retry = 30 * time.Second
	}
	for {
		if err := m.Framework.Kill(ctx, taskID, nil); err != nil {
			return mesos.TaskStatus{}, err
		}
		status, err := m.ended(ctx, taskID, retry)
		if !errors.Is(err, context.DeadlineExceeded) || ctx.Err() != nil {
			return status, err
		}
	}
}

func (m Marathon) ended(ctx context.Context, taskID string, within time.Duration) (mesos.TaskStatus, error) {
	ctx, cancel := context.WithTimeout(ctx, within)
	defer cancel()
	return m.Framework.Wait(ctx, taskID, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) })
}

// Upgrade replaces a task by the app's new version, as an upgradeStrategy of 0
// and 0 has it: the new instance is launched when the old one is gone.
func (m Marathon) Upgrade(ctx context.Context, taskID string, app App) (newID string, err error) {
	if err := app.Sound(); err != nil {
		return "", fmt.Errorf("app %s: %w", app.ID, err)
	}
	if _, err := m.Kill(ctx, taskID); err != nil {
		return "", err
	}
	return m.Start(ctx, app)
}
