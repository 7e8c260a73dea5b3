package main

import (
	"flag"
	"fmt"
	"io"
)

const outside = "flocker-executor runs one Mesos task with its Flocker volumes, and a Mesos agent starts it; to see it work on this machine, run make demo (options: --help)"

// help prints the options with their environment forms.
func help(w io.Writer) {
	fmt.Fprint(w, `flocker-executor brings Flocker volumes to a Mesos task, runs it, and gives them back.

  flocker-executor [flags] [--] [command …]   started by a Mesos agent, for one task or task group
  flocker-executor recover [--dry-run]        return what dead executors of this node left

The task's labels name its volumes: flocker.volume[.<any>] = <name>:<container path>[:<option>,…]
Its command is the first of TaskInfo.command (in task groups), the label flocker.command,
TaskInfo.data {"value": "…"}, the cmd of a Marathon app, and the words after the flags: one is a
shell script, several are a program and its arguments. The label flocker.user names its user.
With a ContainerInfo of type DOCKER, or the label flocker.image, it runs in a docker container.

Flags, each also as environment variable FLOCKER_EXECUTOR_<NAME>:
`)
	defaults().flags().VisitAll(func(f *flag.Flag) {
		value, usage := flag.UnquoteUsage(f)
		if value != "" {
			value = " " + value
		}
		fmt.Fprintf(w, "  --%s%s\n        %s", f.Name, value, usage)
		if f.DefValue != "" && f.DefValue != "0" && f.DefValue != "false" {
			fmt.Fprintf(w, " (default %s)", f.DefValue)
		}
		fmt.Fprintln(w)
	})
}
