// Package metricnames finds the metrics that a PromQL expression reads.
package metricnames

import (
	"regexp"
	"slices"
)

var (
	text = regexp.MustCompile("\"[^\"]*\"|'[^']*'|`[^`]*`")
	// Labels in braces, what a vector is grouped or matched by, ranges and numbers
	// name no metric.
	aside = regexp.MustCompile(`\{[^}]*\}|\b(by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)|\[[^\]]*\]|\b\d[\w.]*`)
	// A name that is followed by a parenthesis is a function.
	word = regexp.MustCompile(`[a-zA-Z_:][a-zA-Z0-9_:]*(\s*\()?`)
)

var keywords = []string{"and", "or", "unless", "bool", "offset", "atan2", "inf", "nan", "Inf", "NaN"}

// In are the names of the metrics that expr reads, each once, in order.
func In(expr string) []string {
	rest := text.ReplaceAllString(expr, "")
	rest = aside.ReplaceAllString(rest, " ")
	var names []string
	for _, w := range word.FindAllString(rest, -1) {
		if w[len(w)-1] != '(' && !slices.Contains(keywords, w) {
			names = append(names, w)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}
