package journal

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"
)

// Version of the entries' format. A reader leaves newer ones alone.
const Version = 1

// Stage is how far a volume has come, and the name of its folder.
type Stage string

// The stages, in their order. An entry that never came to be held goes from
// wanted to releasing.
const (
	Wanted    Stage = "wanted"
	Held      Stage = "held"
	Releasing Stage = "releasing"
)

// Stages in their order.
var Stages = []Stage{Wanted, Held, Releasing}

// Process names a process across the life of its number.
type Process struct {
	Pid          int    `json:"pid"`
	StartTime    uint64 `json:"start_time"`    // field 22 of /proc/<pid>/stat
	PIDNamespace uint64 `json:"pid_namespace"` // inode; of a guard, the one it is process 1 of
}

// Mount is where a dataset was when it was held.
type Mount struct {
	Point   string `json:"point"`
	Device  uint64 `json:"device"`
	Subtree string `json:"subtree"` // root of the mount in its filesystem
}

// Entry is one volume of one executor run.
type Entry struct {
	Run   string `json:"-"`
	Stage Stage  `json:"-"`

	Version   int       `json:"version"`
	Task      string    `json:"task"`
	Framework string    `json:"framework"`
	Label     string    `json:"label"`
	Path      string    `json:"path"` // container path
	Executor  Process   `json:"executor"`
	Guard     *Process  `json:"guard,omitempty"`
	Mount     *Mount    `json:"mount,omitempty"`
	Boot      string    `json:"boot"`                // boot id of the machine; numbers above mean nothing in another
	Container string    `json:"container,omitempty"` // name of the task's container
	Engine    string    `json:"engine,omitempty"`    // socket of the engine that has it
	Written   time.Time `json:"written"`
	Record    Record    `json:"record"`
}

// ErrNewer says that a later version of this program wrote an entry.
var ErrNewer = errors.New("written by a newer version")

var datasetID = regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`)

func (e Entry) file() string { return e.Record.Dataset + ".json" }

// String names the entry for a person.
func (e Entry) String() string {
	return fmt.Sprintf("%s/%s/%s: volume %s of task %s of framework %s",
		e.Run, e.Stage, e.file(), e.Record.Name, e.Task, e.Framework)
}

func (e Entry) encode() ([]byte, error) {
	if !datasetID.MatchString(e.Record.Dataset) {
		return nil, fmt.Errorf("dataset id %q: not a lower-case UUID", e.Record.Dataset)
	}
	e.Version = Version
	e.Written = time.Now().UTC().Truncate(time.Millisecond)
	data, err := json.MarshalIndent(e, "", "  ")
	return append(data, '\n'), err
}

// decode reads the entry that lies in the file called name.
func decode(data []byte, name string) (Entry, error) {
	var e Entry
	if err := json.Unmarshal(data, &e); err != nil {
		return e, err
	}
	switch {
	case e.Version > Version:
		return e, ErrNewer
	case e.Version < 1:
		return e, fmt.Errorf("format version %d: 1 to %d are known", e.Version, Version)
	case !datasetID.MatchString(e.Record.Dataset):
		return e, fmt.Errorf("dataset id %q: not a lower-case UUID", e.Record.Dataset)
	case name != e.file():
		return e, fmt.Errorf("dataset id %s does not match the file's name", e.Record.Dataset)
	}
	return e, nil
}
