// Package integration holds the end-to-end tests: real tasks below a real
// flocker-executor on a cluster.Cluster. They see nothing of the cluster but
// that interface, except where a fault has to be made that no real daemon can
// be asked for.
package integration
