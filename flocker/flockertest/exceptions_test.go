package flockertest_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// exception is an answer of ours that the recording lacks for reasons of timing.
type exception struct {
	File string `json:"file"`
	Seq  int    `json:"seq"` // the recorded answer that comes next
	// Ours is the body. Without it, ours is a list in which some datasets are as
	// in the recorded answer before and some as in the next one.
	Ours   string `json:"ours"`
	Reason string `json:"reason"`
}

// exceptions reads the list of what is not compared, each with its reason.
func exceptions(t *testing.T) []exception {
	t.Helper()
	var list []exception
	if err := json.Unmarshal(readFile(t, "exceptions.json"), &list); err != nil {
		t.Fatal(err)
	}
	for _, x := range list {
		if strings.TrimSpace(x.Reason) == "" {
			t.Errorf("exception %s #%d has no reason", x.File, x.Seq)
		}
	}
	return list
}

// excepted says whether a listed exception covers our answer, which came between
// two recorded ones.
func (p *player) excepted(list []exception, last *replayed, next exchange, ours answer) bool {
	for _, x := range list {
		if x.File != next.File || x.Seq != next.Seq {
			continue
		}
		if x.Ours == "" {
			return last != nil && p.partly(last.Response[0], next.Response[0], ours)
		}
		listed := next.Response[0]
		listed.Body = x.Ours
		return p.names.compare(listed, ours, p.moment(next)) == ""
	}
	return false
}

// partly says whether ours has every dataset in one of its two recorded states;
// one that is in both lists must not be missing.
func (p *player) partly(last, next, ours answer) bool {
	before, after, now := datasetsOf(last), datasetsOf(next), datasetsOf(ours)
	for recorded := range before {
		_, stays := after[recorded]
		_, there := now[p.names.translate(recorded)]
		if stays && !there {
			return false
		}
	}
	for id, d := range now {
		recorded, chosen := p.names.recorded[id]
		if !chosen {
			recorded = id
		}
		if !p.names.same("", before[recorded], d, moment{}) && !p.names.same("", after[recorded], d, moment{}) {
			return false
		}
	}
	return true
}

func datasetsOf(a answer) map[string]any {
	var list []map[string]any
	if decode(a.Body, &list) != nil {
		return nil
	}
	byID := map[string]any{}
	for _, d := range list {
		id, _ := d["dataset_id"].(string)
		byID[id] = d
	}
	return byID
}
