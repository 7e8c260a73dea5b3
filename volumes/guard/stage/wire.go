package stage

import "syscall"

// Name is argument 0 of the second stage.
const Name = "flocker-guard"

// LaunchName is argument 0 of the third step, which a task takes that asks for
// what Go's fork does not do.
const LaunchName = "flocker-launch"

// ControlFD is the second stage's end of the control socket, on which Orders
// come and Reports go as JSON values, one after the other.
const ControlFD = 3

// Order is one message to the second stage; one field is set. The space is the
// first, the plan the second. Before the plan come the descriptors that belong
// to it, as SCM_RIGHTS: the trees of its binds in their order, then what the
// second stage is to keep open.
type Order struct {
	Space   *Space         `json:",omitempty"`
	Plan    *Plan          `json:",omitempty"`
	Task    *Task          `json:",omitempty"`
	Command *Command       `json:",omitempty"`
	Abort   uint64         `json:",omitempty"` // a command's ID
	Signal  syscall.Signal `json:",omitempty"`
}

// Command is a program to fork beside the task. Its ID, which is not 0 and is
// used once, names it in what is said of it.
type Command struct {
	ID   uint64
	Task Task
}

// Space is what the task's view of the machine is made of before its datasets
// are there.
type Space struct{ Sandbox string }

// Plan is what to bind. See guard.Config.
type Plan struct {
	Binds []Bind
	Roots []string
}

// Bind is one dataset to be bound. See guard.Bind.
type Bind struct {
	Source   string
	Device   uint64
	Subtree  string // root of the source in its filesystem
	Path     string
	ReadOnly bool
}

// Task is what to fork. See guard.Task.
type Task struct {
	Program        string
	Argv           []string
	Env            []string
	Dir            string
	Stdout, Stderr string
	User           *User
	Limits         []Limit
	Capabilities   *Capabilities
	NoNewPrivs     bool
	TTY            *TTY
}

// User is who a process runs as, supplementary groups included.
type User struct {
	UID, GID uint32
	Groups   []uint32
}

// Limit is one resource limit as setrlimit(2) takes it; ^uint64(0) is none.
type Limit struct {
	Resource   int // RLIMIT_*
	Soft, Hard uint64
}

// Capabilities are sets of capability numbers (capabilities(7)); nil leaves a
// set as it is, an empty one drops all.
type Capabilities struct {
	Effective []int // effective and permitted, and ambient where the user is not root
	Bounding  []int
}

// TTY is a terminal of the task's own; 0 leaves a size to the kernel.
type TTY struct{ Rows, Columns uint16 }

// Report is one message from the second stage; one field is set.
type Report struct {
	Alone  *Alone              `json:",omitempty"`
	Ready  *Ready              `json:",omitempty"`
	Run    *Outcome            `json:",omitempty"`
	Exited *syscall.WaitStatus `json:",omitempty"`
	Ended  *Ended              `json:",omitempty"`
}

// Ended is the last that is said of a command.
type Ended struct {
	ID      uint64
	Failed  *Outcome           // why it did not start, nil when it did
	Aborted bool               // it and all it forked got SIGKILL
	Status  syscall.WaitStatus // else: how its first process ended
}

// Alone answers the space.
type Alone struct {
	StartTime    uint64 // field 22 of the second stage's stat file
	PIDNamespace uint64 // inode
	Error        string // "" when nothing of the node's datasets is seen any more
}

// Ready answers the plan.
type Ready struct {
	Created []string // directories made for binds below the sandbox, relative to it, outermost first
	Error   string   // "" when all binds are in place
}

// Outcome answers a task.
type Outcome struct {
	Program string        // as it was looked up
	Errno   syscall.Errno // 0 when it runs
	Error   string        // "" when it runs
}
