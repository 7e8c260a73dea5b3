// Package mountstest gives tests real datasets, ext4 filesystems on loop
// devices, and a place to mount them that is not the machine's own mount
// namespace. Root is needed.
package mountstest
