package view

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// initial is the first letter of a name, or of the address where there is none.
func initial(name, email string) string {
	for _, candidate := range []string{strings.TrimSpace(name), email} {
		if first, size := utf8.DecodeRuneInString(candidate); size > 0 {
			return string(unicode.ToUpper(first))
		}
	}
	return ""
}
