package master_test

import (
	"strings"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
)

func ptr[T any](v T) *T { return &v }

// unrecorded is a task with one fault that the recordings do not have, and what
// Mesos says about it (src/master/validation.cpp, src/common/validation.cpp).
var unrecorded = []struct {
	name string
	harm func(*mesos.TaskInfo)
	want string
}{
	{"task id .", func(t *mesos.TaskInfo) { t.TaskID.Value = "." }, "'.' is disallowed"},
	{"backslash", func(t *mesos.TaskInfo) { t.TaskID.Value = `a\b` }, `'a\b' contains invalid characters`},
	{"DEFAULT without command", func(t *mesos.TaskInfo) {
		t.Executor.Type, t.Executor.Command = mesos.ExecutorInfo_DEFAULT, nil
	}, "'ExecutorInfo.type' must be 'CUSTOM'"},
	{"no type, no command", func(t *mesos.TaskInfo) {
		t.Executor.Type, t.Executor.Command = mesos.ExecutorInfo_UNKNOWN, nil
	}, "'ExecutorInfo.command' must be set"},
	{"two roles", func(t *mesos.TaskInfo) {
		t.Resources[0].AllocationInfo = &mesos.Resource_AllocationInfo{Role: ptr("other")}
	}, "Invalid task resources: The resources have multiple allocation roles ('apps' and 'other') but only one allocation role is allowed"},
	{
		"gpus", func(t *mesos.TaskInfo) { t.Resources = append(t.Resources, scalar("gpus", 0.5)) },
		"Task uses invalid resources: Invalid 'gpus' resource: The 'gpus' resource must be an unsigned integer",
	},
	{
		"inverted range", func(t *mesos.TaskInfo) { t.Resources = append(t.Resources, ports(5, 4)) },
		"Resource 'ports:[5-4]' is invalid: Invalid ranges resource: begin > end",
	},
	{
		"scalar without value", func(t *mesos.TaskInfo) { t.Resources[0].Scalar = nil },
		"Resource 'cpus:' is invalid: Invalid scalar resource",
	},
	{
		"resource without name", func(t *mesos.TaskInfo) { t.Resources[0].Name = "" },
		"Resource ':0.1' is invalid: Empty resource name",
	},
	{"same port twice", func(t *mesos.TaskInfo) {
		t.Resources = append(t.Resources, ports(31000, 31001))
		t.Executor.Resources = append(t.Executor.Resources, ports(31001, 31002))
	}, "There are overlapping resources in the task resources cpus(allocated: apps):0.1; mem(allocated: apps):32; " +
		"ports(allocated: apps):[31000-31001] and executor resources cpus(allocated: apps):0.1; " +
		"mem(allocated: apps):32; ports(allocated: apps):[31001-31002]"},
	{
		"port not offered", func(t *mesos.TaskInfo) { t.Resources = append(t.Resources, ports(80, 80)) },
		"Total resources cpus(allocated: apps):0.2; mem(allocated: apps):64; ports(allocated: apps):[80-80] required by " +
			"task and its executor is more than available ports(allocated: apps):[31000-31009]; cpus(allocated: apps):4; " +
			"mem(allocated: apps):4096; disk(allocated: apps):10000",
	},
	{
		"reserved", func(t *mesos.TaskInfo) { t.Resources[0].Role = ptr("db") },
		"Total resources cpus(allocated: apps)(reservations: [(STATIC,db)]):0.1; mem(allocated: apps):64; " +
			"cpus(allocated: apps):0.1 required by task and its executor is more than available " +
			"ports(allocated: apps):[31000-31009]; cpus(allocated: apps):4; mem(allocated: apps):4096; disk(allocated: apps):10000",
	},
	{"limit without request", func(t *mesos.TaskInfo) {
		t.Resources = t.Resources[:1]
		t.Limits = map[string]mesos.Value_Scalar{"mem": {Value: 64}}
	}, "When a memory limit is specified, a memory request must also be specified"},
	{
		"memory limit", func(t *mesos.TaskInfo) { t.Limits = map[string]mesos.Value_Scalar{"mem": {Value: 16}} },
		"The memory limit must be greater than or equal to the memory request",
	},
	{"own cgroups", func(t *mesos.TaskInfo) {
		t.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), LinuxInfo: &mesos.LinuxInfo{ShareCgroups: ptr(false)}}
	}, "Only tasks in a task group may have 'share_cgroups' set to 'false'"},
	{"executor shares cgroups", func(t *mesos.TaskInfo) {
		t.Executor.Container = &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), LinuxInfo: &mesos.LinuxInfo{ShareCgroups: ptr(true)}}
	}, "The 'share_cgroups' field cannot be set to 'true' on executor containers"},
	{"secret value", func(t *mesos.TaskInfo) {
		t.Executor.Command.Environment = secretEnv(&mesos.Secret{Type: mesos.Secret_VALUE})
	}, "Executor's `CommandInfo` is invalid: Environment variable 'A' specifies an invalid secret: " +
		"Secret of type VALUE must have the 'value' field set"},
	{"secret null byte", func(t *mesos.TaskInfo) {
		t.Executor.Command.Environment = secretEnv(&mesos.Secret{Type: mesos.Secret_VALUE, Value: &mesos.Secret_Value{Data: []byte("a\x00")}})
	}, "Executor's `CommandInfo` is invalid: Environment variable 'A' specifies a secret containing null bytes, " +
		"which is not allowed in the environment"},
	{
		"host path source", func(t *mesos.TaskInfo) { t.Executor.Container = volumeOf(mesos.Volume_Source_HOST_PATH) },
		"Executor's `ContainerInfo` is invalid: Invalid volume: 'source.host_path' is not set for HOST_PATH volume",
	},
	{"command check", func(t *mesos.TaskInfo) {
		t.Check = &mesos.CheckInfo{Type: mesos.CheckInfo_COMMAND, Command: &mesos.CheckInfo_Command{}}
	}, "Task uses invalid check: Command check must contain 'shell command'"},
	{"check interval", func(t *mesos.TaskInfo) {
		t.Check = &mesos.CheckInfo{Type: mesos.CheckInfo_TCP, TCP: &mesos.CheckInfo_Tcp{Port: 1}, IntervalSeconds: ptr(-1.0)}
	}, "Task uses invalid check: Expecting 'interval_seconds' to be non-negative"},
	{"check path", func(t *mesos.TaskInfo) {
		t.Check = &mesos.CheckInfo{Type: mesos.CheckInfo_HTTP, HTTP: &mesos.CheckInfo_Http{Port: 1, Path: ptr("x")}}
	}, "Task uses invalid check: The path 'x' of HTTP check must start with '/'"},
	{"health check command", func(t *mesos.TaskInfo) {
		t.HealthCheck = &mesos.HealthCheck{Type: mesos.HealthCheck_COMMAND, Command: &mesos.CommandInfo{Shell: ptr(false)}}
	}, "Task uses invalid health check: Command health check must contain 'executable path'"},
}

