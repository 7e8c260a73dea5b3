// Command framework is a complete small Mesos framework to copy from. It keeps
// one stateful service running, whose data lies on a Flocker volume.
//
//	main.go       flags and signals
//	driver.go     the connection to the master: one goroutine owns everything
//	handle.go     what it does with the master's events
//	service.go    every decision: when to launch, where, what to make of a status
//	task.go       TaskInfo and ExecutorInfo: how a task asks for a volume
//	memory.go     what must survive this process, in a file
//
// Who starts the service elsewhere need not wait until the old task is proved
// dead: flocker-executor does. It takes the dataset's lease before anything
// else, and as long as the old executor lives it renews that lease. So two tasks
// never write to one volume, however early the second one is launched; it waits
// in TASK_STARTING, and fails if it waits in vain, to be launched again later.
package main
