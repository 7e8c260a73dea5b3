// Package fetch brings the URIs of a command into a sandbox as mesos-fetcher
// does: local files and http(s), executable bits, archives, output files, a
// cache. What it did stands in the sandbox's stderr, in mesos-fetcher's words.
//
// Not as mesos-fetcher: it runs in the agent instead of as the task's user (the
// caller hands the files over afterwards), knows neither ftp nor hadoop, needs
// the system's xz for .xz, and makes room in the cache by nothing but a restart.
package fetch
