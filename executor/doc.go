// Package executor lives the life of one Mesos task, or of the tasks of one
// group side by side. task.go is that life, top to bottom.
//
//	LAUNCH → Spec → 1 STARTING → 2 hold volumes → 3 start → 4 RUNNING → 5 wait
//	       → 6 stop → 7 release → 8 terminal status → 9 its acknowledgement
//	       → 10 release again while something is pinned → exit
//
//	                 agent
//	      events ↓ ↑ ↓ ↑ SUBSCRIBE, UPDATE
//	  Session   one owner goroutine; one goroutine reads the stream, one sends the
//	            update that is next. Keeps what is unacknowledged.
//	      events ↓   ↑ statuses
//	  listener  hands out the first LAUNCH, refuses every other; KILL, SHUTDOWN,
//	            SIGTERM and the loss of the agent become orders: a cancelled
//	            context for steps 2 and 3, a message for step 5, and from a
//	            shutdown on deadlines for 7 to 10. It also applies the rule of a
//	            group: how one task ended (before its step 6) may end the others.
//	        LAUNCH ↓ orders ↑ outcomes
//	  task      steps 1 to 8 and 10, each task in a goroutine of its own; only step
//	            5 waits for more than one thing. 9 is for all of them.
//
// A LAUNCH_GROUP has several tasks, each with its own sandbox, volumes, checks
// and statuses; a LAUNCH is a group of one in the executor's own sandbox. All
// Specs are read before the first task begins.
//
// A task in a container lives the same life (container.go): step 2 has its image
// there while its volumes are on their way, and the first that fails calls the other
// off; 3 and 6 are the engine's to do, the checks of 5 go into the container, and 4
// says what the engine says of it. Only such a task opens an engine, one connection
// of its own.
//
// Who dies, and what happens:
//
//	the task's process     the others of its PID namespace are killed, volumes released, status
//	                       by its exit: FINISHED, FAILED, or KILLED when it was told to end
//	the guard              every process of the task dies with it; TASK_FAILED "Failed to get exit status"
//	the task's container   as the process; TASK_FAILED says who removed it, or that it ran out of
//	                       memory, REASON_CONTAINER_LIMITATION_MEMORY
//	the docker engine      the container is watched by its first process; a status that nobody
//	                       tells is TASK_FAILED "Failed to get exit status of container"; a
//	                       container that cannot be removed in time is named in it
//	another of the group   failed or killed: SIGTERM, SIGKILL after the kill grace, TASK_KILLED with
//	                       the reason; finished: nothing
//	a health check         SIGTERM, SIGKILL after the kill grace, TASK_KILLED, healthy=false
//	max_completion_time    SIGTERM and SIGKILL at once, while acquiring the end of that; TASK_FAILED,
//	                       REASON_MAX_COMPLETION_TIME_REACHED
//	this executor          the guard dies with it, and so the task; the agent reports TASK_FAILED
//	                       "Executor terminated"; lease and journal entry are recovery's: the next
//	                       executor on the node, or flocker-executor recover; a container and
//	                       what it holds is its keeper's (volumes/keep)
//	the agent, framework   the task goes on; SUBSCRIBE again and again, at most 0.5 s apart, until
//	  checkpoints          MESOS_RECOVERY_TIMEOUT; a task that ends meanwhile is reported
//	                       afterwards; checks pause
//	the agent, framework   SIGTERM at once, SIGKILL after the kill grace, release; nobody to tell,
//	  does not checkpoint  exit status 1
//	the agent, unkindly    401, 403: as if it were gone for good
//	the control service    a running task is not touched (volumes); a hold waits until its deadline
//	the other node         its lease is waited for until the deadline
//	nobody although told   a process that SIGKILL does not end (state D), or a stranger's copy of
//	                       the mount: the status goes out in time and names what is held; pin and
//	                       renewals stay, and the executor with them, until it is over or SHUTDOWN
//	the dataset is lost    SIGTERM, SIGKILL after the kill grace; TASK_FAILED,
//	                       REASON_CONTAINER_LIMITATION
//	the scheduler          nothing: acknowledgements are the agent's
//
// A shutdown with grace T (5 s unless the agent says otherwise): SIGTERM at once,
// SIGKILL at T − 2 s, release until T − 0.5 s, then the terminal status, exit by T.
//
// What a TaskInfo says is read before its task begins (spec*.go, command*.go,
// taskenv.go, user.go); from there on types of Mesos appear where statuses are
// made and in the session.
package executor
