package integration_test

import (
	"fmt"
	"testing"

	mesos "github.com/mesos/mesos-go/api/v1/lib"
)

// Twenty tasks at once, each with a volume of its own that has to be made, then
// twenty more that find these on the other node.
func TestManyAtOnce(t *testing.T) {
	c := shared(t)
	t.Parallel()
	const many = 20
	nodes := c.Nodes()
	var names []string
	for i := range many {
		names = append(names, fmt.Sprintf("many-%d", i))
	}
	for round, command := range []string{"echo %s > data/name", `[ "$(cat data/name)" = %s ]`} {
		for i, name := range names {
			submit(t, c, volumeTask(fmt.Sprintf("%s.%d", name, round), nodes[(i+round)%2].Name, name, fmt.Sprintf(command, name)))
		}
		for _, name := range names {
			reaches(t, c, fmt.Sprintf("%s.%d", name, round), mesos.TASK_FINISHED)
		}
		gone(t, c, names...)
	}
}
