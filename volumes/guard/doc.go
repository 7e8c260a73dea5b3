// Package guard runs a task below a small second stage of the same program.
//
// For the person on call. The second stage ("flocker-guard" in ps, see package
// stage) is process 1 of a PID namespace with a mount namespace of its own:
//
//	executor ── flocker-guard (process 1: binds, reaps, passes signals on)
//	                ├── the task, in a session of its own, and all it forks
//	                └── commands beside it (checks), each in a session of its own
//
// The guard is launched as early as can be, and waits for its datasets beside the
// executor: the copies of mounts in its namespace follow the node's unmounts, or
// are detached at once, so that it keeps nobody's dataset meanwhile. What it binds
// is a copy that the executor makes, in no namespace, and passes to it together
// with the pins and locks.
//
// A task with limits, capabilities or no_new_privs is "flocker-launch" for a few
// milliseconds before it is itself.
//
//	who ends              what happens
//	the task              the guard reports its status; the task's own children live on
//	the guard             the kernel kills every process of the namespace
//	the executor          the guard gets SIGKILL (death signal) or finds its
//	                      control socket closed; with it everything
//	                      (measured: a few milliseconds)
//
// The guard is reaped only when the namespace is empty: a Stop that returned nil
// means that no process of the task exists. Its mounts went with it. Nothing of
// this was ever visible in the node's mount namespace.
//
// Directories that were made below the sandbox to carry binds are removed again
// when the guard is gone, if they are empty.
//
// Linux 5.12 or newer is needed (mount_setattr).
package guard
