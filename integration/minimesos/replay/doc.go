// Package replay plays recorded conversations of a real Mesos against
// minimesos and says where the answers differ.
//
// A Trace is one recording: what the actors framework, executor and operator
// did, in order, and what the master and the agent answered. Play sends the
// recorded requests to live servers, waits for the recorded events before it
// goes on, and returns what it saw as another Trace with the same entries.
// Compare holds the two against each other. Ids, uuids, container ids, offers
// and process ids differ on every run; they must map one to one (Names). Times
// are ignored, everything else must be equal unless an Exception, which gives
// its reason, says otherwise.
//
//	recording ──Play──▶ live servers
//	    │                  │
//	    └────Compare◀──────┘──▶ []Diff
//
// # When a replay fails
//
// A Diff names the entry by number and note, the place in it, and both values.
// "timed out waiting for" names what the live server never sent; the Diffs that
// follow show what it sent instead. Entry numbers are those of the recording
// (gzip -dc testdata/executor/02-kill-json.json.gz | jq '.[12]').
package replay
