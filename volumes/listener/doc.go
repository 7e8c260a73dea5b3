// Package listener finds the process behind a unix socket: the container engine
// whose mounts, cgroups and PID namespace have to be those of this node.
//
// For the person on call. The kernel tells who made a listening socket, which is
// the engine, unless a service manager made it and handed it on: then it is
// process 1 (docker.socket beside docker.service, the rule on Debian and others),
// and the engine is who else has that socket open. That is found as ss(8) finds
// it, in /proc; process 1 need not be systemd. An engine in another PID namespace
// is not found, and is an error, for nothing that it does can be looked at.
package listener
