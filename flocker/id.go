package flocker

import (
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"
)

// ComputedID is the n-th dataset id that belongs to a name: every node computes
// the same one, so that a lease on it decides who creates the dataset. It is a
// format that can never change: the first 16 bytes of
// SHA-256("flocker-executor dataset v1\n" + name + "\n" + n), with the bits of a
// version 4 UUID set, the only kind that the service takes.
func ComputedID(name string, n int) string {
	b := sha256.Sum256([]byte("flocker-executor dataset v1\n" + name + "\n" + strconv.Itoa(n)))
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[0:4], b[4:6], b[6:8], b[8:10], b[10:16])
}

// isUUID reports whether s is 8-4-4-4-12 hexadecimal digits, of any version.
func isUUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch i {
		case 8, 13, 18, 23:
			if r != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
				return false
			}
		}
	}
	return true
}

// short is the part of an id that people compare.
func short(id string) string {
	if len(id) <= 8 {
		return id
	}
	return id[:8] + "…"
}
