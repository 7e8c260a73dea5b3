package cluster

import "github.com/moby/sys/reexec"

func init() {
	reexec.Register(nodeMain, superviseMain)
}

// Init must be the first call of main, and of TestMain, in every program that
// calls Start. It returns true in a process that was a part of a node and has
// done its work: the program then has to return.
func Init() bool { return reexec.Init() }
