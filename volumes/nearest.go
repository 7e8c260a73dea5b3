package volumes

import "slices"

// Nearest is the one of words that needs the fewest single-letter changes to
// become word; among equals the first in alphabetical order.
func Nearest(word string, words []string) string {
	sorted := slices.Sorted(slices.Values(words))
	return slices.MinFunc(sorted, func(a, b string) int { return distance(word, a) - distance(word, b) })
}

// distance is Levenshtein's, on bytes; of a long word only the beginning counts.
func distance(a, b string) int {
	a = a[:min(len(a), 64)]
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}
