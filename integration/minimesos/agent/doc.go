// Package agent is the miniature Mesos agent: it launches executors as real
// processes, speaks the V1 executor API with them over HTTP as a real agent
// does (both codecs, every refusal, its timing), keeps status updates until the
// scheduler has acknowledged them, and survives kill -9.
//
//	master ── link ──▶ command.go ─▶ launch.go ─▶ contain (processes), fetch (URIs)
//	                        │
//	executor ── HTTP ─▶ api.go ─▶ subscribe.go, update.go ─▶ updates.go ─▶ master
//	                                                            │
//	                 work_dir/meta ◀── checkpoint.go ───────────┘
//	                       └─▶ recover.go (after a restart)
//
// All state belongs to one goroutine, the loop in agent.go; everything else
// hands it functions. Nothing in that loop waits for a network or a process.
//
// On call: the agent's state can be read from its files. work_dir/meta has what
// survives a restart (only for frameworks with checkpoint), work_dir/slaves the
// sandboxes, runtime_dir/containers one folder per living container. An executor
// that hangs before RUNNING: its sandbox's stderr. An agent that ends at once:
// its own log names the setting.
//
// Source of the behaviour: Mesos 1.12, src/slave/*.cpp, and recordings of a real
// agent, which win where they disagree. What differs on purpose:
//
//   - FAILURE of an executor that ended between recovery and registration is kept
//     for the master; a real agent would have lost it.
//   - A HEAD request gets no body; a real agent sends one, against the RFC.
//   - The operator API knows GET_HEALTH and no more. Nothing is garbage collected.
//   - Linux isolation makes no shared mount of work_dir: whoever starts the agent
//     has made its whole tree shared. There are no cgroups and no images.
//   - runtime_dir's config and launch_info are not Mesos' messages.
//   - An id from a master that differs from the checkpointed one is refused, where
//     a real agent ends itself.
package agent
