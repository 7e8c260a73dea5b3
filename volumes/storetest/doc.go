// Package storetest is what every volumes.Store has to pass: the promises of its
// comments, as package volumes relies on them. A Store's tests call Run with a
// storage system of two nodes.
package storetest
