package stage

// Arguments 0 of the program's file: of the process that forks, of the one that
// waits, and of the one that it starts when the executor is dead.
const (
	ForkName   = "flocker-keeper-fork"
	Name       = "flocker-keeper"
	FinishName = "flocker-finish"
)

// SocketFD is its end of the socket to the executor, FirstFD the first of the
// files that it keeps open.
const (
	SocketFD = 3
	FirstFD  = 4
)

// On the socket go single bytes. The keeper says its process number, as four
// bytes, least first, when it is what it has to be; Armed tells it that from now
// on the end of the socket means that the executor is dead, and before that only
// that it is not needed. A number below MaxFiles tells it to close that file, and
// it answers with the same number; Done ends it.
const (
	MaxFiles = 250
	Armed    = 254
	Done     = 255
)
