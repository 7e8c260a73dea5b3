package main

import (
	"fmt"
	"slices"
	"time"
)

// sample is a set of durations of one thing.
type sample []time.Duration

// String is median / 90th percentile, in milliseconds.
func (s sample) String() string { return s.quantiles(0.9) }

// tail is median / 99th percentile, in milliseconds.
func (s sample) tail() string { return s.quantiles(0.99) }

func (s sample) quantiles(high float64) string {
	if len(s) == 0 {
		return "no sample"
	}
	sorted := slices.Sorted(slices.Values(s))
	at := func(q float64) float64 {
		return float64(sorted[int(q*float64(len(sorted)-1)+0.5)].Microseconds()) / 1000
	}
	return fmt.Sprintf("%.1f / %.1f ms (n=%d)", at(0.5), at(high), len(s))
}
