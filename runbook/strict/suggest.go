package strict

import (
	"fmt"
	"strings"
)

// Nearest returns the candidate that a mistyped word most likely means, or "".
// It counts letters that were added, left out, changed or swapped with the next,
// and does not look at long words or among very many.
func Nearest(word string, candidates []string) string {
	const longest, most = 48, 256
	if len(word) > longest || len(candidates) > most {
		return ""
	}
	best, bestAt := "", max(2, len(word)/3+1)
	for _, c := range candidates {
		if len(c) > longest {
			continue
		}
		if n := distance(strings.ToLower(word), strings.ToLower(c)); n < bestAt {
			best, bestAt = c, n
		}
	}
	return best
}

// DidYouMean returns a suggestion with the nearest candidate, or with all of
// them when none is near and they are few, or "".
func DidYouMean(word string, candidates []string) string {
	if near := Nearest(word, candidates); near != "" {
		return fmt.Sprintf("did you mean %q?", near)
	}
	if len(candidates) == 0 || len(candidates) > 16 {
		return ""
	}
	return "one of " + strings.Join(candidates, ", ")
}

// distance is the optimal string alignment distance.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, last := make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row := make([]int, len(y)+1)
		row[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last = last, row
	}
	return last[len(y)]
}
