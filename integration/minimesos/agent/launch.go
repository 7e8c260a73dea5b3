package agent

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"
	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/contain"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/agent/fetch"
	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// launch makes a new executor for the tasks and starts its container. The time
// it has to subscribe begins here, fetching included.
func (a *agent) launch(f *framework, info mesos.ExecutorInfo, d delivery) {
	e := newExecutor(f, info, uuid.NewString())
	e.sandbox = a.paths.sandboxes(a.info.ID.Value).run(f.id, e.id, e.containerID)
	user, err := a.makeSandbox(e)
	if err != nil {
		a.noSandbox(e, d, err)
		return
	}
	f.add(e)
	a.checkpointFramework(f)
	a.checkpointExecutor(e)
	a.enqueue(e, d)
	e.registration = a.timer(a.cfg.RegistrationTimeout, func() { a.notSubscribed(e) })
	if info.Container != nil && info.Container.GetType() == mesos.ContainerInfo_DOCKER {
		a.later(func() { a.exitedWith(e, -1, "Abnormal executor termination: unknown container") })
		return
	}
	ctx, cancel := context.WithCancel(a.ctx)
	e.cancel = cancel
	p := a.plan(e, user)
	a.spawn(func() { a.contain(ctx, e, p) })
}

// noSandbox: recorded in launch-failures for a user that does not exist.
func (a *agent) noSandbox(e *executor, d delivery, err error) {
	f := e.framework
	a.link.tell(link.Event{Exited: &link.Exited{FrameworkID: f.id, ExecutorID: e.id, Status: -1}})
	a.refuse(f, d, e.id, termination{
		f.orLost(mesos.TASK_DROPPED), mesos.REASON_EXECUTOR_TERMINATED,
		fmt.Sprintf("Failed to create executor directory '%s': %v", e.sandbox, err),
	})
}

func (a *agent) notSubscribed(e *executor) {
	if e.phase == registering {
		a.destroy(e, &termination{
			mesos.TASK_FAILED, mesos.REASON_EXECUTOR_REGISTRATION_TIMEOUT,
			"Executor did not register within " + formatDuration(a.cfg.RegistrationTimeout),
		})
	}
}

// plan is all that the container's goroutine needs to know.
type plan struct {
	id   string
	spec contain.Spec
	uris []fetch.URI
	user sandboxUser
}

func (a *agent) plan(e *executor, user sandboxUser) plan {
	command := e.info.GetCommand()
	p := plan{id: e.containerID, user: user, spec: contain.Spec{
		Dir: a.paths.container(e.containerID), Isolation: a.cfg.Isolation, Sandbox: e.sandbox,
		Shell: command.GetShell(), Value: command.GetValue(), Arguments: command.GetArguments(),
		Env: a.environment(e), User: user.credential, ProcBinds: a.cfg.ProcBinds, Config: containerConfig(e, user.name),
	}}
	if p.spec.SharePID = a.cfg.SharePID; a.cfg.CgroupsRoot != "" {
		p.spec.Cgroup = a.cfg.CgroupsRoot + "/" + e.containerID
	}
	for _, u := range command.GetURIs() {
		p.uris = append(p.uris, fetch.URI{
			Value: u.Value, Executable: u.GetExecutable(), Extract: u.GetExtract(), Cache: u.GetCache(), OutputFile: u.GetOutputFile(),
		})
	}
	return p
}

// contain is a container's life, on a goroutine of its own: the helper first,
// then the URIs, then the executor, until all of it has ended.
func (a *agent) contain(fetching context.Context, e *executor, p plan) {
	c, err := contain.Start(p.spec)
	if err != nil {
		a.post(func() {
			e.fail(err.Error())
			a.exited(e, -1)
		})
		return
	}
	if err := a.ask(func() { a.started(e, c) }); err == nil {
		a.fill(fetching, e, c, p)
	}
	a.await(e, c)
}

// fill fetches and lets the executor start, or not.
func (a *agent) fill(ctx context.Context, e *executor, c *contain.Container, p plan) {
	fail := func(message string) {
		// An agent that is ending has nobody left to tell.
		_ = a.ask(func() { e.fail(message) })
	}
	if err := fetch.Validate(p.uris); err != nil {
		fail("Could not fetch: " + err.Error())
		c.Kill()
		return
	}
	if err := a.fetch(ctx, p); err != nil {
		fail("Failed to fetch all URIs for container '" + p.id + "': exited with status 1")
		a.warn("let the helper go", c.Shut())
		return
	}
	a.warn("start the executor", c.Open())
}

func (a *agent) fetch(ctx context.Context, p plan) error {
	if len(p.uris) == 0 {
		return nil
	}
	log, err := openLog(p.spec.Sandbox)
	if err != nil {
		return err
	}
	defer log.Close()
	if err := a.fetcher.Fetch(ctx, p.uris, p.user.name, p.spec.Sandbox, log); err != nil {
		return err
	}
	return p.user.own(p.spec.Sandbox)
}

// fail is why a container that never ran ends, unless there is a reason already.
func (e *executor) fail(message string) {
	if e.termination == nil {
		e.termination = &termination{
			mesos.TASK_FAILED, mesos.REASON_CONTAINER_LAUNCH_FAILED, "Failed to launch container: " + message,
		}
	}
}

// started notes the helper. The executor may have been destroyed meanwhile.
func (a *agent) started(e *executor, c *contain.Container) {
	e.container, e.pid = c, c.PID()
	a.checkpointPID(e)
	if e.doomed {
		c.Kill()
	}
}

// await ends when the container has, or with the agent.
func (a *agent) await(e *executor, c *contain.Container) {
	status, err := c.Wait(a.ctx)
	if a.ctx.Err() != nil && errors.Is(err, a.ctx.Err()) {
		return
	}
	a.warn("wait for the container of "+e.id, err)
	a.warn("remove the container of "+e.id, c.Remove())
	a.post(func() { a.exited(e, status) })
}

// exited is Slave::executorTerminated: FAILURE first, then a terminal status for
// every task that has none (recorded in every trace with both).
func (a *agent) exited(e *executor, status int) { a.exitedWith(e, status, "Executor terminated") }

func (a *agent) exitedWith(e *executor, status int, message string) {
	why := e.termination
	if why == nil {
		why = &termination{mesos.TASK_FAILED, mesos.REASON_EXECUTOR_TERMINATED, message}
	}
	e.phase, e.container = executorEnded, nil
	e.cancel()
	stopTimer(e.registration)
	stopTimer(e.shutdown)
	e.endStream()
	f := e.framework
	if !e.silent {
		a.link.tell(link.Event{Exited: &link.Exited{FrameworkID: f.id, ExecutorID: e.id, Status: int32(status)}})
	}
	e.queued = nil
	for _, t := range e.list() {
		if !terminal(t.state()) {
			a.report(f, a.agentStatus(t.record.TaskID.Value, e.id, *why))
		}
	}
	if f.ending || len(e.tasks) == 0 {
		a.removeExecutor(e)
	}
}

// warn logs what failed without a consequence worth stopping for.
func (a *agent) warn(what string, err error) {
	if err != nil {
		a.log.Sugar().Warnf("%s: %v", what, err)
	}
}
