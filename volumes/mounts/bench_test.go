package mounts_test

import (
	"runtime"
	"testing"

	"github.com/mesos-flocker/flocker-executor/volumes/mounts"
	"github.com/mesos-flocker/flocker-executor/volumes/mounts/mountstest"
)

// BenchmarkHolders looks for holders beside 1,000 threads and 20 services in
// namespaces of their own.
func BenchmarkHolders(b *testing.B) {
	d := mountstest.NewDataset(b)
	d.Mount(b, b.TempDir())
	m, found, err := mounts.Find(d.ID)
	if err != nil || !found {
		b.Fatal(found, err)
	}
	for range 20 {
		mountstest.UnshareShell(b, slave, "")
	}
	end := make(chan struct{})
	defer close(end)
	for range 1000 {
		locked := make(chan struct{})
		go func() {
			runtime.LockOSThread()
			close(locked)
			<-end
		}()
		<-locked
	}
	for b.Loop() {
		if holders, err := mounts.Holders(m); err != nil || len(holders) > 0 {
			b.Fatal(holders, err)
		}
	}
}
