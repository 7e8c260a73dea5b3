// Package dockertest starts Docker engines for tests: dockerd with folders,
// socket, containerd and cgroups of its own, several at once if need be. The
// engine of the machine, if it has one, is never touched. What an engine leaves
// behind, also one that was killed, is cleaned up: processes, mounts, cgroups,
// bridges, files.
package dockertest
