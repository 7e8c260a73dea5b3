package failpoint

// ContainerPoints are those that only a task in a container comes by. The
// "keeper.finish" one is the keeper's, after its executor's death; from there on
// it comes by the points of a release as well.
var ContainerPoints = []string{
	"container.create.after",
	"container.create.before",
	"container.remove.after",
	"container.remove.before",
	"container.start.after",
	"container.start.before",
	"container.verify.after",
	"keeper.done.after",
	"keeper.done.before",
	"keeper.finish.before",
	"keeper.start.after",
	"keeper.start.before",
}
