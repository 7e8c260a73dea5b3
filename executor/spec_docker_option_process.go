package executor

import (
	"errors"
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
	"stop-timeout": between(-1, 1<<31-1, func(d *draft, n int64) {
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
	"no-healthcheck":      noHealthcheck,

	"cap-add":      list(func(d *draft) *[]string { return &d.c.Host.CapAdd }),
	"cap-drop":     list(func(d *draft) *[]string { return &d.c.Host.CapDrop }),
	"cgroupns":     mode("host and private", func(d *draft) *container.CgroupnsMode { return &d.c.Host.CgroupnsMode }),
	"ipc":          mode("none, private, shareable, host and container:<name>", func(d *draft) *container.IpcMode { return &d.c.Host.IpcMode }),
	"pid":          mode("host and container:<name>", func(d *draft) *container.PidMode { return &d.c.Host.PidMode }),
	"privileged":   boolean(func(d *draft) *bool { return &d.c.Host.Privileged }),
	"read-only":    boolean(func(d *draft) *bool { return &d.c.Host.ReadonlyRootfs }),
	"security-opt": securityOption,
	"sysctl":       pairs(func(d *draft) *map[string]string { return &d.c.Host.Sysctls }),
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
	if strings.HasPrefix(value, "flocker-executor.") {
		return errors.New("labels that begin with flocker-executor. are the executor's")
	}
	return pairs(func(d *draft) *map[string]string { return &d.c.Config.Labels })(d, value)
}

func userOption(d *draft, value string) error {
	if own := d.c.Config.User; own != "" && own != value {
		return errors.New("the task's user is " + own + ": give only one")
	}
	return text(func(d *draft) *string { return &d.c.Config.User })(d, value)
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

func noHealthcheck(d *draft, value string) error {
	off := false
	if err := boolean(func(*draft) *bool { return &off })(d, value); err != nil {
		return err
	}
	if off {
		health(d).Test = []string{"NONE"}
	}
	return nil
}

// securityOption: a profile is a file of the command line, and its text here.
func securityOption(d *draft, value string) error {
	key, profile, given := strings.Cut(value, "=")
	if !given {
		key, profile, given = strings.Cut(value, ":") // the old form
	}
	h := &d.c.Host
	switch {
	case key == "systempaths" && profile == "unconfined":
		h.MaskedPaths, h.ReadonlyPaths = []string{}, []string{}
		return nil
	case key == "seccomp" && profile != "unconfined" && profile != "builtin" && !strings.HasPrefix(profile, "{"):
		return errors.New("seccomp=unconfined, or the JSON text of a profile, is allowed")
	case key == "no-new-privileges", given && (key == "seccomp" || key == "apparmor" || key == "label"):
		h.SecurityOpt = append(h.SecurityOpt, value)
		return nil
	}
	return errors.New("no-new-privileges, seccomp=, apparmor=, label= and systempaths=unconfined are allowed")
}
