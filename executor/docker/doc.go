// Package docker runs a task as a container of a Docker engine, through the
// engine's HTTP API (1.40 and later).
package docker
