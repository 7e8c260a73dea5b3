package agent

import (
	"os"
	"slices"
	"strings"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/link"
)

// leave is SIGUSR1: the master is told, every executor is shut down, no update
// of theirs is acknowledged or sent any more, and the next agent here will be a
// new one. The agent ends with the last executor.
func (a *agent) leave() {
	if a.phase == terminating {
		return
	}
	a.link.tell(link.Event{Unregister: &struct{}{}})
	if err := os.Remove(a.paths.latestAgent()); err != nil && a.known {
		a.log.Sugar().Errorf("forget the agent's id: %v", err)
	}
	a.phase = terminating
	a.endAll()
}

// cleanup is --recover=cleanup: recovered executors hear SHUTDOWN when they
// subscribe, and have their grace period for it.
func (a *agent) cleanup() {
	a.phase = terminating
	a.endAll()
}

func (a *agent) endAll() {
	for _, f := range a.sortedFrameworks() {
		a.teardown(f.info)
	}
	a.leftIfEmpty()
}

// leftIfEmpty ends an agent that was only waiting for its executors.
func (a *agent) leftIfEmpty() {
	if a.phase == terminating && len(a.frameworks) == 0 {
		closeOnce(a.over)
	}
}

func (a *agent) sortedFrameworks() []*framework {
	all := make([]*framework, 0, len(a.frameworks))
	for _, f := range a.frameworks {
		all = append(all, f)
	}
	slices.SortFunc(all, func(x, y *framework) int { return strings.Compare(x.id, y.id) })
	return all
}
