package journal_test

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// Whatever is done to a journal, what lies on the disk is what a model says,
// and a run's folder is there exactly as long as it is open or holds an entry.
func TestJournalAgainstModel(t *testing.T) {
	parent, journals := mountTmpfs(t, "size=64M"), 0 // syncs cost nothing there
	rapid.Check(t, func(t *rapid.T) {
		journals++
		j, err := journal.Create(filepath.Join(parent, strconv.Itoa(journals)))
		if err != nil {
			t.Fatal(err)
		}
		m := &model{j: j, open: map[string]*journal.Run{}, entries: map[key]journal.Entry{}}
		t.Repeat(map[string]func(*rapid.T){
			"new": m.newRun, "put": m.put, "move": m.move, "remove": m.remove, "close": m.close, "take": m.take, "": m.check,
		})
		for _, r := range m.open {
			if err := r.Close(); err != nil {
				t.Fatal(err)
			}
		}
	})
}

type key struct{ run, dataset string }

type model struct {
	j       *journal.Journal
	open    map[string]*journal.Run
	entries map[key]journal.Entry
}

// anyOf draws a key by its place in the order, so that a run can be repeated
// although the names differ each time.
func anyOf[K comparable, V any](t *rapid.T, m map[K]V, compare func(a, b K) int) K {
	if len(m) == 0 {
		t.Skip("none")
	}
	return slices.SortedFunc(maps.Keys(m), compare)[rapid.IntRange(0, len(m)-1).Draw(t, "which")]
}

func byKey(a, b key) int { return strings.Compare(a.run+a.dataset, b.run+b.dataset) }

func (m *model) newRun(t *rapid.T) {
	r, err := m.j.NewRun()
	if err != nil {
		t.Fatal(err)
	}
	m.open[r.Name] = r
}

func (m *model) put(t *rapid.T) {
	run := anyOf(t, m.open, strings.Compare)
	e := entry(run, rapid.SampledFrom([]string{idA, idB}).Draw(t, "dataset"))
	if old, exists := m.entries[key{run, e.Record.Dataset}]; exists {
		e.Stage = old.Stage
	}
	e.Task = rapid.String().Draw(t, "task")
	if err := m.j.Put(e); err != nil {
		t.Fatal(err)
	}
	m.entries[key{run, e.Record.Dataset}] = e
}

func (m *model) move(t *rapid.T) {
	k := anyOf(t, m.entries, byKey)
	to := journal.Releasing
	if m.entries[k].Stage == journal.Wanted && rapid.Bool().Draw(t, "held") {
		to = journal.Held
	}
	e, err := m.j.Move(m.entries[k], to)
	if err != nil {
		t.Fatal(err)
	}
	m.entries[k] = e
}

func (m *model) remove(t *rapid.T) {
	k := anyOf(t, m.entries, byKey)
	if err := m.j.Remove(m.entries[k]); err != nil {
		t.Fatal(err)
	}
	delete(m.entries, k)
	if err := m.j.Tidy(k.run); err != nil {
		t.Fatal(err)
	}
}

func (m *model) close(t *rapid.T) {
	run := anyOf(t, m.open, strings.Compare)
	if err := m.open[run].Close(); err != nil {
		t.Fatal(err)
	}
	delete(m.open, run)
}

// take opens a run again whose executor died with entries left.
func (m *model) take(t *rapid.T) {
	k := anyOf(t, m.entries, byKey)
	if m.open[k.run] != nil {
		t.Skip("alive")
	}
	r, err := m.j.TakeRun(k.run)
	if err != nil {
		t.Fatal(err)
	}
	m.open[k.run] = r
}

func (m *model) check(t *rapid.T) {
	want := map[string]bool{}
	for run := range m.open {
		want[run] = true
	}
	seen := 0
	for k, e := range m.entries {
		want[k.run] = true
		s, err := m.j.Of(k.dataset)
		if err != nil || len(s.Broken) != 0 {
			t.Fatalf("%+v, %v", s, err)
		}
		for _, got := range s.Entries {
			if got.Run == k.run && got.Stage == e.Stage && got.Task == e.Task {
				seen++
			}
		}
	}
	runs, err := m.j.Runs()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]bool{}
	for _, run := range runs {
		got[run] = true
	}
	if !maps.Equal(got, want) || seen != len(m.entries) {
		t.Fatalf("runs %v, want %v; %d of %d entries", got, want, seen, len(m.entries))
	}
}
