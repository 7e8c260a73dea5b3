package flockertest

import (
	"net/http"
	"slices"
	"strings"
	"time"
)

// node is what is known of one agent since the service started.
type node struct {
	hello
	report    report
	reported  bool
	last      time.Time // of its last report
	paused    bool
	stopped   bool // the agent has confirmed the pause
	connected int  // streams that are open
}

// forgetState is what a restart does; s.mu is held. Eras are forgotten too: the
// agents tell them again when they connect.
func (s *Service) forgetState() {
	paused := map[string]*node{}
	for id, n := range s.nodes {
		if n.paused {
			paused[id] = &node{hello: n.hello, paused: true}
		}
	}
	s.nodes, s.eras, s.volumes = paused, map[string]string{}, map[string]volume{}
}

// alive says whether the node's state is shown; s.mu is held.
func (s *Service) alive(uuid string) bool {
	n, ok := s.nodes[uuid]
	return ok && n.reported && time.Since(n.last) < s.StateExpiry
}

// knows says whether the node's own report has the dataset: what others say about
// a volume that is attached to it does not count.
func (n *node) knows(dataset string) bool {
	_, ok := n.report.Volumes[dataset]
	return ok
}

func (s *Service) stateNodes(request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := []object{}
	for _, uuid := range sortedKeys(s.nodes) {
		if s.alive(uuid) {
			list = append(list, object{{"host", s.nodes[uuid].Host}, {"uuid", uuid}})
		}
	}
	return success(http.StatusOK, list)
}

func (s *Service) nodeByEra(r request) response {
	era, ok := parseUUID(r.arg)
	if !ok {
		return crash()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	uuid, ok := s.eras[era]
	if !ok {
		return failure(http.StatusNotFound, "No node found with given era.")
	}
	return success(http.StatusOK, object{{"uuid", uuid}})
}

func (s *Service) stateDatasets(request) response {
	list := []object{}
	for _, d := range s.States() {
		list = append(list, d.json())
	}
	return success(http.StatusOK, list)
}

// States is what GET /v1/state/datasets shows, ordered by id: datasets mounted
// on a node that is alive, and those that exist but are mounted nowhere.
func (s *Service) States() []DatasetState {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.states()
}

func (s *Service) states() []DatasetState {
	found := map[string]DatasetState{}
	for id, v := range s.volumes {
		if v.Attached == "" || s.alive(v.Attached) && s.nodes[v.Attached].knows(id) {
			found[id] = DatasetState{ID: id, MaximumSize: v.Size}
		}
	}
	for uuid, n := range s.nodes {
		if !s.alive(uuid) {
			continue
		}
		for id, path := range n.report.Mounted {
			found[id] = DatasetState{ID: id, MaximumSize: n.report.Volumes[id].Size, Primary: uuid, Path: path}
		}
	}
	list := make([]DatasetState, 0, len(found))
	for _, d := range found {
		list = append(list, d)
	}
	slices.SortFunc(list, func(a, b DatasetState) int { return strings.Compare(a.ID, b.ID) })
	return list
}
