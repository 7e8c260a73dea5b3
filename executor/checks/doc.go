// Package checks runs the check and the health check of a task: it asks whether
// the task is well, again and again, and reports what is new.
//
//	Start ── delay ──▶ run ── finished ──▶ interval ──▶ run …
//	                    │
//	                    ├─ check:  an Outcome, when it differs from the last one
//	                    └─ health: a Verdict for every failure that counts, for the
//	                               first success, and for the first after failures
//
// A COMMAND is run in the task's namespaces by the function that the executor
// gives; HTTP and TCP go to the loopback address, 127.0.0.1 or ::1, which is the
// task's own: executor and task share a network namespace, or Config.Dial goes
// into the container's. Rules and numbers are those of Mesos (checks/checker.cpp,
// checker_process.cpp, health_checker.cpp), without its curl and
// mesos-tcp-connect. What differs:
//
//   - A pause of no length between two runs is MinInterval.
//   - Resume runs at once, as there, but never before the first delay is over.
//   - TCP checks reach ::1 as well.
//   - The statuses of an HTTP health check are heeded.
//   - Of an HTTP answer the first MiB is read: what is longer passes.
//   - Proxies in the environment are ignored: none has any business between a
//     task and its own loopback.
//   - A health check's message says what was asked, how it failed, how often and
//     for how long.
//
// A person on call reads the executor's log (stderr in the sandbox): each failed
// run is a line of its own, also those that do not count yet.
package checks
