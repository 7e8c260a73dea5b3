// Package failpoint lets tests kill the program at named points. In a build
// without the tag "failpoint" Hit is empty and costs nothing.
package failpoint

// Points is the one list of points. The kill matrix ranges over it.
var Points = []string{}
