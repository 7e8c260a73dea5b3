// Package link is what minimesos' master and agents say to each other. Real
// Mesos uses libprocess messages there; nothing outside minimesos sees either.
//
// An agent POSTs Register to PathRegister; the answer is a stream of Command
// values, one JSON object a line, the first of which is Registered. While that
// stream is open the agent is connected; its end means the agent is gone. What
// the agent has to say it POSTs as Event to PathEvent, one after another.
// Messages of Mesos travel as protobuf.
package link

// Paths on the master.
const (
	PathRegister = "/minimesos/agent/register"
	PathEvent    = "/minimesos/agent/event"
)

// Register introduces an agent. AgentID is empty the first time; an agent that
// recovered sends its old id and what it still runs.
type Register struct {
	AgentID   string     `json:"agent_id,omitempty"`
	AgentInfo []byte     `json:"agent_info"` // mesos.AgentInfo: hostname, port, resources, attributes
	IP        string     `json:"ip"`
	Port      int        `json:"port"`
	Executors []Executor `json:"executors,omitempty"`
	Tasks     []Task     `json:"tasks,omitempty"`
}

// Executor is one that a re-registering agent still has.
type Executor struct {
	FrameworkInfo []byte `json:"framework_info"` // mesos.FrameworkInfo with id
	ExecutorInfo  []byte `json:"executor_info"`  // mesos.ExecutorInfo
}

// Task is one that a re-registering agent still has.
type Task struct {
	FrameworkID string `json:"framework_id"`
	Task        []byte `json:"task"`    // mesos.Task with its statuses and latest state
	Unacked     bool   `json:"unacked"` // an update of it still waits for the scheduler
}

// Command is one thing the master tells an agent; one field is set.
type Command struct {
	Registered        *Registered  `json:"registered,omitempty"`
	Run               *Run         `json:"run,omitempty"`
	Kill              *Kill        `json:"kill,omitempty"`
	Shutdown          *ExecutorRef `json:"shutdown,omitempty"`           // of one executor
	ShutdownFramework *Framework   `json:"shutdown_framework,omitempty"` // teardown
	UpdateFramework   *Framework   `json:"update_framework,omitempty"`   // failover: resend unacknowledged updates
	Message           *Message     `json:"message,omitempty"`
	Acknowledge       *Acknowledge `json:"acknowledge,omitempty"`
	Ping              *struct{}    `json:"ping,omitempty"` // answered by a Pong event
}

// Registered confirms a registration.
type Registered struct {
	AgentID string `json:"agent_id"`
}

// Run launches one task, or a whole group at once.
type Run struct {
	FrameworkInfo  []byte   `json:"framework_info"`
	ExecutorInfo   []byte   `json:"executor_info"`
	Tasks          [][]byte `json:"tasks"` // mesos.TaskInfo
	Group          bool     `json:"group"`
	LaunchExecutor bool     `json:"launch_executor"`
}

// Kill asks for the end of a task.
type Kill struct {
	FrameworkID string `json:"framework_id"`
	TaskID      string `json:"task_id"`
	KillPolicy  []byte `json:"kill_policy"` // mesos.KillPolicy; nil: none was sent
}

// ExecutorRef names an executor.
type ExecutorRef struct {
	FrameworkID string `json:"framework_id"`
	ExecutorID  string `json:"executor_id"`
}

// Framework carries a framework's current info.
type Framework struct {
	FrameworkInfo []byte `json:"framework_info"`
}

// Message carries a framework message, in either direction.
type Message struct {
	FrameworkID string `json:"framework_id"`
	ExecutorID  string `json:"executor_id"`
	Data        []byte `json:"data"`
}

// Acknowledge carries the scheduler's acknowledgement of an update.
type Acknowledge struct {
	FrameworkID string `json:"framework_id"`
	TaskID      string `json:"task_id"`
	UUID        []byte `json:"uuid"`
}

// Event is one thing an agent tells the master; one of the pointers is set.
type Event struct {
	AgentID string    `json:"agent_id"`
	Update  *Update   `json:"update,omitempty"`
	Exited  *Exited   `json:"exited,omitempty"`
	Message *Message  `json:"message,omitempty"`
	Pong    *struct{} `json:"pong,omitempty"`
	// Unregister is what an agent says that leaves for good (SIGUSR1).
	Unregister *struct{} `json:"unregister,omitempty"`
}

// Update carries a status update towards the scheduler.
type Update struct {
	FrameworkID string `json:"framework_id"`
	Status      []byte `json:"status"` // mesos.TaskStatus, complete
	LatestState int32  `json:"latest_state"`
}

// Exited says that an executor's container has ended.
type Exited struct {
	FrameworkID string `json:"framework_id"`
	ExecutorID  string `json:"executor_id"`
	Status      int32  `json:"status"` // as FAILURE.status
}
