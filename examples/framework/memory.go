package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// memory is what a framework must not forget. It is written before the act that
// it is about: a launch that the master never heard of is found by reconciling,
// a task that the framework never heard of runs for ever.
type memory struct {
	FrameworkID string `json:"framework_id,omitempty"`
	// Launches counts them: a task id is never used twice.
	Launches int `json:"launches"`
	// Task is the one that is to run; nil while one is to be launched.
	Task *task `json:"task,omitempty"`
	// Home is where the service ran last: its volume is there. HomeLost says that
	// this agent will not be waited for.
	Home     node `json:"home"`
	HomeLost bool `json:"home_lost,omitempty"`

	file string
}

type task struct {
	ID    string `json:"id"`
	Agent string `json:"agent"`
}

// node of the cluster. A machine that was rebooted has a new agent id and its
// old name.
type node struct {
	Agent    string `json:"agent,omitempty"`
	Hostname string `json:"hostname,omitempty"`
}

// recall reads the memory of an earlier run, if there was one.
func recall(file string) (*memory, error) {
	m := &memory{file: file}
	data, err := os.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return m, nil
	}
	if err == nil {
		err = json.Unmarshal(data, m)
	}
	if err != nil {
		return nil, fmt.Errorf("recall %s: %w", file, err)
	}
	return m, nil
}

// keep replaces the file, so that after a crash it is the old or the new one.
func (m *memory) keep() error {
	data, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(m.file), filepath.Base(m.file)+".*")
	if err != nil {
		return err
	}
	_, err = f.Write(append(data, '\n'))
	if err = errors.Join(err, f.Sync(), f.Close()); err == nil {
		err = os.Rename(f.Name(), m.file)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("keep %s: %w", m.file, err), os.Remove(f.Name()))
	}
	return syncFolder(filepath.Dir(m.file))
}

func syncFolder(path string) error {
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
