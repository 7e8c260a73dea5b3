package cluster

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Task is a task description: what "minicluster run" reads, and what tests
// submit. It always runs below flocker-executor.
type Task struct {
	ID      string            `json:"id,omitempty"` // default: made from Name
	Name    string            `json:"name"`
	Node    string            `json:"node,omitempty"`    // "" for any
	Command string            `json:"command,omitempty"` // shell, carried by the label flocker.command
	Labels  map[string]string `json:"labels,omitempty"`
	// CommandFile holds Command, beside the description.
	CommandFile string `json:"command_file,omitempty"`
	// Data is TaskInfo.data as it is.
	Data string  `json:"data,omitempty"`
	CPUs float64 `json:"cpus,omitempty"` // default 0.1
	Mem  float64 `json:"mem,omitempty"`  // MB, default 32
	// Arguments follow the executor's name on its command line.
	Arguments []string `json:"arguments,omitempty"`
	// Environment of the executor, and so of the task.
	Environment map[string]string `json:"environment,omitempty"`
	// Executor is where the binary comes from (a path or an http URL);
	// default: the cluster's own.
	Executor string `json:"executor,omitempty"`
	// User runs the executor; default: the framework's, root.
	User string `json:"user,omitempty"`
	// KillGrace and ShutdownGrace are Go durations ("3s"); "" leaves Mesos' own.
	KillGrace     string `json:"kill_grace,omitempty"`
	ShutdownGrace string `json:"shutdown_grace,omitempty"`
	// Info has the last say over what is sent. In a group the first task's sees
	// the executor of them all, the others' none.
	Info func(*mesos.TaskInfo) `json:"-"`
}

// ReadTask reads a task description.
func ReadTask(path string) (Task, error) {
	var t Task
	data, err := os.ReadFile(path)
	if err != nil {
		return t, err
	}
	if err := json.Unmarshal(data, &t); err != nil {
		return t, fmt.Errorf("task description %s: %w", path, err)
	}
	if t.Name == "" {
		return t, fmt.Errorf("task description %s: name is missing", path)
	}
	if t.CommandFile == "" {
		return t, nil
	}
	script, err := os.ReadFile(filepath.Join(filepath.Dir(path), t.CommandFile))
	if err != nil {
		return t, fmt.Errorf("task description %s: command_file: %w", path, err)
	}
	t.Command = string(script)
	return t, nil
}

// info turns the description into what a framework sends: a CUSTOM executor,
// fetched into the sandbox, and the task's wishes as labels.
func (t Task) info(executor string) (mesos.TaskInfo, error) {
	if t.Executor != "" {
		executor = t.Executor
	}
	custom := mesos.ExecutorInfo{
		Type:       mesos.ExecutorInfo_CUSTOM,
		ExecutorID: mesos.ExecutorID{Value: executorID(t.ID)},
		Name:       ptr("flocker-executor"),
		Command:    t.executorCommand(executor),
		Resources:  resources(0.1, 32),
	}
	info := mesos.TaskInfo{
		Name:      t.Name,
		TaskID:    mesos.TaskID{Value: t.ID},
		Executor:  &custom,
		Labels:    t.labels(),
		Resources: resources(or(t.CPUs, 0.1), or(t.Mem, 32)),
	}
	if t.Data != "" {
		info.Data = []byte(t.Data)
	}
	if err := t.graces(&info); err != nil {
		return info, err
	}
	if t.Info != nil {
		t.Info(&info)
	}
	return info, nil
}

// group turns descriptions into the parts of a LAUNCH_GROUP: the first one's
// executor serves them all, and a command is TaskInfo.command.
func group(tasks []Task, executor string) (mesos.ExecutorInfo, []mesos.TaskInfo, error) {
	var shared mesos.ExecutorInfo
	var infos []mesos.TaskInfo
	for i, t := range tasks {
		last := t.Info
		t.Info = func(info *mesos.TaskInfo) {
			t.asMember(info, i == 0)
			if last != nil {
				last(info)
			}
		}
		info, err := t.info(executor)
		if err != nil {
			return shared, nil, err
		}
		if i == 0 {
			shared, info.Executor = *info.Executor, nil
		}
		infos = append(infos, info)
	}
	return shared, infos, nil
}

// asMember changes what differs for a task of a group: the master demands disk
// for its executor.
func (t Task) asMember(info *mesos.TaskInfo, first bool) {
	if first {
		info.Executor.Resources = append(info.Executor.Resources, scalar("disk", 1))
	} else {
		info.Executor = nil
	}
	if command := t.Command; command != "" {
		info.Command = &mesos.CommandInfo{Value: &command}
		t.Command = ""
		info.Labels = t.labels()
	}
}

func (t Task) executorCommand(executor string) *mesos.CommandInfo {
	command := &mesos.CommandInfo{
		URIs:        []mesos.CommandInfo_URI{{Value: executor, Executable: ptr(true), Extract: ptr(false), OutputFile: ptr("flocker-executor")}},
		Shell:       ptr(false),
		Value:       ptr("./flocker-executor"),
		Arguments:   append([]string{"flocker-executor"}, t.Arguments...),
		Environment: t.environment(),
	}
	if t.User != "" {
		command.User = &t.User
	}
	return command
}

func (t Task) environment() *mesos.Environment {
	env := &mesos.Environment{}
	for _, name := range sortedKeys(t.Environment) {
		env.Variables = append(env.Variables, mesos.Environment_Variable{Name: name, Value: ptr(t.Environment[name])})
	}
	return env
}

func (t Task) labels() *mesos.Labels {
	labels := &mesos.Labels{}
	for _, key := range sortedKeys(t.Labels) {
		labels.Labels = append(labels.Labels, mesos.Label{Key: key, Value: ptr(t.Labels[key])})
	}
	if t.Command != "" {
		labels.Labels = append(labels.Labels, mesos.Label{Key: "flocker.command", Value: &t.Command})
	}
	return labels
}

func (t Task) graces(info *mesos.TaskInfo) error {
	if t.KillGrace != "" {
		d, err := duration("kill_grace", t.KillGrace)
		if err != nil {
			return err
		}
		info.KillPolicy = &mesos.KillPolicy{GracePeriod: d}
	}
	if t.ShutdownGrace != "" {
		d, err := duration("shutdown_grace", t.ShutdownGrace)
		if err != nil {
			return err
		}
		info.Executor.ShutdownGracePeriod = d
	}
	return nil
}

func duration(field, text string) (*mesos.DurationInfo, error) {
	d, err := time.ParseDuration(text)
	if err != nil {
		return nil, fmt.Errorf("%s %q: want a duration like 3s: %w", field, text, err)
	}
	return &mesos.DurationInfo{Nanoseconds: d.Nanoseconds()}, nil
}

func executorID(taskID string) string { return "flocker-executor." + taskID }

func resources(cpus, mem float64) []mesos.Resource {
	return []mesos.Resource{scalar("cpus", cpus), scalar("mem", mem)}
}

func scalar(name string, value float64) mesos.Resource {
	return mesos.Resource{
		Name: name, Type: mesos.SCALAR.Enum(), Scalar: &mesos.Value_Scalar{Value: value},
		AllocationInfo: &mesos.Resource_AllocationInfo{Role: ptr("*")},
	}
}
