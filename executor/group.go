package executor

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/volumes"
)

// group is the tasks of a LAUNCH_GROUP, or the one of a LAUNCH.
type group struct {
	tasks []*task
	lives sync.WaitGroup
}

func newGroup(s *Session, l *listener, launch launched, o Options) *group {
	g := &group{}
	for i, info := range launch.Tasks {
		g.tasks = append(g.tasks, newTask(s, l, launch, info, launch.orders[i], o))
	}
	return g
}

// live lives all lives side by side and returns when the terminal status of each
// is sent; a task's goes out when its own volumes are released. join waits for
// what is still pinned then.
func (g *group) live() {
	g.read()
	var told sync.WaitGroup
	told.Add(len(g.tasks))
	for _, t := range g.tasks {
		g.lives.Go(func() {
			defer t.closeContainer()
			t.say(t.live()) // 8
			told.Done()
			t.letGo() // 10
		})
	}
	told.Wait()
}

// join waits until nothing is pinned any more.
func (g *group) join() { g.lives.Wait() }

// read reads all tasks before the first one begins: one that is refused ends a
// group of which nothing has been started yet.
func (g *group) read() {
	for _, t := range g.tasks {
		t.read()
	}
	if err := g.clash(); err != nil {
		for _, t := range g.tasks {
			t.refuse(failed(t.id, &reasonInvalid, err.Error()))
		}
		return
	}
	for _, t := range g.tasks {
		if t.refused != nil {
			g.refuseOthers(*t.refused)
			return
		}
	}
}

func (g *group) refuseOthers(first Status) {
	for _, t := range g.tasks {
		if t.refused == nil {
			t.refuse(t.notStarted(groupOrder(first), groupOrder(first)))
		}
	}
}

// clash is why the tasks cannot run side by side: of two that want one dataset,
// the one would wait for the end of the other.
func (g *group) clash() error {
	ids, owners := map[string]bool{}, map[string]string{}
	for _, t := range g.tasks {
		if ids[t.id] {
			return fmt.Errorf("the group has two tasks with the id %q", t.id)
		}
		ids[t.id] = true
		for _, v := range t.spec.Volumes {
			for _, key := range keys(v, t.options.Guess) {
				if owner, taken := owners[key]; taken && owner != t.id {
					return fmt.Errorf("tasks %q and %q of the group both want %s: only one task at a time can have it", owner, t.id, key)
				}
				owners[key] = t.id
			}
		}
	}
	return nil
}

// keys are the ways in which a volume names its dataset: by its name, and by the
// id that it gives or that belongs to the name.
func keys(v volumes.Volume, guess func(volumes.Volume) string) []string {
	id := v.Dataset
	if id == "" && guess != nil {
		id = guess(v)
	}
	names := []string{fmt.Sprintf("dataset %q", v.Name)}
	if id != "" {
		names = append(names, "the dataset with id "+strings.ToLower(id))
	}
	return names
}

// regroup applies the rule of a group: one task that failed or was killed ends
// the others, one that finished does not (launcher/default_executor.cpp).
func (l *listener) regroup(o outcome) {
	o.orders.over = true
	if o.status.State == mesos.TASK_FINISHED {
		return
	}
	for _, t := range l.tasks {
		t.give(groupOrder(o.status))
	}
}

func groupOrder(s Status) order {
	ended := "failed"
	if s.State == mesos.TASK_KILLED {
		ended = "was killed"
	}
	why := fmt.Sprintf("task %q of its group %s", s.Task, ended)
	if s.Message != "" {
		why += " (" + s.Message + ")"
	}
	return order{kind: orderGroup, at: time.Now(), err: errors.New(why)}
}
