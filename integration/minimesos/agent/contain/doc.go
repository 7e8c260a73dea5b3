// Package contain runs executors as real processes the way a Mesos agent's
// containerizer does, with two kinds of isolation:
//
//	Posix  the executor lives in the agent's own namespaces: its mounts are the
//	       node's mounts, and only the processes of its session die with it.
//	Linux  a mount namespace that is recursively slave and a PID namespace with
//	       its own /proc: nothing gets out, everything dies with it. With a
//	       cgroup, whatever others put below that dies too; then the PID
//	       namespace may be left out (SharePID).
//
// Between agent and executor stands a helper ("mesos-containerizer launch"): the
// leader of a session, which waits until the agent lets it go, starts the
// executor, forwards signals to it and writes its exit status to a file, so that
// the status is not lost when the agent dies. The helper is the running binary
// itself: importing this package makes a program able to be it (see Hook).
//
// What to look at when something hangs: <runtime_dir>/containers/<id>/pid is the
// helper, launch_info what it was told, status what it has written (empty while
// the executor runs, and for ever when the helper was killed).
package contain
