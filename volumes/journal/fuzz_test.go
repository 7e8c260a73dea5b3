package journal_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/journal"
)

// Whatever lies in an entry's file, it is an entry that can be written again or
// a broken one that is kept.
func FuzzEntry(f *testing.F) {
	dir := f.TempDir()
	j, err := journal.Create(dir)
	if err != nil {
		f.Fatal(err)
	}
	r, err := j.NewRun()
	if err != nil {
		f.Fatal(err)
	}
	file := filepath.Join(dir, "runs", r.Name, "wanted", idA+".json")
	if err := j.Put(entry(r.Name, idA)); err != nil {
		f.Fatal(err)
	}
	good, err := os.ReadFile(file)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(good[:len(good)/2])
	f.Add([]byte(`{"version": 1, "record": {"dataset": "` + idA + `"}}`))
	f.Add([]byte(`{"version": 2}`))
	f.Add([]byte("[]"))
	f.Fuzz(func(t *testing.T, data []byte) {
		must(t, os.WriteFile(file, data, 0o600))
		s, err := j.Entries(r.Name)
		must(t, err)
		if len(s.Entries)+len(s.Broken) != 1 {
			t.Fatalf("%+v", s)
		}
		for _, e := range s.Entries {
			must(t, j.Put(e))
		}
		if again, err := j.Of(idA); err != nil || len(again.Entries) != len(s.Entries) {
			t.Errorf("%+v, then %+v, %v", s, again, err)
		}
	})
}
