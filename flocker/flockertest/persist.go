package flockertest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

const stateFile = "configuration.json"

// load reads what an earlier service left in StateDir, and counts this start.
func (s *Service) load() error {
	if s.StateDir == "" {
		return nil
	}
	if err := os.MkdirAll(s.StateDir, 0o700); err != nil {
		return fmt.Errorf("state directory: %w", err)
	}
	path := filepath.Join(s.StateDir, stateFile)
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("state: %w", err)
	}
	if err := json.Unmarshal(data, &s.config); err != nil {
		return fmt.Errorf("state %s: %w", path, err)
	}
	s.config.Starts++
	return nil
}

// save replaces the state file; s.mu is held. A file that cannot be written is
// what the next start finds out of date: this is a service for tests, and the
// request in hand has been applied.
func (s *Service) save() {
	if s.StateDir == "" {
		return
	}
	data, err := json.Marshal(s.config)
	if err != nil {
		return
	}
	path := filepath.Join(s.StateDir, stateFile)
	if os.WriteFile(path+".new", data, 0o600) == nil {
		_ = os.Rename(path+".new", path)
	}
}
