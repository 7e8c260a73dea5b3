package master

import (
	"time"

	"go.uber.org/zap"
)

// Config says where the master listens and how patient it is. The zero value
// is a master on a free loopback port with the timing of a real one.
type Config struct {
	// Addr is host:port to listen on; empty means a free port of 127.0.0.1.
	Addr string
	// AllocationInterval is the time between two rounds of offers (1 s), and
	// the least time that a declined resource stays away.
	AllocationInterval time.Duration
	// HeartbeatInterval separates the HEARTBEAT events of a stream (15 s).
	HeartbeatInterval time.Duration
	// AgentPingTimeout is how long an agent may take to answer a ping (15 s);
	// after MaxPingTimeouts (5) of them in a row it is unreachable.
	AgentPingTimeout time.Duration
	MaxPingTimeouts  int
	// AgentReregisterTimeout is how long a disconnected agent may take to come
	// back before it is unreachable, whatever the pings say (10 min).
	AgentReregisterTimeout time.Duration
	// StandStill stops the master's clock at Start: it moves by Advance alone,
	// however long the caller takes. Of a test whose order of events hangs on
	// the master's timers this makes a test that any load leaves alone.
	StandStill bool
	// Log receives what happens to frameworks and agents; nil is silence.
	Log *zap.Logger
}

// Defaults of Mesos (src/master/constants.hpp).
const (
	defaultAllocationInterval     = time.Second
	defaultHeartbeatInterval      = 15 * time.Second
	defaultAgentPingTimeout       = 15 * time.Second
	defaultMaxPingTimeouts        = 5
	defaultAgentReregisterTimeout = 10 * time.Minute
)

func (c Config) withDefaults() Config {
	if c.Addr == "" {
		c.Addr = "127.0.0.1:0"
	}
	if c.AllocationInterval <= 0 {
		c.AllocationInterval = defaultAllocationInterval
	}
	if c.HeartbeatInterval <= 0 {
		c.HeartbeatInterval = defaultHeartbeatInterval
	}
	if c.AgentPingTimeout <= 0 {
		c.AgentPingTimeout = defaultAgentPingTimeout
	}
	if c.MaxPingTimeouts <= 0 {
		c.MaxPingTimeouts = defaultMaxPingTimeouts
	}
	if c.AgentReregisterTimeout <= 0 {
		c.AgentReregisterTimeout = defaultAgentReregisterTimeout
	}
	if c.Log == nil {
		c.Log = zap.NewNop()
	}
	return c
}
