// Package cluster gives end-to-end tests and people a Mesos cluster with
// Flocker: Cluster is all that a test may see of it, so that real daemons can
// stand behind the same tests; Start makes the minicluster, which needs one
// Linux machine and root.
//
// A minicluster's node is a child process in mount, PID and boot-id worlds of
// its own: process 1 of a PID namespace, with a root assembled from the
// machine's directories in which /flocker, /etc/flocker,
// /var/lib/flocker-executor and the boot id are the node's. Below it live a
// Mesos agent and a Flocker node agent. Master and control service run in the
// process that called Start. Everything a minicluster writes lies in one
// temporary folder; Close removes it.
package cluster
