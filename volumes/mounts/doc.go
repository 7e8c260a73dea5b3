// Package mounts reads and watches the mount table, pins datasets, and tells
// who else can reach one.
//
// For the person on call. A dataset is recognised by the last element of its
// mount point, which ends in the dataset's id; a directory of that name without
// a mount is nothing. Everything the package refuses, it refuses because a task
// would otherwise write to a place the storage system no longer looks at.
//
// # Which mount counts
//
// The storage agent works in a mount namespace of its own, and only its mount
// object is the dataset. This process sees that object when it lives in the same
// namespace, or a copy of it that follows the original's unmount. A copy that
// does not follow may show a dataset that left this node long ago. So Find asks
// about the parent of the mount (mount_namespaces(7)):
//
//	parent says   this process is           the mount
//	master:N      anywhere                  counts: it follows its master
//	shared:N      with its ancestors        counts: it is the original or a peer
//	shared:N      apart from an ancestor    counts if that ancestor's table has group N
//	private       with its ancestors, and   counts: it is the original
//	              in the first PID namespace
//	private       anywhere else             may be a frozen copy: refused
//
// "With its ancestors" means that every process from the parent up to the top
// that /proc shows is in this process's mount namespace. In a PID namespace of
// its own (a container) the ancestors that matter are invisible, so that a
// private parent is never trusted there.
//
// # Why the pin
//
// A storage agent that unmounts is stopped by EBUSY alone, and EBUSY counts the
// users of one mount object and of the copies that follow it. A bind is another
// object and counts nothing. Pin holds the original.
//
// Linux 5.8 or newer is needed (statx with mount ids).
package mounts
