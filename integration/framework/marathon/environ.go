package marathon

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// A label whose key or value reaches these lengths gets no variable
// (EnvironmentHelper.scala).
const (
	labelPrefix  = "MARATHON_APP_LABEL_"
	maxValue     = 512
	maxLabelName = maxValue - len(labelPrefix)
)

var notInNames = regexp.MustCompile(`[^a-zA-Z0-9_]+`)

// environment of the executor's command, and so of the task: what Marathon
// says, over it the ports and the host, over those the app's own.
func (a App) environment(r Release, taskID, hostname string, ports []uint64) *mesos.Environment {
	env := a.context(r, taskID)
	maps.Copy(env, a.portVariables(ports))
	env["HOST"] = hostname
	maps.Copy(env, a.Env)
	list := &mesos.Environment{}
	for _, name := range slices.Sorted(maps.Keys(env)) {
		list.Variables = append(list.Variables, mesos.Environment_Variable{Name: name, Value: ptr(env[name])})
	}
	return list
}

func (a App) context(r Release, taskID string) map[string]string {
	env := map[string]string{
		"MESOS_TASK_ID":              taskID,
		"MARATHON_APP_ID":            a.ID,
		"MARATHON_APP_VERSION":       a.Version,
		"MARATHON_APP_RESOURCE_CPUS": double(a.CPUs),
		"MARATHON_APP_RESOURCE_MEM":  double(a.Mem),
		"MARATHON_APP_RESOURCE_DISK": double(a.Disk),
		"MARATHON_APP_RESOURCE_GPUS": strconv.Itoa(a.GPUs),
	}
	if r.since(9) {
		env["MARATHON_APP_ENFORCE_GROUP_ROLE"] = "FALSE"
	}
	if c := a.Container; c != nil && c.Type == "DOCKER" && c.Docker != nil {
		env["MARATHON_APP_DOCKER_IMAGE"] = c.Docker.Image
	}
	maps.Copy(env, a.labelVariables())
	return env
}

// double prints a number as Scala does.
func double(f float64) string {
	text := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(text, ".") {
		text += ".0"
	}
	return text
}

func (a App) labelVariables() map[string]string {
	env := map[string]string{}
	var names []string
	for _, key := range slices.Sorted(maps.Keys(a.Labels)) {
		if len(key) >= maxLabelName || len(a.Labels[key]) >= maxValue {
			continue
		}
		name := strings.ToUpper(notInNames.ReplaceAllString(key, "_"))
		names = append(names, name)
		env[labelPrefix+name] = a.Labels[key]
	}
	env["MARATHON_APP_LABELS"] = strings.Join(names, " ")
	return env
}

func (a App) portVariables(ports []uint64) map[string]string {
	env := map[string]string{}
	var all []string
	for i, p := range ports {
		text := strconv.FormatUint(p, 10)
		all = append(all, text)
		env["PORT"+strconv.Itoa(i)] = text
		d := a.PortDefinitions[i]
		env["PORT_"+strconv.FormatUint(cmp.Or(uint64(d.Port), p), 10)] = text
		if d.Name != nil {
			env["PORT_"+strings.ToUpper(*d.Name)] = text
		}
	}
	if len(all) > 0 {
		env["PORT"] = all[0]
		env["PORTS"] = strings.Join(all, ",")
	}
	return env
}
