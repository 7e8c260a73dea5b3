package integration_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/mesos-flocker/flocker-executor/integration/cluster"
)

// launch starts a cluster where the oracle looks: at no moment may one image
// file be behind two loop devices.
func launch(ctx context.Context, o cluster.Options) (*cluster.Minicluster, error) {
	if o.Executor == "" {
		o.Executor = binaries.race
	}
	if o.Nodes == 0 {
		o.Nodes = 2
	}
	o.Dir = binaries.dir
	return startCluster(ctx, o)
}

// closeWatched returns the images that were attached twice.
func closeWatched(c cluster.Cluster) (doubles []string, err error) {
	err = errors.Join(c.Close(), leftovers(c.Dir()))
	return theOracle.doubles(c.Dir()), err
}

// start gives the test a cluster of its own. A test that makes faults which no
// real control service can be asked for uses startFaulty.
func start(t *testing.T, o cluster.Options) cluster.Cluster {
	t.Helper()
	needsOwn(t)
	return startOwn(t, o)
}

func startFaulty(t *testing.T, o cluster.Options) *cluster.Minicluster {
	t.Helper()
	needsFaults(t)
	return startOwn(t, o)
}

func startOwn(t *testing.T, o cluster.Options) *cluster.Minicluster {
	t.Helper()
	c, err := launch(deadline(t), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		doubles, err := closeWatched(c)
		if err != nil {
			t.Error(err)
		}
		for _, image := range doubles {
			t.Errorf("image %s was behind two loop devices at once", image)
		}
	})
	return c
}

// common is the cluster of the tests that do each other no harm; run closes it.
var common = sync.OnceValues(func() (*cluster.Minicluster, error) {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	return launch(ctx, cluster.Options{})
})

func shared(t *testing.T) cluster.Cluster { return theCommon(t) }

func sharedFaulty(t *testing.T) *cluster.Minicluster {
	t.Helper()
	needsFaults(t)
	return theCommon(t)
}

func theCommon(t *testing.T) *cluster.Minicluster {
	t.Helper()
	c, err := common()
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// closeCommon says what was wrong with it.
func closeCommon() []string {
	c, err := common()
	if err != nil {
		return []string{err.Error()}
	}
	problems, err := closeWatched(c)
	if err != nil {
		problems = append(problems, err.Error())
	}
	return append(problems, closeEngines()...)
}