func secretEnv(s *mesos.Secret) *mesos.Environment {
	return &mesos.Environment{Variables: []mesos.Environment_Variable{
		{Name: "A", Type: mesos.Environment_Variable_SECRET.Enum(), Secret: s},
	}}
}

func volumeOf(source mesos.Volume_Source_Type) *mesos.ContainerInfo {
	return &mesos.ContainerInfo{Type: mesos.ContainerInfo_MESOS.Enum(), Volumes: []mesos.Volume{{
		Mode: mesos.RW.Enum(), ContainerPath: "/x", Source: &mesos.Volume_Source{Type: source},
	}}}
}

func TestUnrecordedRefusalsOfTasks(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	o := c.offer()
	for _, test := range unrecorded {
		bad := task(o, "t")
		test.harm(&bad)
		c.launch(o, bad)
		got := c.status(bad.TaskID.Value)
		expect(t, test.name, got.GetState(), mesos.TASK_ERROR)
		expect(t, test.name, got.GetReason(), mesos.REASON_TASK_INVALID)
		expect(t, test.name, got.GetMessage(), test.want)
		if len(got.UUID) > 0 {
			t.Errorf("%s: has a uuid", test.name)
		}
		offerAgain(t, m)
		o = c.offer()
	}
}

func TestUnrecordedRefusalsOfGroups(t *testing.T) {
	for _, test := range []struct {
		name string
		harm func(*mesos.Offer_Operation_LaunchGroup)
		want string
	}{
		{
			"cpus", func(g *mesos.Offer_Operation_LaunchGroup) { g.Executor.Resources = g.Executor.Resources[1:] },
			"Executor 'ex' uses less CPUs (None) than the minimum required (0.01)",
		},
		{
			"bad task", func(g *mesos.Offer_Operation_LaunchGroup) { g.TaskGroup.Tasks[1].TaskID.Value = "a/b" },
			"Task 'a/b' is invalid: 'a/b' contains invalid characters",
		},
		{"limits", func(g *mesos.Offer_Operation_LaunchGroup) {
			g.TaskGroup.Tasks[0].Limits = map[string]mesos.Value_Scalar{"cpus": {Value: 1}}
		}, "Task 'a' is invalid: Resource limits may only be set for tasks within a task group when the 'share_cgroups' field is set to 'false'."},
		{"mixed cgroups", func(g *mesos.Offer_Operation_LaunchGroup) {
			g.TaskGroup.Tasks[0].Container = &mesos.ContainerInfo{
				Type: mesos.ContainerInfo_MESOS.Enum(), LinuxInfo: &mesos.LinuxInfo{ShareCgroups: ptr(false)},
			}
		}, "If set, the value of 'share_cgroups' must be the same for all tasks in each task group and under a single executor"},
		{"ports", func(g *mesos.Offer_Operation_LaunchGroup) {
			for i := range g.TaskGroup.Tasks {
				g.TaskGroup.Tasks[i].Resources = append(g.TaskGroup.Tasks[i].Resources, ports(31000, 31000))
			}
		}, "There are overlapping resources in the task group's task resources"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, _, c := cluster(t, aware("apps"))
			o := c.offer()
			g := groupOf(c, o, "a", "b")
			test.harm(g)
			c.accept(o, mesos.Offer_Operation{Type: mesos.Offer_Operation_LAUNCH_GROUP, LaunchGroup: g})
			for _, one := range g.TaskGroup.Tasks {
				got := c.status(one.TaskID.Value)
				expect(t, "reason", got.GetReason(), mesos.REASON_TASK_GROUP_INVALID)
				if !strings.HasPrefix(got.GetMessage(), test.want) {
					t.Errorf("got %q, want %q", got.GetMessage(), test.want)
				}
			}
		})
	}
}

