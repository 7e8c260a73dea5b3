package failpoint

// executorPoints are those of the executor's session and of its requests to the
// control service. The "starting", "running" and "terminal" ones are about the
// status updates of those states.
var executorPoints = []string{
	"acknowledged.running.after",
	"acknowledged.running.before",
	"acknowledged.starting.after",
	"acknowledged.starting.before",
	"acknowledged.terminal.after",
	"acknowledged.terminal.before",
	"request.after",
	"request.before",
	"status.running.after",
	"status.running.before",
	"status.starting.after",
	"status.starting.before",
	"status.terminal.after",
	"status.terminal.before",
	"subscribe.after",
	"subscribe.before",
}
