package agent

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// What survives a restart, below work_dir/meta (src/slave/state.hpp): the agent's
// own info always, the rest for frameworks with checkpoint. Messages stand after
// their length in four bytes. A failure is logged; it shows after a restart.

func (a *agent) metaTree() tree { return a.paths.checkpoints(a.info.ID.Value) }

func (a *agent) runMeta(e *executor) string {
	return a.metaTree().run(e.framework.id, e.id, e.containerID)
}

func (a *agent) taskMeta(e *executor, task string) string { return a.runMeta(e) + "/tasks/" + task }

// checkpointAgent makes the agent's directories and remembers who it is.
func (a *agent) checkpointAgent() error {
	dir := a.metaTree().root
	for _, d := range []string{dir, a.paths.sandboxes(a.info.ID.Value).root} {
		if err := os.MkdirAll(d, 0o755); err != nil {
			return fmt.Errorf("checkpoint the agent: %w", err)
		}
	}
	if err := writeMessage(dir+"/slave.info", &a.info); err != nil {
		return fmt.Errorf("checkpoint the agent: %w", err)
	}
	return relink(dir, a.paths.latestAgent())
}

func (a *agent) checkpointFramework(f *framework) {
	if !f.checkpoint() {
		return
	}
	dir := a.metaTree().framework(f.id)
	a.checkpoint(dir, func() error {
		if err := writeMessage(dir+"/framework.info", &f.info); err != nil {
			return err
		}
		return writeAtomically(dir+"/framework.pid", []byte("@0.0.0.0:0"), 0o600)
	})
}

func (a *agent) checkpointExecutor(e *executor) {
	if !e.framework.checkpoint() {
		return
	}
	dir, run := a.metaTree().executor(e.framework.id, e.id), a.runMeta(e)
	a.checkpoint(run, func() error {
		if err := os.Chmod(run, 0o750); err != nil {
			return err
		}
		if err := writeMessage(dir+"/executor.info", &e.info); err != nil {
			return err
		}
		if err := writeAtomically(dir+"/executor_generated_for_command_task", []byte("0"), 0o600); err != nil {
			return err
		}
		return relink(run, a.metaTree().latestRun(e.framework.id, e.id))
	})
}

func (a *agent) checkpointTasks(e *executor, d delivery) {
	if !e.framework.checkpoint() {
		return
	}
	for _, info := range d.tasks {
		dir := a.taskMeta(e, info.TaskID.Value)
		a.checkpoint(dir, func() error {
			record := newTask(info, e.framework.id, e.id, *a.info.ID)
			return writeMessage(dir+"/task.info", &record)
		})
	}
}

func (a *agent) checkpointPID(e *executor) {
	if !e.framework.checkpoint() {
		return
	}
	dir := a.runMeta(e) + "/pids"
	a.checkpoint(dir, func() error {
		return writeAtomically(dir+"/forked.pid", []byte(strconv.Itoa(e.pid)), 0o600)
	})
}

// checkpointHTTP marks a run as one that subscribed over HTTP.
func (a *agent) checkpointHTTP(e *executor) {
	if e.framework.checkpoint() {
		a.checkpoint(a.runMeta(e), func() error { return touch(a.runMeta(e) + "/http.marker") })
	}
}

// checkpointRemoved marks a run as over: it will not be recovered.
func (a *agent) checkpointRemoved(e *executor) {
	if e.framework.checkpoint() && e.containerID != "" {
		a.checkpoint(a.runMeta(e), func() error { return touch(a.runMeta(e) + "/executor.sentinel") })
	}
}

func (a *agent) checkpoint(dir string, write func() error) {
	err := os.MkdirAll(dir, 0o755)
	if err == nil {
		err = write()
	}
	if err != nil {
		a.log.Sugar().Errorf("checkpoint %s: %v", dir, err)
	}
}

func writeMessage(path string, msg any) error {
	data, err := wire.MarshalProtobuf(msg)
	if err != nil {
		return err
	}
	return writeAtomically(path, framed(data), 0o600)
}

func readMessage(path string, msg any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if len(data) < 4 {
		return fmt.Errorf("decode %s: only %d bytes", filepath.Base(path), len(data))
	}
	return wire.UnmarshalProtobuf(data[4:], msg)
}

// readTask reads a task.info.
func readTask(dir string) (mesos.Task, error) {
	var t mesos.Task
	err := readMessage(dir+"/task.info", &t)
	return t, err
}
