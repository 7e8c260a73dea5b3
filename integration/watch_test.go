package integration_test

import (
	"context"
	"strings"

	"github.com/mesos-flocker/flocker-executor/flocker/flockertest"
)

// oracle watches the loop devices of all clusters of this package at once: one
// watcher costs what it costs for each, and there are many clusters.
type oracle struct {
	cancel context.CancelFunc
	asked  chan question
}

type question struct {
	dir    string
	answer chan []string
}

func startOracle(dir string) *oracle {
	ctx, cancel := context.WithCancel(context.Background())
	o := &oracle{cancel: cancel, asked: make(chan question)}
	go o.run(flockertest.WatchDoubleAttach(ctx, dir))
	return o
}

// run ends with the watch, when stop was called.
func (o *oracle) run(doubles <-chan string) {
	var seen []string
	for {
		select {
		case image, ok := <-doubles:
			if !ok {
				close(o.asked)
				return
			}
			seen = append(seen, image)
		case q := <-o.asked:
			q.answer <- below(seen, q.dir)
		}
	}
}

// doubles returns the images of a cluster that were attached twice, and what
// kept the oracle from looking.
func (o *oracle) doubles(dir string) []string {
	q := question{dir, make(chan []string)}
	o.asked <- q
	return <-q.answer
}

func (o *oracle) stop() {
	o.cancel()
	<-o.asked
}

// below leaves out the images of other clusters. What is no path is a message
// for everybody.
func below(images []string, dir string) (found []string) {
	for _, image := range images {
		if !strings.HasPrefix(image, "/") || strings.HasPrefix(image, dir+"/") {
			found = append(found, image)
		}
	}
	return found
}
