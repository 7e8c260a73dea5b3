package framework

import (
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// refuse is how long an unused offer is declined: hardly at all while a launch
// waits for another one, otherwise until Launch revives.
func refuse(pending int) time.Duration {
	if pending > 0 {
		return 0
	}
	return time.Hour
}

// fit splits the pending launches into those that the offer can carry together
// and the rest. Of those that are made from an offer one at a time: the next one
// would not know which ports the first has taken.
func fit(pending []*launch, offer mesos.Offer) (fitting, rest []*launch) {
	free := scalars(offer.Resources)
	matched := false
	for _, l := range pending {
		suits := l.hostname == "" || l.hostname == offer.Hostname
		if suits && l.match != nil {
			suits = !matched && l.made(offer)
		}
		if !suits || !within(l.need(), free) {
			rest = append(rest, l)
			continue
		}
		matched = matched || l.match != nil
		subtract(free, l.need())
		fitting = append(fitting, l)
	}
	return fitting, rest
}

// made makes the task from the offer, if it suits.
func (l *launch) made(offer mesos.Offer) bool {
	task := l.match(offer)
	if task != nil {
		l.tasks = []mesos.TaskInfo{*task}
	}
	return task != nil
}

// need is what all tasks and executors of a launch take.
func (l *launch) need() map[string]float64 {
	sum := map[string]float64{}
	for _, task := range l.tasks {
		add(sum, scalars(task.Resources))
		if task.Executor != nil {
			add(sum, scalars(task.Executor.Resources))
		}
	}
	if l.executor != nil {
		add(sum, scalars(l.executor.Resources))
	}
	return sum
}

func scalars(resources []mesos.Resource) map[string]float64 {
	sum := map[string]float64{}
	for _, r := range resources {
		if r.Scalar != nil {
			sum[r.Name] += r.Scalar.Value
		}
	}
	return sum
}

func within(need, free map[string]float64) bool {
	for name, n := range need {
		if n > free[name]+1e-9 {
			return false
		}
	}
	return true
}

func add(to, more map[string]float64) {
	for name, n := range more {
		to[name] += n
	}
}

func subtract(from, less map[string]float64) {
	for name, n := range less {
		from[name] -= n
	}
}
