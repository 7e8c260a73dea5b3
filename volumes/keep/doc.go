// Package keep leaves somebody behind: a process that outlives the executor, and
// finishes its work when it dies.
//
//	executor ──socket── flocker-keeper (process 1's child, a session of its own)
//	                      has pins and locks open, and waits
//
// A task in a container is nobody's child here, and no death signal reaches it:
// without the keeper it would write on after its executor's death, with nobody to
// keep its dataset on the node. Mesos' agent kills what it finds from the
// executor's process by parents, groups and sessions (3rdparty/stout/include/
// stout/os/posix/killtree.hpp), which leaves the keeper alone.
//
//	who ends              what happens
//	the executor          the keeper starts flocker-finish (volumes.Finish): it
//	                      removes the container, then gives the datasets back
//	the keeper            the executor starts another (Keeper.Gone)
//	both                  recovery, by the journal
package keep
