package flockertest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/google/uuid"
)

const ifMatches = "X-If-Configuration-Matches"

// precondition answers 412 if the request names another tag than the present
// one; s.mu is held. It comes before everything else, even the body's decoding.
func (s *Service) precondition(r request) (response, bool) {
	wanted := r.Header.Values(ifMatches)
	if len(wanted) == 0 || slices.Contains(wanted, s.config.tag()) {
		return response{}, true
	}
	return failure(http.StatusPreconditionFailed,
		fmt.Sprintf("Tag doesn't match. Required: %s, current: %s", wanted[0], s.config.tag())), false
}

func (s *Service) listDatasets(request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	list := make([]object, 0, len(s.config.Datasets))
	for _, d := range s.config.Datasets {
		list = append(list, d.json())
	}
	answer := success(http.StatusOK, list)
	answer.headers = [][2]string{{"X-Configuration-Tag", s.config.tag()}}
	return answer
}

// change reads the body of a request that changes a dataset: the tag is looked at
// first, then the JSON, then what it says.
func (s *Service) change(r request, check func(any) (map[string]any, []string)) (_ map[string]any, refused response, ok bool) {
	if refused, ok := s.precondition(r); !ok {
		return nil, refused, false
	}
	v, err := decodeBody(r.body)
	if err != nil {
		return nil, undecodable(), false
	}
	o, errs := check(v)
	if len(errs) > 0 {
		return nil, invalid(errs), false
	}
	return o, response{}, true
}

func (s *Service) createDataset(r request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, refused, ok := s.change(r, createErrors)
	if !ok {
		return refused
	}
	if _, ok := o["deleted"]; ok {
		return crash()
	}
	d := datasetFrom(o)
	if _, taken := s.config.Datasets[d.ID]; taken {
		return failure(http.StatusConflict, "The provided dataset_id is already in use.")
	}
	s.config.put(d)
	s.configured()
	return success(http.StatusCreated, d.json())
}

// datasetFrom reads a body that has passed createErrors.
func datasetFrom(o map[string]any) Dataset {
	d := Dataset{Primary: strings.ToLower(o["primary"].(string)), Metadata: map[string]string{}}
	if id, ok := o["dataset_id"].(string); ok {
		d.ID = strings.ToLower(id)
	} else {
		d.ID = uuid.NewString()
	}
	if n, ok := o["maximum_size"].(json.Number); ok {
		d.MaximumSize, _ = n.Int64()
	}
	metadata, _ := o["metadata"].(map[string]any)
	for key, value := range metadata {
		d.Metadata[key] = value.(string)
	}
	return d
}

func (s *Service) updateDataset(r request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, refused, ok := s.change(r, updateErrors)
	if !ok {
		return refused
	}
	d, ok := s.config.Datasets[r.arg]
	switch {
	case !ok:
		return datasetNotFound()
	case d.Deleted:
		return failure(http.StatusMethodNotAllowed, "The dataset has been deleted.")
	}
	if primary, ok := o["primary"].(string); ok && strings.ToLower(primary) != d.Primary {
		d.Primary = strings.ToLower(primary)
		s.config.put(d)
		s.configured()
	}
	return success(http.StatusOK, d.json())
}

func (s *Service) deleteDataset(r request) response {
	s.mu.Lock()
	defer s.mu.Unlock()
	if refused, ok := s.precondition(r); !ok {
		return refused
	}
	d, ok := s.config.Datasets[r.arg]
	if !ok {
		return datasetNotFound()
	}
	if !d.Deleted {
		d.Deleted = true
		s.config.put(d)
		s.configured()
	}
	return success(http.StatusOK, d.json())
}

func datasetNotFound() response { return failure(http.StatusNotFound, "Dataset not found.") }

// compose is a private endpoint of the real service that replaces the whole
// configuration; only the replacement by an empty one is known here, which also
// forgets leases and registered volumes.
func (s *Service) compose(r request) response {
	if _, err := decodeBody(r.body); err != nil {
		return undecodable()
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	starts := s.config.Starts
	s.config = emptyConfiguration()
	s.config.Starts = starts
	s.configured()
	return success(http.StatusOK, nil)
}
