package executor

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/moby/moby/api/types/container"
)

// processOptions say what runs, as whom, and how it is looked after.
var processOptions = map[string]option{
	"entrypoint": func(d *draft, value string) error {
		d.c.Config.Entrypoint = []string{value} // "" drops the image's
		return nil
	},
	"env":         envOption,
	"group-add":   list(func(d *draft) *[]string { return &d.c.Host.GroupAdd }),
	"init":        initOption,
	"interactive": boolean(func(d *draft) *bool { return &d.c.Config.OpenStdin }),
	"label":       labelOption,
	"log-driver":  text(func(d *draft) *string { return &d.c.Host.LogConfig.Type }),
	"log-opt":     pairs(func(d *draft) *map[string]string { return &d.c.Host.LogConfig.Config }),
	"runtime":     text(func(d *draft) *string { return &d.c.Host.Runtime }),
	"stop-signal": text(func(d *draft) *string { return &d.c.Config.StopSignal }),
	"stop-timeout": between(math.MinInt64, math.MaxInt64, func(d *draft, n int64) {
		seconds := int(n)
		d.c.Config.StopTimeout = &seconds
	}),
	"tty":     boolean(func(d *draft) *bool { return &d.c.Config.Tty }),
	"user":    userOption,
	"workdir": text(func(d *draft) *string { return &d.c.Config.WorkingDir }),

	"health-cmd":          healthCommand,
	"health-interval":     duration(func(d *draft) *time.Duration { return &health(d).Interval }),
	"health-retries":      between(0, 1<<31-1, func(d *draft, n int64) { health(d).Retries = int(n) }),
	"health-start-period": duration(func(d *draft) *time.Duration { return &health(d).StartPeriod }),
	"health-timeout":      duration(func(d *draft) *time.Duration { return &health(d).Timeout }),
	"no-healthcheck":      boolean(func(d *draft) *bool { return &d.noHealth }),

	"cap-add":      list(func(d *draft) *[]string { return &d.c.Host.CapAdd }),
	"cap-drop":     list(func(d *draft) *[]string { return &d.c.Host.CapDrop }),
	"cgroupns":     mode("host and private", func(d *draft) *container.CgroupnsMode { return &d.c.Host.CgroupnsMode }),
	"ipc":          mode("none, private, shareable, host and container:<name>", func(d *draft) *container.IpcMode { return &d.c.Host.IpcMode }),
	"pid":          mode("host and container:<name>", func(d *draft) *container.PidMode { return &d.c.Host.PidMode }),
	"privileged":   boolean(func(d *draft) *bool { return &d.c.Host.Privileged }),
	"read-only":    boolean(func(d *draft) *bool { return &d.c.Host.ReadonlyRootfs }),
	"security-opt": securityOption,
	"sysctl":       sysctlOption,
	"userns":       mode("host", func(d *draft) *container.UsernsMode { return &d.c.Host.UsernsMode }),
	"uts":          mode("host", func(d *draft) *container.UTSMode { return &d.c.Host.UTSMode }),
}

// envOption reads <name>=<value>. A name alone would mean the command line's own.
func envOption(d *draft, value string) error {
	name, value, given := strings.Cut(value, "=")
	if name == "" || !given || strings.ContainsRune(name+value, 0) {
		return errors.New("<name>=<value> is allowed; the executor's own environment is not passed on")
	}
	d.c.Config.Env = setVariable(d.c.Config.Env, name, value)
	return nil
}

func initOption(d *draft, value string) error {
	d.c.Host.Init = new(bool)
	return boolean(func(d *draft) *bool { return d.c.Host.Init })(d, value)
}

func labelOption(d *draft, value string) error {
	key, _, _ := strings.Cut(value, "=")
	switch {
	case strings.HasPrefix(key, "flocker-executor."):
		return errors.New("labels that begin with flocker-executor. are the executor's")
	case strings.Trim(key, blanks) == "" || strings.ContainsAny(strings.TrimLeft(key, blanks), blanks):
		return fmt.Errorf("key %q: <key>=<value> is allowed, and no blanks in the key", key)
	}
	return pairs(func(d *draft) *map[string]string { return &d.c.Config.Labels })(d, value)
}

func userOption(d *draft, value string) error {
	if own := d.c.Config.User; own != "" && own != value {
		return errors.New("the task's user is " + own + ": give only one")
	}
	return text(func(d *draft) *string { return &d.c.Config.User })(d, value)
}

// blanks that docker run looks for.
const blanks = " \t"

// sysctls of a namespace of the container, besides net. and fs.mqueue.
var sysctls = []string{
	"kernel.msgmax", "kernel.msgmnb", "kernel.msgmni", "kernel.sem",
	"kernel.shmall", "kernel.shmmax", "kernel.shmmni", "kernel.shm_rmid_forced",
}

func sysctlOption(d *draft, value string) error {
	key, _, given := strings.Cut(value, "=")
	if !given || !slices.Contains(sysctls, key) && !strings.HasPrefix(key, "net.") && !strings.HasPrefix(key, "fs.mqueue.") {
		return fmt.Errorf("<key>=<value> is allowed, with a key that begins with net. or fs.mqueue., or is one of %s", strings.Join(sysctls, ", "))
	}
	return pairs(func(d *draft) *map[string]string { return &d.c.Host.Sysctls })(d, value)
}

func health(d *draft) *container.HealthConfig {
	if d.c.Config.Healthcheck == nil {
		d.c.Config.Healthcheck = &container.HealthConfig{}
	}
	return d.c.Config.Healthcheck
}

// The engine's own check: it shows in docker ps, and changes nothing for Mesos.
func healthCommand(d *draft, value string) error {
	if value == "" {
		return errors.New("a shell command is allowed")
	}
	health(d).Test = []string{"CMD-SHELL", value}
	return nil
}

// endHealth is the last word on the engine's check.
func (d *draft) endHealth() error {
	if !d.noHealth {
		return nil
	}
	if d.c.Config.Healthcheck != nil {
		return errors.New("container.docker.parameters: no-healthcheck: there are health- options as well: give only one")
	}
	d.c.Config.Healthcheck = &container.HealthConfig{Test: []string{"NONE"}}
	return nil
}

// securityOption: a profile is a file of the command line, and its text here.
func securityOption(d *draft, value string) error {
	h := &d.c.Host
	if value == "systempaths=unconfined" {
		h.MaskedPaths, h.ReadonlyPaths = []string{}, []string{}
		return nil
	}
	key, profile, given := strings.Cut(value, "=")
	if !given {
		key, profile, given = strings.Cut(value, ":") // the old form
	}
	switch {
	case key == "seccomp" && profile != "unconfined" && profile != "builtin" && !strings.HasPrefix(profile, "{"):
		return errors.New("seccomp=unconfined, or the JSON text of a profile, is allowed")
	case key == "no-new-privileges", given && (key == "seccomp" || key == "apparmor" || key == "label"):
		h.SecurityOpt = append(h.SecurityOpt, value)
		return nil
	}
	return errors.New("no-new-privileges, seccomp=, apparmor=, label= and systempaths=unconfined are allowed")
}
