package replay

import (
	"bytes"
	"context"
	"encoding/json"
	"regexp"
	"strings"
)

// offers keeps the live offers that are outstanding, so that a recorded ACCEPT
// or DECLINE can name one although the numbers of offers depend on timing.
type offers struct {
	live     []offer
	recorded map[string]offer // as far as the recording shows them
	largest  float64          // cpus of the largest live one so far
}

type offer struct {
	id, agent string
	cpus      float64
}

var (
	offerID = regexp.MustCompile(`^[0-9a-f-]{36}-O[0-9]+$`)
	agentID = regexp.MustCompile(`^[0-9a-f-]{36}-S[0-9]+$`)
)

func newOffers(t *Trace) *offers {
	o := &offers{recorded: map[string]offer{}}
	for _, e := range t.Entries {
		for _, r := range e.Records {
			if !bytes.Contains(r.Payload, []byte("-O")) {
				continue
			}
			v, err := eventTree(e.Request.Path, r.Payload)
			if err != nil || eventType(v) != "OFFERS" {
				continue
			}
			for _, found := range offersOf(v) {
				o.recorded[found.id] = found
			}
		}
	}
	return o
}

// see takes over OFFERS and RESCIND events of a live stream.
func (o *offers) see(v any) {
	switch eventType(v) {
	case "OFFERS":
		for _, found := range offersOf(v) {
			o.live, o.largest = append(o.live, found), max(o.largest, found.cpus)
		}
	case "RESCIND":
		id, _ := down(v, "rescind", "offer_id", "value").(string)
		o.remove(id)
	}
}

func (o *offers) remove(id string) {
	for i, found := range o.live {
		if found.id == id {
			o.live = append(o.live[:i:i], o.live[i+1:]...)
			return
		}
	}
}

// enough is how large the live offer for a recorded one must be: what a task
// that has just ended gave back is offered alone for a moment, and is too little
// for the next one.
func (o *offers) enough(id string) float64 {
	if found, ok := o.recorded[id]; ok {
		return min(found.cpus, o.largest/2)
	}
	return o.largest / 2
}

// pick returns the index of the largest offer, of the agent if one is named, or
// -1 when none has cpus enough.
func (o *offers) pick(cpus float64, agent string, agents func(recorded, live string) bool) int {
	best := -1
	for i, found := range o.live {
		if found.cpus < cpus || agent != "" && !agents(agent, found.agent) {
			continue
		}
		if best < 0 || found.cpus > o.live[best].cpus {
			best = i
		}
	}
	return best
}

// offersOf reads an OFFERS event.
func offersOf(event any) []offer {
	list, _ := down(event, "offers", "offers").([]any)
	var out []offer
	for _, v := range list {
		found := offer{}
		found.id, _ = down(v, "id", "value").(string)
		found.agent, _ = down(v, "agent_id", "value").(string)
		resources, _ := down(v, "resources").([]any)
		for _, r := range resources {
			if down(r, "name") == "cpus" {
				n, _ := down(r, "scalar", "value").(json.Number)
				cpus, _ := n.Float64()
				found.cpus += cpus
			}
		}
		out = append(out, found)
	}
	return out
}

// down walks down objects by name; it is nil where there is none.
func down(v any, names ...string) any {
	for _, name := range names {
		object, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = object[name]
	}
	return v
}

// prepareOffers finds live offers for the recorded ones that body names and
// that have none yet, and with them the agent's live id.
func (p *Player) prepareOffers(ctx context.Context, body []byte) error {
	agent := ""
	var wanted []string
	for _, t := range token.FindAll(body, -1) {
		id := string(t)
		if _, known := p.names.Live(id); !known && offerID.MatchString(id) && p.ownToken(id) {
			wanted = append(wanted, id)
		}
		if agentID.MatchString(id) && p.ownToken(id) {
			agent = id
		}
	}
	for _, id := range wanted {
		if _, known := p.names.Live(id); known {
			continue
		}
		of := agent
		if found, ok := p.offers.recorded[id]; ok {
			of = found.agent
		}
		if err := p.assign(ctx, id, of); err != nil {
			return err
		}
	}
	return nil
}

// ownToken says whether an id was given out by the recorded master.
func (p *Player) ownToken(id string) bool {
	_, ok := p.names.Live(id[:uuidLen])
	return ok
}

func (p *Player) assign(ctx context.Context, id, agent string) error {
	same := func(recorded, live string) bool {
		if known, ok := p.names.Live(recorded); ok {
			return known == live
		}
		return strings.HasSuffix(live, recorded[uuidLen:])
	}
	pick := func() int { return p.offers.pick(p.offers.enough(id), agent, same) }
	if err := p.Await(ctx, "an offer", func() bool { return pick() >= 0 }); err != nil {
		return err
	}
	found := p.offers.live[pick()]
	p.offers.remove(found.id)
	if agent != "" {
		if err := p.names.learnToken(agent, found.agent); err != nil {
			return err
		}
	}
	return p.names.learnToken(id, found.id)
}