func TestUnrecordedRefusalsOfOffers(t *testing.T) {
	m, _, c := cluster(t, aware("apps"))
	o := c.offer()
	thief := subscribe(t, m.URL(), aware("apps"))
	for _, test := range []struct {
		name string
		ids  []mesos.OfferID
		want string
	}{
		{"none", nil, "No offers specified"},
		{"foreign", []mesos.OfferID{o.ID}, "Offer " + o.ID.Value + " has invalid framework " + c.info.ID.Value +
			" while framework " + thief.info.ID.Value + " is expected"},
	} {
		op := mesos.Offer_Operation{
			Type:   mesos.Offer_Operation_LAUNCH,
			Launch: &mesos.Offer_Operation_Launch{TaskInfos: []mesos.TaskInfo{task(o, "t")}},
		}
		thief.call(&scheduler.Call{Type: scheduler.Call_ACCEPT, Accept: &scheduler.Call_Accept{
			OfferIDs: test.ids, Operations: []mesos.Offer_Operation{op},
		}})
		expect(t, test.name, thief.status("t").GetMessage(), "Task launched with invalid offers: "+test.want)
	}
}

func TestIDOfAnUnreachableTaskIsTaken(t *testing.T) {
	m, p, c := cluster(t, checkpointing(aware("apps")))
	running(p, c, "t")
	p.disconnect()
	p.awaitGone(m)
	if err := m.Advance(bounded(t), 2*time.Minute); err != nil {
		t.Fatal(err)
	}
	expect(t, "state", c.status("t").GetState(), mesos.TASK_UNREACHABLE)
	p.register.AgentID = ""
	p.connect()
	t.Cleanup(p.disconnect)
	o := c.offer()
	c.launch(o, task(o, "t"))
	expect(t, "message", c.status("t").GetMessage(), "Task reuses the ID of an unreachable task: t")
}
