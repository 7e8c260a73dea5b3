package main

import (
	"errors"
	"testing"

	"github.com/mesos-flocker/flocker-executor/flocker"
)

// What is wrong with the configuration may be put right while somebody waits.
func TestStoreIsOpenedUntilItSucceeds(t *testing.T) {
	calls, broken := 0, errors.New("broken")
	open := untilItSucceeds(func() (*flocker.Store, error) {
		if calls++; calls == 1 {
			return nil, broken
		}
		return &flocker.Store{}, nil
	})
	if _, err := open(); !errors.Is(err, broken) {
		t.Errorf("error %v", err)
	}
	first, err := open()
	if err != nil {
		t.Fatal(err)
	}
	if second, err := open(); second != first || err != nil || calls != 2 {
		t.Errorf("opened %d times: %v", calls, err)
	}
}
