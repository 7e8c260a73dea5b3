package flockertest_test

import (
	"encoding/json"
	"strings"
	"testing"
)

// exception is an answer of ours that the recording lacks for reasons of timing.
type exception struct {
	File   string `json:"file"`
	Seq    int    `json:"seq"` // the recorded answer that comes next
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

// excepted says whether a listed exception covers our answer before the recorded
// one. The answer must still be the listed one in every field.
func (p *player) excepted(list []exception, next exchange, ours answer) bool {
	for _, x := range list {
		if x.File != next.File || x.Seq != next.Seq {
			continue
		}
		listed := next.Response[0]
		listed.Body = x.Ours
		if p.names.compare(listed, ours, p.moment(next)) == "" {
			return true
		}
	}
	return false
}
