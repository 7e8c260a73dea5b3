package master

import (
	"context"
	"encoding/binary"
	"net/http"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
	"github.com/mesos/mesos-go/api/v1/lib/scheduler"
	"go.uber.org/zap"

	"github.com/mesos-flocker/flocker-executor/integration/minimesos/wire"
)

// serveSubscribe answers with the event stream and stays until it ends.
func (m *Master) serveSubscribe(w http.ResponseWriter, r *http.Request, call *scheduler.Call) {
	codec, ok := wire.Negotiate(r.Header)
	if !ok {
		wire.NotAcceptable().Write(w)
		return
	}
	if _, ok := r.Header[streamIDHeader]; ok {
		wire.BadRequest("Subscribe calls should not include the 'Mesos-Stream-Id' header").Write(w)
		return
	}
	st := &stream{queue: newQueue(w), id: newStreamID(), codec: codec, log: m.cfg.Log}
	err := m.do(r.Context(), func(s *state) {
		m.streams.Add(1)
		s.subscribe(st, call.Subscribe)
	})
	if err != nil {
		refuse(w, err)
		return
	}
	defer m.streams.Done()
	defer m.disconnected(r.Context(), st)
	w.Header().Set(streamIDHeader, st.id)
	out, err := wire.Stream(w, codec)
	if err != nil {
		return
	}
	st.pump(r, out.Write)
}

// disconnected tells the owner that nobody reads the stream any more. It
// outlives the request; while the master closes nobody needs to know.
func (m *Master) disconnected(ctx context.Context, st *stream) {
	err := m.do(context.WithoutCancel(ctx), func(s *state) { s.exited(st) })
	if err != nil {
		m.cfg.Log.Debug("stream ended while closing", zap.String("stream", st.id))
	}
}

// subscribe takes in a new framework, or a known one that comes back or takes
// over. A refused one gets one ERROR and the end of its stream.
func (s *state) subscribe(st *stream, call *scheduler.Call_Subscribe) {
	info := call.FrameworkInfo
	if err := s.admit(info, call.SuppressedRoles); err != nil {
		s.cfg.Log.Info("subscription refused", zap.String("framework", info.Name), zap.Error(err))
		st.send(errorEvent(err.Error()))
		st.end()
		return
	}
	f := s.framework(info.GetID().GetValue())
	switch {
	case f == nil:
		f = s.addFramework(info)
	case f.recovered:
		f.recovered, f.registered = false, s.clock.now()
	default:
		f.reregistered = s.clock.now()
	}
	s.takeInfo(f, info, call.SuppressedRoles)
	s.takeOver(f, st)
	s.greet(f)
	s.cfg.Log.Info("framework subscribed", zap.String("framework", f.id()))
}

// takeOver gives the framework its new stream. Offers made on the old one are
// discarded; a framework that was not active is offered resources at once.
func (s *state) takeOver(f *framework, st *stream) {
	if f.stream != nil {
		f.send(errorEvent("Framework failed over"))
		f.stream.end()
	}
	s.clock.stop(f.heartbeat)
	s.clock.stop(f.failover)
	f.stream = st
	for _, o := range s.offersOf(f) {
		s.discardOffer(o, nil)
	}
}

// greet sends SUBSCRIBED and the first HEARTBEAT, then makes the agents resend
// what was not acknowledged.
func (s *state) greet(f *framework) {
	interval := s.cfg.HeartbeatInterval.Seconds()
	f.send(&scheduler.Event{Type: scheduler.Event_SUBSCRIBED, Subscribed: &scheduler.Event_Subscribed{
		FrameworkID:              f.info.ID,
		HeartbeatIntervalSeconds: &interval,
		MasterInfo:               s.masterInfo(),
	}})
	s.beat(f)
	if !f.active {
		f.active = true
		s.allocate()
	}
	s.updateFrameworkOnAgents(f)
}

func (s *state) beat(f *framework) {
	f.send(&scheduler.Event{Type: scheduler.Event_HEARTBEAT})
	f.heartbeat = s.clock.after(s.cfg.HeartbeatInterval, func() { s.beat(f) })
}

func errorEvent(message string) *scheduler.Event {
	return &scheduler.Event{Type: scheduler.Event_ERROR, Error: &scheduler.Event_Error{Message: message}}
}

// version is what a real master of the recorded build says of itself.
const version = "1.12.0"

// quotaV2 is MasterInfo.Capability.QUOTA_V2, which mesos-go v0.0.11 lacks.
const quotaV2 mesos.MasterInfo_Capability_Type = 3

func (s *state) masterInfo() *mesos.MasterInfo {
	ip := s.addr.IP.String()
	port := uint32(s.addr.Port)
	pid := "master@" + s.addr.String()
	v := version
	return &mesos.MasterInfo{
		ID: s.id,
		// The address in network order, read as a little-endian number.
		IP:       binary.LittleEndian.Uint32(s.addr.IP.To4()),
		Port:     &port,
		PID:      &pid,
		Hostname: &ip,
		Version:  &v,
		Address:  &mesos.Address{Hostname: &ip, IP: &ip, Port: int32(s.addr.Port)},
		Capabilities: []mesos.MasterInfo_Capability{
			{Type: mesos.MasterInfo_Capability_AGENT_UPDATE},
			{Type: mesos.MasterInfo_Capability_AGENT_DRAINING},
			{Type: quotaV2},
		},
	}
}
