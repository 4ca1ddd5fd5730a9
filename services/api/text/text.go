// Package text holds the rules that everything people write obeys, so that a
// title, a tag and a name are refused for the same reasons in the same words.
package text

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Line says what is wrong with a text of one line, which must have shortest to
// longest characters; empty when nothing is. A character is a Unicode code point,
// as in PostgreSQL and JSON Schema.
func Line(s string, shortest, longest int) string {
	return rule(s, shortest, longest, false)
}

// Block is Line for texts of several lines, which may also hold tabs.
func Block(s string, longest int) string { return rule(s, 0, longest, true) }

func rule(s string, shortest, longest int, lines bool) string {
	n := utf8.RuneCountInString(s)
	switch {
	case !utf8.ValidString(s):
		return "must be valid UTF-8"
	case n == 0 && shortest > 0:
		return "is required"
	case n < shortest:
		return fmt.Sprintf("must have at least %d characters", shortest)
	case n > longest:
		return fmt.Sprintf("must have at most %d characters", longest)
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && (!lines || !strings.ContainsRune("\n\r\t", r)) }):
		return "must not hold control characters"
	}
	return ""
}
