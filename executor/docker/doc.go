// Package docker runs a task as a container of a Docker engine, through the
// engine's HTTP API (1.40 and later). It is the engine's side of a task's life only:
// who waits for whom is executor's, what may be bound is volumes'.
//
//	Open     the engine, or one clear error          Prepare  the image: there, loaded, or pulled
//	Create   by name, with labels and binds          Start    output and end are listened for before
//	Signal   by a worker that never blocks           Exited   after the last of the output
//	Exec     a check inside                          Remove   until the engine says that it is gone
//
// What goes wrong with an engine, and what happens then:
//
//	it is absent             Open says so, and names --docker-socket
//	it ends, and comes back  live-restore on: output goes on from its log driver, the end is waited for again;
//	                         off: it stopped the container, and tells how that ended
//	it ends for good         the task runs on; SIGKILL goes to the process itself; the end is told as unknown
//	                         a minute after the process is seen to have ended
//	it hangs                 as if it had ended; every request but pulling and loading an image has a deadline
//	it forgot the container  the process is killed and waited for before Remove believes it
//	somebody removes it      Exited tells the status if the engine did, and Why who did it
//
// What is lost: what the engine had read from the container and not passed on when
// it was killed; and with a log driver that cannot be read, all of the output
// between that and its return.
package docker
