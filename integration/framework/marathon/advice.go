package marathon

import (
	"errors"
	"fmt"
	"strings"
)

// Sound says what of an app definition, which Marathon would take, does not go
// together with flocker-executor; nil for other apps.
func (a App) Sound() error {
	if !a.flocker() {
		return nil
	}
	return errors.Join(a.soundCommand(), a.soundContainer(), a.soundNumbers())
}

// flocker says whether the app is meant for flocker-executor.
func (a App) flocker() bool {
	for key := range a.Labels {
		if strings.HasPrefix(key, "flocker.") {
			return true
		}
	}
	return strings.HasSuffix(a.Executor, "flocker-executor")
}

func (a App) soundCommand() error {
	var errs []error
	if a.Executor == "" || a.Executor == "//cmd" {
		errs = append(errs, fmt.Errorf("executor %q: want ./flocker-executor, or nobody reads the labels", a.Executor))
	}
	if value(a.Cmd) == "" {
		errs = append(errs, errors.New(`cmd "": want a command, or " " beside the label flocker.command: without it Marathon starts no shell for its own command line`))
	}
	if len(a.Args) > 0 {
		errs = append(errs, fmt.Errorf("args %q: want cmd: with args Marathon starts no shell for its own command line", a.Args))
	}
	if user := value(a.User); user != "" && user != "root" {
		errs = append(errs, fmt.Errorf("user %q: want none, and the label flocker.user: it would be the executor's user, who may bind nothing", user))
	}
	return errors.Join(errs...)
}

// soundContainer is about images, in which the executor would find neither the
// node's datasets nor a docker engine.
func (a App) soundContainer() error {
	if c := a.Container; c != nil && c.Docker != nil {
		return fmt.Errorf("container.docker.image %q: want the label flocker.image: the image would be the executor's", c.Docker.Image)
	}
	return nil
}

// soundNumbers is about two instances at once that want the same dataset: the
// second one would wait for the first one's lease until its deadline.
func (a App) soundNumbers() error {
	var errs []error
	if a.Instances > 1 {
		errs = append(errs, fmt.Errorf("instances %d: want 1: a dataset is on one node at a time", a.Instances))
	}
	if u := a.UpgradeStrategy; u.MaximumOverCapacity > 0 || u.MinimumHealthCapacity > 0 {
		errs = append(errs, fmt.Errorf("upgradeStrategy minimumHealthCapacity %g, maximumOverCapacity %g: want 0 and 0: the new instance would start before the old one is gone",
			u.MinimumHealthCapacity, u.MaximumOverCapacity))
	}
	return errors.Join(errs...)
}
