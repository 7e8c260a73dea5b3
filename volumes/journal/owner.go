package journal

import (
	"encoding/json"
	"fmt"
	"os"
)

// Owner says who has a dataset's lock: a task, or without one a recovery. It is
// in the lock's file while somebody has the lock, and may be there after that if
// its process was killed.
type Owner struct {
	Task      string  `json:"task,omitempty"`
	Framework string  `json:"framework,omitempty"`
	Process   Process `json:"process"` // the executor, or who recovers
}

// String names the owner for a person.
func (o Owner) String() string {
	switch {
	case o.Task != "":
		return fmt.Sprintf("task %s of framework %s on this node (executor pid %d)", o.Task, o.Framework, o.Process.Pid)
	case o.Process.Pid != 0:
		return fmt.Sprintf("a recovery on this node (pid %d), which gives back what a dead executor has left of it", o.Process.Pid)
	}
	return "another task on this node that has not said yet who it is"
}

// sibling says that both are tasks of one process.
func (o Owner) sibling(other Owner) bool {
	return o.Task != "" && other.Task != "" && o.Process == other.Process
}

// sign writes the owner into the file that it has locked. It is for people: on
// a full disk the file stays empty, and the lock is as good.
func (o Owner) sign(f *os.File) {
	data, err := json.Marshal(o)
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt(append(data, '\n'), 0)
	}
	if err != nil {
		_ = f.Truncate(0)
	}
}

// Holder says in words who has a dataset's lock, or had it last.
func (j *Journal) Holder(dataset string) string { return j.owner(dataset).String() }

// owner reads who has signed the dataset's lock, the zero Owner when nobody has.
func (j *Journal) owner(dataset string) (o Owner) {
	data, err := os.ReadFile(j.lockFile(dataset))
	if err != nil || json.Unmarshal(data, &o) != nil {
		return Owner{}
	}
	return o
}
