package main

import (
	"context"

	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/volumes"
	"github.com/mesos-flocker/flocker-executor/volumes/keep"
)

// runFinish does what a dead executor left to do for a task in a container. The
// keeper that it left starts this; its settings are in the environment. It ends
// when all is done. What it says goes where the executor's words went: to the
// sandbox's stderr, while that exists and somebody takes it.
func runFinish(argument string, getenv func(string) string) int {
	stayLean()
	s, _, err := parse(nil, getenv)
	log := s.logTo(lossyStderr())
	if err != nil {
		log.Error("settings of the dead executor; going on with what can be used", zap.Error(err))
	}
	if err := volumes.Finish(context.Background(), s.volumes(getenv, "", log), argument); err != nil {
		log.Error("what the executor left is not finished; recovery goes on with it", zap.Error(err))
		return failed
	}
	return ok
}

// finishing says whether this process is to finish a dead executor's work, and
// what of it.
func finishing(args []string) (argument string, yes bool) {
	if len(args) != 2 || args[0] != keep.FinishName {
		return "", false
	}
	return args[1], true
}
