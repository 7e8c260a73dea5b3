package journal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Broken is a file among the entries that cannot be used.
type Broken struct {
	Path string
	Err  error // ErrNewer: leave it alone
}

// Scan is what lies in one or more runs.
type Scan struct {
	Entries []Entry
	Broken  []Broken
}

// Entries reads one run, its own or another's. What goes away meanwhile is
// passed over.
func (j *Journal) Entries(run string) (Scan, error) { return j.scan(run, "") }

// Of reads every run's entry for one dataset.
func (j *Journal) Of(dataset string) (Scan, error) { return j.scanAll(dataset + ".json") }

// SetAside moves a broken file out of its run, for a person to look at. Only
// the owner of the run's lock calls it. The result is where it is now.
func (j *Journal) SetAside(b Broken) (string, error) {
	if err := os.Mkdir(j.corrupt(), 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return "", fmt.Errorf("journal: %w", err)
	}
	below, err := filepath.Rel(j.runs(), b.Path)
	if err != nil {
		return "", fmt.Errorf("journal: %w", err)
	}
	aside := filepath.Join(j.corrupt(), strings.ReplaceAll(below, "/", "_"))
	if err := os.Rename(b.Path, aside); err != nil {
		return "", fmt.Errorf("journal: %w", err)
	}
	return aside, errors.Join(syncDir(j.corrupt()), syncDir(filepath.Dir(b.Path)))
}

func (j *Journal) scanAll(only string) (Scan, error) {
	var all Scan
	runs, err := j.Runs()
	if err != nil {
		return all, err
	}
	for _, run := range runs {
		s, err := j.scan(run, only)
		if err != nil {
			return all, err
		}
		all.Entries = append(all.Entries, s.Entries...)
		all.Broken = append(all.Broken, s.Broken...)
	}
	return all, nil
}

// scan reads the entries of a run, or only the ones in files of one name.
func (j *Journal) scan(run, only string) (Scan, error) {
	var s Scan
	for _, stage := range Stages {
		dir := filepath.Join(j.runs(), run, string(stage))
		files, err := os.ReadDir(dir)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return s, fmt.Errorf("journal: %w", err)
		}
		for _, f := range files {
			if strings.HasPrefix(f.Name(), temporary) || only != "" && f.Name() != only {
				continue
			}
			e, err := read(filepath.Join(dir, f.Name()))
			switch {
			case errors.Is(err, fs.ErrNotExist):
			case err != nil:
				s.Broken = append(s.Broken, Broken{filepath.Join(dir, f.Name()), err})
			default:
				e.Run, e.Stage = run, stage
				s.Entries = append(s.Entries, e)
			}
		}
	}
	return s, nil
}

func read(path string) (Entry, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Entry{}, err
	}
	return decode(data, filepath.Base(path))
}
