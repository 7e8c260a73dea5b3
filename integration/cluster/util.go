package cluster

import (
	"maps"
	"slices"
)

func ptr[T any](v T) *T { return &v }

func or(v, otherwise float64) float64 {
	if v == 0 {
		return otherwise
	}
	return v
}

func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
