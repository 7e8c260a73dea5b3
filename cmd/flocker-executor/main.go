// Command flocker-executor is started by a Mesos agent for one task, or for the
// tasks of one group. It brings a task's Flocker datasets to this node, runs the
// task with them bound, and gives them back. "flocker-executor recover" does the
// latter for executors that died.
//
// For the person on call: package executor tells the life of a task, package
// volumes what is on disk. Everything goes to the sandbox's stderr.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/mesos-flocker/flocker-executor/executor"
)

// version is set by the linker.
var version = "dev"

// Exit statuses.
const (
	ok     = 0
	failed = 1
	usage  = 2
)

func main() {
	if argument, yes := finishing(os.Args); yes {
		os.Exit(runFinish(argument, os.Getenv))
	}
	os.Exit(run(os.Args[1:], os.Getenv, os.Stdout, os.Stderr))
}

func run(args []string, getenv func(string) string, out, errOut io.Writer) int {
	s, words, err := parse(args, getenv)
	switch {
	case errors.Is(err, flag.ErrHelp):
		help(out)
		return ok
	case s.version:
		fmt.Fprintln(out, "flocker-executor", version)
		return ok
	case !words.recover && executor.InsideMesos(getenv):
		// Only a status reaches the owner of the task: so go on with the error.
		return runTask(s, words.task, err, getenv)
	case err != nil:
		fmt.Fprintln(errOut, "flocker-executor:", err)
		return usage
	case words.recover:
		return runRecover(s, getenv, out)
	}
	fmt.Fprintln(errOut, outside)
	return usage
}
