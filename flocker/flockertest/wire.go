package flockertest

import "time"

// What agents and service say to each other on the private listener. An agent
// POSTs hello to pathAgent and reads a stream of push values, one JSON object a
// line; what it finds on its node it POSTs as report to pathReport, new volumes as
// owned to pathOwned, and when it obeys a pause, hello to pathStopped. The end of the
// stream means that the other side is gone.
const (
	pathAgent   = "/agent"
	pathReport  = "/report"
	pathOwned   = "/owned"
	pathStopped = "/stopped"
)

// hello introduces a node.
type hello struct {
	UUID string `json:"uuid"`
	Host string `json:"host"`
	Era  string `json:"era"`
}

// push is all that a node must know of the configuration.
type push struct {
	Desired []desired         `json:"desired"`
	Leased  []string          `json:"leased"` // datasets this node holds the lease of
	Owned   map[string]string `json:"owned"`
	Paused  bool              `json:"paused"`
}

// desired is a dataset whose primary is the node.
type desired struct {
	ID      string `json:"id"`
	Size    int64  `json:"size"`
	Deleted bool   `json:"deleted"`
}

// report is what an agent found: the volumes of the whole backend, and those of
// them that are mounted on its node.
type report struct {
	Node    hello             `json:"node"`
	Volumes map[string]volume `json:"volumes"`
	Mounted map[string]string `json:"mounted"` // dataset to path
	Devices map[string]string `json:"devices"` // dataset to device
}

// volume is one in the backend that all nodes share.
type volume struct {
	Name     string `json:"name"` // unique for ever, unlike the dataset's id
	Size     int64  `json:"size"`
	Attached string `json:"attached,omitempty"` // uuid of the node
}

// owned registers volumes, each as the one of its dataset.
type owned map[string]string

// Pace says how fast a cluster works. The zero value stands for Quick.
type Pace struct {
	// First is an agent's pause after it changed something; each further one is
	// Factor times longer, up to Max, until there is nothing left to do.
	First, Max time.Duration
	Factor     float64
	// Waiting is the pause while a dataset the node wants is still elsewhere,
	// Idle the one when all is as it should be.
	Waiting, Idle time.Duration
	// Jitter is the part of a pause by which it varies, up and down.
	Jitter float64
	// Push is the least time between two pushes to one agent.
	Push time.Duration
	// Reconnect is an agent's pause before it looks for a lost service again.
	Reconnect time.Duration
}

// Quick is the pace for tests: everything happens within milliseconds.
func Quick() Pace {
	return Pace{
		First: time.Millisecond, Max: 50 * time.Millisecond, Factor: 2, Waiting: 5 * time.Millisecond,
		Idle: time.Second, Push: time.Millisecond, Reconnect: 10 * time.Millisecond,
	}
}

// Realistic is the pace of the real thing: a new dataset is mounted after some
// 4.6 s and shown as mounted after some 14 s, a move takes 4 to 5 s.
func Realistic() Pace {
	return Pace{
		First: 100 * time.Millisecond, Max: 10 * time.Second, Factor: 4, Waiting: 4 * time.Second,
		Idle: 30 * time.Second, Jitter: 0.2, Push: time.Second, Reconnect: time.Second,
	}
}

// Scaled is p with every pause multiplied by factor.
func (p Pace) Scaled(factor float64) Pace {
	for _, d := range []*time.Duration{&p.First, &p.Max, &p.Waiting, &p.Idle, &p.Push, &p.Reconnect} {
		*d = time.Duration(float64(*d) * factor)
	}
	return p
}

func (p Pace) orQuick() Pace {
	if p == (Pace{}) {
		return Quick()
	}
	return p
}
