package integration_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	mesos "github.com/mesos/mesos-go/api/v1/lib"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
	"github.com/mesos-flocker/flocker-executor/integration/framework"
)

// TestRestarts is the short form of TestSoakRestarts.
func TestRestarts(t *testing.T) {
	t.Parallel()
	restarts(t, 4, 15*time.Second)
}

// restless is a node whose agent is killed again and again, and what ran there.
type restless struct {
	c    *cluster.Minicluster
	node string
	// delivering is read-locked until a task's executor has it: an agent that is
	// killed before that gives the task up, rightly.
	delivering sync.RWMutex
	mutex      sync.Mutex
	tasks      map[string]mesos.TaskState // and how each has to end
}

// restarts runs tasks with volumes, one after the other on each of so many
// datasets, while their agent is killed and started again and loses or delays
// acknowledgements. No update is lost or out of order, and each task ends once,
// as its command did.
func restarts(t *testing.T, datasets int, length time.Duration) {
	r := &restless{c: startFaulty(t, cluster.Options{Nodes: 1, RestartWindow: 100 * time.Millisecond}), tasks: map[string]mesos.TaskState{}}
	r.node = r.c.Nodes()[0].Name
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	over := time.Now().Add(length)
	var group sync.WaitGroup
	for i := range datasets {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		group.Go(func() {
			for n := 1; time.Now().Before(over) && !t.Failed(); n++ {
				r.task(t, random, fmt.Sprintf("restarts-%d", i), n)
			}
		})
	}
	random := rand.New(rand.NewPCG(seed, uint64(datasets)))
	count := 0
	for ; time.Now().Before(over) && !t.Failed(); count++ {
		r.restart(t, random)
	}
	group.Wait()
	if t.Failed() {
		return
	}
	t.Logf("%d restarts, %d tasks", count, len(r.tasks))
	for id, want := range r.tasks {
		r.told(t, id, want)
	}
	for i := range datasets {
		gone(t, r.c, fmt.Sprintf("restarts-%d", i))
	}
}

// task runs the n-th task on a dataset, which has to find what those before it
// wrote, and which ends after a while, well or not.
func (r *restless) task(t *testing.T, random *rand.Rand, dataset string, n int) {
	id, code, want := fmt.Sprintf("%s.%d", dataset, n), 0, mesos.TASK_FINISHED
	if random.IntN(4) == 0 {
		code, want = 3, mesos.TASK_FAILED
	}
	command := fmt.Sprintf("echo x >> data/log; sync data/log; sleep 0.%d; [ $(wc -l < data/log) = %d ] || exit 9; exit %d", random.IntN(100), n, code)
	r.delivering.RLock()
	err := r.c.Submit(deadline(t), volumeTask(id, r.node, dataset, command))
	if err == nil {
		_, err = r.c.Wait(deadline(t), id, func(mesos.TaskStatus) bool { return true })
	}
	r.delivering.RUnlock()
	if err == nil {
		_, err = r.c.Wait(deadline(t), id, func(s mesos.TaskStatus) bool { return framework.Terminal(s.GetState()) })
	}
	if err != nil {
		t.Errorf("task %s: %v%s", id, err, stderr(r.c, id))
	}
	r.mutex.Lock()
	defer r.mutex.Unlock()
	r.tasks[id] = want
}

// restart kills the agent, starts it again and lets it misbehave for a while.
func (r *restless) restart(t *testing.T, random *rand.Rand) {
	r.delivering.Lock()
	restartAgent(t, r.c, r.node)
	r.delivering.Unlock()
	loseAcknowledgements(t, r.c, random)
	// Sometimes within the two seconds in which it takes no updates.
	<-time.After(time.Duration(random.IntN(int(4 * time.Second))))
}

// told holds a task's statuses, each counted once, to their order.
func (r *restless) told(t *testing.T, id string, want mesos.TaskState) {
	t.Helper()
	all, err := r.c.Statuses(deadline(t), id)
	if err != nil {
		t.Fatal(err)
	}
	var story []string
	for _, s := range all {
		story = append(story, s.GetState().String())
		if s.GetSource() != mesos.SOURCE_EXECUTOR {
			t.Errorf("task %s: %s is from %s: %s%s", id, s.GetState(), s.GetSource(), s.GetMessage(), stderr(r.c, id))
		}
	}
	got := strings.Join(story, " ")
	for strings.HasPrefix(got, "TASK_STARTING TASK_STARTING") { // progress
		got = strings.TrimPrefix(got, "TASK_STARTING ")
	}
	if wanted := "TASK_STARTING TASK_RUNNING " + want.String(); got != wanted {
		t.Errorf("task %s: %q, want %q%s", id, strings.Join(story, " "), wanted, stderr(r.c, id))
	}
}
