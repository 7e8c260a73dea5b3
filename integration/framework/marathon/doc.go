// Package marathon launches Marathon app definitions as Marathon does, as far
// as a custom executor can tell the difference: what it puts into TaskInfo and
// ExecutorInfo, how it kills, and how it replaces an app by its next version.
//
// The reference is Marathon's TaskBuilder.scala, and the classes it uses, as of
// 1.11; Release names what older ones do otherwise. There is no API, no
// persistence and no scaling: one instance of one app at a time.
package marathon
