package docker

import (
	"fmt"
	"path"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// engines is what engine and runtime put into every container. Where a dataset is
// around one of them, they mount or make it in the dataset, or do not start the
// container and say why in words that nobody understands.
var engines = []string{
	"/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
	"/dev/console", "/dev/core", "/dev/fd", "/dev/full", "/dev/null", "/dev/ptmx", "/dev/pts", "/dev/random",
	"/dev/stderr", "/dev/stdin", "/dev/stdout", "/dev/tty", "/dev/urandom", "/dev/zero",
	"/proc", "/sys", "/sbin/docker-init",
}

// CheckPath says with an error why no dataset can be at this absolute path of a
// container: the engine has its own there. Links of the image are not known here;
// what they lead to is looked at when the container is made and when it runs.
func CheckPath(name string) error {
	name = path.Clean(name)
	for _, own := range engines {
		if volumes.Inside(own, name) || volumes.Inside(name, own) {
			return fmt.Errorf("the engine puts its own %s into every container; a directory without anything of the engine's is allowed, as /data or /etc/app", own)
		}
	}
	return nil
}
