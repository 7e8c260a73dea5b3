package replay

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
)

// A Pair is a text of the recording and what stands for it in the live run: a
// path, a port, a scaled duration.
type Pair struct{ Recorded, Live string }

// text is the pair as it stands within a text: a bare port follows a colon
// there, so that digits in the middle of an id are left alone.
func (p Pair) text() Pair {
	if _, err := strconv.Atoi(p.Live); err != nil {
		return p
	}
	return Pair{":" + p.Recorded, ":" + p.Live}
}

// Names maps the ids of a recording to those of a live run, one to one. What a
// text means is not known; its shape is: a uuid, alone or with the suffix of a
// framework, agent or offer. Pairs are fixed from the start.
type Names struct {
	pairs []Pair
	live  map[string]string // by recorded
	back  map[string]string // recorded, by live
}

// NewNames returns names that know the pairs only.
func NewNames(pairs []Pair) *Names {
	return &Names{pairs: pairs, live: map[string]string{}, back: map[string]string{}}
}

// token is a uuid with what a master appends to its own. token16 is a uuid as
// 16 raw bytes in base64.
var (
	token   = regexp.MustCompile(`[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?:-[SO]?[0-9]+)?`)
	token16 = regexp.MustCompile(`^[A-Za-z0-9+/]{22}==$`)
	uuidLen = 36
)

// Learn records that recorded and live mean the same. It fails when either is
// known to mean something else.
func (n *Names) Learn(recorded, live string) error {
	if was, ok := n.live[recorded]; ok && was != live {
		return fmt.Errorf("%q stands for %q, not %q", recorded, was, live)
	}
	if was, ok := n.back[live]; ok && was != recorded {
		return fmt.Errorf("%q already stands for %q, not %q", live, was, recorded)
	}
	n.live[recorded], n.back[live] = live, recorded
	return nil
}

// Alias makes one more text stand for another, wherever it occurs.
func (n *Names) Alias(recorded, live string) { n.pairs = append(n.pairs, Pair{recorded, live}) }

// Live returns what stands for a recorded id.
func (n *Names) Live(recorded string) (string, bool) {
	live, ok := n.live[recorded]
	return live, ok
}

// learnToken learns a whole token and the uuid it begins with, which is the
// master's. An offer's number is its own matter.
func (n *Names) learnToken(recorded, live string) error {
	if len(recorded) > uuidLen && len(live) > uuidLen {
		if err := n.Learn(recorded[:uuidLen], live[:uuidLen]); err != nil {
			return err
		}
	}
	return n.Learn(recorded, live)
}

// Match compares two texts that are no answers, such as paths and variables of
// an executor, by the rules of Compare.
func (n *Names) Match(recorded, live string) error { return n.match(recorded, live) }

// match compares two texts, learning the tokens that stand at the same places.
// The text between tokens must be equal once the live run's own paths and
// addresses are replaced.
func (n *Names) match(recorded, live string) error {
	for _, p := range n.pairs {
		live = strings.ReplaceAll(live, p.text().Live, p.text().Recorded)
	}
	if recorded == live {
		return n.same(recorded)
	}
	rt, lt := token.FindAllString(recorded, -1), token.FindAllString(live, -1)
	if len(rt) != len(lt) || token.ReplaceAllString(recorded, "#") != token.ReplaceAllString(live, "#") {
		return fmt.Errorf("%q is not %q", live, recorded)
	}
	for i := range rt {
		if err := n.learnToken(rt[i], lt[i]); err != nil {
			return err
		}
	}
	return nil
}

// same learns that the tokens of a text stand for themselves.
func (n *Names) same(text string) error {
	for _, t := range token.FindAllString(text, -1) {
		if err := n.learnToken(t, t); err != nil {
			return err
		}
	}
	return nil
}

// Recorded turns a text of the live run into the recording's, as far as its ids
// are known.
func (n *Names) Recorded(live string) string {
	for _, p := range n.pairs {
		live = strings.ReplaceAll(live, p.text().Live, p.text().Recorded)
	}
	return token.ReplaceAllStringFunc(live, func(t string) string {
		if recorded, ok := n.back[t]; ok {
			return recorded
		}
		return t
	})
}

// rewrite turns a recorded text into the live run's.
func (n *Names) rewrite(text string) string {
	if live, ok := n.live[text]; ok {
		return live
	}
	text = token.ReplaceAllStringFunc(text, func(t string) string {
		if live, ok := n.live[t]; ok {
			return live
		}
		if live, ok := n.live[t[:uuidLen]]; ok {
			return live + t[uuidLen:]
		}
		return t
	})
	for _, p := range n.pairs {
		text = strings.ReplaceAll(text, p.text().Recorded, p.text().Live)
	}
	return text
}
