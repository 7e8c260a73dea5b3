package agent

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
)

// recover takes over from an earlier agent on the same directories: who it was,
// the executors of frameworks with checkpoint, their tasks and updates, and the
// containers. Then executors may subscribe; updates are refused until those that
// were recovered have had their time to do so.
func (a *agent) recover() {
	rebooted, err := a.noteBoot()
	if err == nil {
		err = a.recoverAgent(rebooted)
	}
	if err != nil {
		a.log.Sugar().Errorf("recovery: %v", err)
	}
	a.recoverContainers()
	a.reconnect = true
	switch {
	case a.cfg.Cleanup:
		a.cleanup()
	case len(a.frameworks) == 0:
		a.recovered()
	default:
		a.timer(a.cfg.ReregistrationTimeout, a.recovered)
	}
}

// recovered ends the time in which recovered executors may come back.
func (a *agent) recovered() {
	a.phase = disconnected
	a.link.start()
	for _, f := range a.sortedFrameworks() {
		for _, e := range f.list() {
			if e.phase == registering {
				a.destroy(e, &termination{
					f.orLost(mesos.TASK_GONE), mesos.REASON_EXECUTOR_REREGISTRATION_TIMEOUT,
					"Executor did not reregister within " + formatDuration(a.cfg.ReregistrationTimeout),
				})
			}
		}
	}
}

// noteBoot says whether the machine was rebooted since the last agent.
func (a *agent) noteBoot() (bool, error) {
	text, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return false, err
	}
	id := strings.TrimSpace(string(text))
	old, err := os.ReadFile(a.paths.bootID())
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		return false, err
	}
	return err == nil && string(old) != id, writeAtomically(a.paths.bootID(), []byte(id), 0o600)
}

func (a *agent) recoverAgent(rebooted bool) error {
	dir, err := os.Readlink(a.paths.latestAgent())
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var old mesos.AgentInfo
	if err := readMessage(dir+"/slave.info", &old); err != nil {
		return fmt.Errorf("%s: %w", dir, err)
	}
	a.info.ID, a.known = old.ID, true
	if rebooted {
		a.log.Info("the machine was rebooted: no executor is recovered")
		return nil
	}
	dirs, err := filepath.Glob(dir + "/frameworks/*")
	for _, d := range dirs {
		if err := a.recoverFramework(d); err != nil {
			a.log.Sugar().Errorf("recover %s: %v", d, err)
		}
	}
	return err
}

func (a *agent) recoverFramework(dir string) error {
	runs, err := filepath.Glob(dir + "/executors/*/runs/latest")
	if err != nil {
		return err
	}
	var info mesos.FrameworkInfo
	for _, link := range runs {
		run, err := os.Readlink(link)
		if err != nil {
			return err
		}
		if _, err := os.Stat(run + "/executor.sentinel"); err == nil {
			continue
		}
		if err := readMessage(dir+"/framework.info", &info); err != nil {
			return err
		}
		if err := a.recoverExecutor(a.framework(info), run); err != nil {
			a.log.Sugar().Errorf("recover %s: %v", run, err)
		}
	}
	return nil
}

func (a *agent) recoverExecutor(f *framework, run string) error {
	var info mesos.ExecutorInfo
	if err := readMessage(filepath.Join(run, "../../executor.info"), &info); err != nil {
		return err
	}
	e := newExecutor(f, info, filepath.Base(run))
	e.sandbox = a.paths.sandboxes(a.info.ID.Value).run(f.id, e.id, e.containerID)
	f.add(e)
	tasks, err := filepath.Glob(run + "/tasks/*")
	for _, dir := range tasks {
		if err := a.recoverTask(e, dir); err != nil {
			a.log.Sugar().Errorf("recover %s: %v", dir, err)
		}
	}
	return err
}

// recoverTask replays a task's updates.
func (a *agent) recoverTask(e *executor, dir string) error {
	record, err := readTask(dir)
	if err != nil {
		return err
	}
	records, err := readJournal(dir + "/task.updates")
	if err != nil {
		return err
	}
	id := record.TaskID.Value
	e.addTask(&task{record: record})
	if len(records) == 0 {
		return nil
	}
	s := a.stream(e.framework, e, id)
	for _, r := range records {
		if r.status != nil {
			e.apply(*r.status)
			s.seen[string(r.uuid)] = true
			s.pending = append(s.pending, *r.status)
			continue
		}
		if len(s.pending) > 0 {
			s.pending = s.pending[1:]
		}
	}
	if t := e.tasks[id]; terminal(t.state()) && len(s.pending) == 0 {
		delete(a.streams, s.key)
		e.complete(id)
	}
	return nil
}

// recoverContainers joins the recovered executors with their processes and deals
// with containers nobody knows: the linux launcher kills them, the posix one
// does not know of them.
func (a *agent) recoverContainers() {
	owners := map[string]*executor{}
	for _, f := range a.sortedFrameworks() {
		for _, e := range f.list() {
			owners[e.containerID] = e
		}
	}
	dirs, err := filepath.Glob(a.paths.containers() + "/*")
	a.warn("list containers", err)
	for _, dir := range dirs {
		e := owners[filepath.Base(dir)]
		delete(owners, filepath.Base(dir))
		c, err := contain.Recover(dir)
		switch {
		case err == nil && e != nil:
			e.container, e.pid, e.silent = c, c.PID(), !c.Alive()
			a.spawn(func() { a.await(e, c) })
		case err == nil:
			a.orphan(c)
		default: // the agent was killed while it made this one
			a.warn("recover a container", err)
			a.warn("remove a container", os.RemoveAll(dir))
			if e != nil {
				owners[e.containerID] = e
			}
		}
	}
	for _, e := range owners {
		e.silent = true
		a.later(func() { a.exited(e, -1) })
	}
}

func (a *agent) orphan(c *contain.Container) {
	if c.Alive() && c.Isolation() == contain.Posix {
		c.Forget()
		return
	}
	c.Kill()
	a.spawn(func() {
		if _, err := c.Wait(a.ctx); a.ctx.Err() == nil {
			a.warn("end an orphaned container", err)
			a.warn("remove an orphaned container", c.Remove())
		}
	})
}
