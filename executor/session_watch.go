package executor

import (
	"time"

	wire "github.com/mesos/mesos-go/api/v1/lib/executor"
	"go.uber.org/zap"
)

const (
	// beatInterval is that of our HEARTBEAT calls (executor/executor.cpp).
	beatInterval = 30 * time.Minute
	// silenceLimit is how long a stream on which heartbeats came may be silent: a
	// little more than two of the agent's intervals (slave/constants.hpp).
	silenceLimit = 2*30*time.Minute + 5*time.Minute
	// overdueLimit is how long an update that was taken may stay unacknowledged
	// before it is sent again. Agents answer within milliseconds.
	overdueLimit = 10 * time.Second
)

// listenFor starts to wait for the next sign of life on the stream. TCP
// keep-alive notices a machine that is gone; this notices an agent, or something
// between, that holds the connection and says nothing. Agents before 1.10 send
// no heartbeats: from them silence says nothing.
func (o *owner) listenFor(e *wire.Event) {
	o.beats = o.beats || e.Type == wire.Event_HEARTBEAT
	if o.beats {
		o.silence = time.After(silenceLimit)
	}
}

// silent subscribes again, which an agent takes at any time, whether the
// framework checkpoints or not.
func (o *owner) silent() {
	o.log.Warn("no heartbeat from the agent; subscribing again", zap.Duration("silent for", silenceLimit))
	o.subscribeAnew()
}

// subscribeAnew replaces a subscription that may be dead on its way.
func (o *owner) subscribeAnew() {
	o.disconnect()
	o.connect()
}

// heartbeat keeps whatever lies between us and the agent from forgetting the
// connection of the calls. An update on its way does so as well.
func (o *owner) heartbeat() {
	o.beat = time.After(beatInterval)
	if o.post == nil {
		o.begin(nil)
	}
}

// awaitAcknowledgement arms the timer for what the agent has taken.
func (o *owner) awaitAcknowledgement() {
	o.overdue = nil
	if o.open() && len(o.ledger.overdue()) > 0 {
		o.overdue = time.After(overdueLimit)
	}
}

// remind sends again what an acknowledgement has not come for: an agent
// acknowledges a duplicate without passing it on (slave.cpp, statusUpdate). When
// that has not helped, the stream is to blame.
func (o *owner) remind() {
	o.overdue = nil
	n := len(o.ledger.overdue())
	if o.reminded {
		o.reminded = false
		o.log.Warn("acknowledgements do not come; subscribing again", zap.Int("updates", n))
		o.subscribeAnew()
		return
	}
	o.reminded = true
	o.log.Info("acknowledgements are overdue; sending the updates again", zap.Int("updates", n))
	o.ledger.again()
	o.sendNext()
}
