package integration_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// watched is a cluster with the oracle beside it: at no moment may one image
// file be behind two loop devices.
type watched struct {
	*cluster.Minicluster
}

func startWatched(ctx context.Context, o cluster.Options) (*watched, error) {
	if o.Executor == "" {
		o.Executor = binaries.race
	}
	if o.Nodes == 0 {
		o.Nodes = 2
	}
	o.Dir = binaries.dir // where the oracle looks
	c, err := cluster.Start(ctx, o)
	if err != nil {
		return nil, err
	}
	return &watched{c}, nil
}

// close returns the images that were attached twice.
func (w *watched) close() (doubles []string, err error) {
	err = w.Close()
	return theOracle.doubles(w.Dir()), err
}

// start gives the test a cluster of its own. A test that makes faults which no
// real daemon can be asked for uses startFaulty.
func start(t *testing.T, o cluster.Options) cluster.Cluster { return startFaulty(t, o) }

func startFaulty(t *testing.T, o cluster.Options) *cluster.Minicluster {
	t.Helper()
	w, err := startWatched(deadline(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		doubles, err := w.close()
		if err != nil {
			t.Error(err)
		}
		for _, image := range doubles {
			t.Errorf("image %s was behind two loop devices at once", image)
		}
	})
	return w.Minicluster
}

// common is the cluster of the tests that do each other no harm; run closes it.
var common = sync.OnceValues(func() (*watched, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return startWatched(ctx, cluster.Options{})
})

func shared(t *testing.T) cluster.Cluster { return sharedFaulty(t) }

func sharedFaulty(t *testing.T) *cluster.Minicluster {
	t.Helper()
	w, err := common()
	if err != nil {
		t.Fatal(err)
	}
	return w.Minicluster
}

// closeCommon says what was wrong with it.
func closeCommon() []string {
	w, err := common()
	if err != nil {
		return []string{err.Error()}
	}
	problems, err := w.close()
	if err != nil {
		problems = append(problems, err.Error())
	}
	return problems
}
