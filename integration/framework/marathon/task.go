package marathon

import (
	"maps"
	"slices"
	"strings"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Release is the minor of a Marathon 1.x, for what it sends otherwise than
// today's. 0 is the last one.
type Release int

// since says whether this release does what Marathon 1.<minor> began to do.
func (r Release) since(minor int) bool { return r == 0 || int(r) >= minor }

// TaskInfo is what Marathon makes of the app and an offer; nil when the offer
// has not enough ports. Whether its scalars suffice is the caller's to look at.
// ExecutorInfo.type stays unset.
func (a App) TaskInfo(r Release, taskID string, offer mesos.Offer) *mesos.TaskInfo {
	ports, enough := a.ports(offer)
	if !enough {
		return nil
	}
	info := &mesos.TaskInfo{
		Name:        a.hostname(),
		TaskID:      mesos.TaskID{Value: taskID},
		AgentID:     offer.AgentID,
		Resources:   a.resources(ports),
		Labels:      labels(a.Labels),
		Discovery:   a.discovery(ports),
		HealthCheck: a.mesosHealth(ports),
		Executor:    a.executor(r, taskID, offer.Hostname, ports),
	}
	if r.since(3) && a.TaskKillGracePeriodSeconds != nil {
		grace := time.Duration(*a.TaskKillGracePeriodSeconds * float64(time.Second))
		info.KillPolicy = &mesos.KillPolicy{GracePeriod: &mesos.DurationInfo{Nanoseconds: grace.Nanoseconds()}}
	}
	if r.since(8) && a.Check != nil {
		info.Check = a.Check.mesos(ports)
	}
	if !r.since(2) {
		info.Data = a.definition
	}
	return info
}

// executor is fresh for each task.
func (a App) executor(r Release, taskID, hostname string, ports []uint64) *mesos.ExecutorInfo {
	info := &mesos.ExecutorInfo{
		ExecutorID: mesos.ExecutorID{Value: executorID(taskID)},
		Command:    a.command(r, taskID, hostname, ports),
		Container:  a.Container.mesos(taskID),
	}
	if e := a.ExecutorResources; r.since(6) && e != nil {
		info.Resources = []mesos.Resource{scalar("cpus", e.CPUs), scalar("mem", e.Mem), scalar("disk", e.Disk)}
	}
	return info
}

func executorID(taskID string) string { return "marathon-" + taskID }

// command is the executor's. Its value always has the wrapping that needs a
// shell; whether there is one hangs on cmd and args.
func (a App) command(r Release, taskID, hostname string, ports []uint64) *mesos.CommandInfo {
	command := &mesos.CommandInfo{
		Value:       ptr(a.wrapped()),
		Environment: a.environment(r, taskID, hostname, ports),
		User:        a.User,
	}
	if value(a.Cmd) == "" || len(a.Args) > 0 {
		command.Shell = ptr(false)
		command.Arguments = a.Args
	}
	for _, f := range a.Fetch {
		command.URIs = append(command.URIs, mesos.CommandInfo_URI{
			Value: f.URI, Executable: &f.Executable, Extract: &f.Extract, Cache: &f.Cache, OutputFile: f.DestPath,
		})
	}
	return command
}

// wrapped quotes the path without escaping it, and the command not at all.
func (a App) wrapped() string {
	cmd := strings.Join(a.Args, " ")
	if a.Cmd != nil {
		cmd = *a.Cmd
	}
	path := "'" + a.Executor + "'"
	return "chmod ug+rx " + path + " && exec " + path + " " + cmd
}

func (a App) resources(ports []uint64) []mesos.Resource {
	list := []mesos.Resource{scalar("cpus", a.CPUs), scalar("mem", a.Mem)}
	if a.Disk > 0 {
		list = append(list, scalar("disk", a.Disk))
	}
	if a.GPUs > 0 {
		list = append(list, scalar("gpus", float64(a.GPUs)))
	}
	if len(ports) == 0 {
		return list
	}
	r := mesos.Resource{Name: "ports", Type: mesos.RANGES.Enum(), Ranges: &mesos.Value_Ranges{}}
	for _, p := range ports {
		r.Ranges.Range = append(r.Ranges.Range, mesos.Value_Range{Begin: p, End: p})
	}
	return append(list, r)
}

func scalar(name string, value float64) mesos.Resource {
	return mesos.Resource{Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: value}}
}

func labels(all map[string]string) *mesos.Labels {
	if len(all) == 0 {
		return nil
	}
	list := &mesos.Labels{}
	for _, key := range slices.Sorted(maps.Keys(all)) {
		list.Labels = append(list.Labels, mesos.Label{Key: key, Value: ptr(all[key])})
	}
	return list
}

// hostname is the app's id from its end: /web/db is db.web.
func (a App) hostname() string {
	parts := strings.Split(strings.Trim(a.ID, "/"), "/")
	slices.Reverse(parts)
	return strings.Join(parts, ".")
}
