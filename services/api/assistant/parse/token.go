package parse

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

type tokenKind uint8

const (
	none    tokenKind = iota // beyond the text
	word                     // letters first: friday, p1, mom's
	number                   // digits
	ordinal                  // digits with their ending: 15th
	punct                    // one character that is none of the others
	hashtag                  // #work
	opaque                   // a quotation, an address: never looked into
)

// token is a piece of the text without space in it. Its lexeme is what the word
// may mean; number is set for digits and number words alike.
type token struct {
	lexeme

	text       string // in lower case
	start, end int    // bytes
	kind       tokenKind
	glued      bool // no space before it
	capital    bool
}

// openings are the quotation marks that are known to be closed nowhere behind, so that
// nobody looks for the end of each of them.
type openings struct{ straight, curly, angled bool }

// tokenize cuts the text. Digits and letters part (5pm is 5 and pm), letters and
// digits don't (p1), so that what people glue together can still be read.
func tokenize(text string) []token {
	open := openings{}
	tokens := make([]token, 0, 8+len(text)/4)
	glued := false
	for at := 0; at < len(text); {
		r, size := utf8.DecodeRuneInString(text[at:])
		if unicode.IsSpace(r) {
			at, glued = at+size, false
			continue
		}
		t := token{start: at, glued: glued}
		t.kind, t.end = open.next(text, at, r, size, glued)
		t.describe(text)
		tokens = append(tokens, t)
		at, glued = t.end, true
	}
	return tokens
}

// next is the kind and the end of the token at a position.
func (o *openings) next(text string, at int, r rune, size int, glued bool) (tokenKind, int) {
	if !glued {
		if end := o.quotation(text, at, r, size); end > 0 {
			return opaque, end
		}
		if end := address(text, at); end > 0 {
			return opaque, end
		}
	}
	switch {
	case r == '#' && (!glued || text[at-1] == '(' || text[at-1] == '['):
		if end := run(text, at+size, isTagPart); end > at+size {
			return hashtag, end
		}
	case isDigit(r):
		end := run(text, at, isDigit)
		if suffix := run(text, end, unicode.IsLetter); isOrdinalEnding(text[end:suffix]) {
			return ordinal, suffix
		}
		return number, end
	case unicode.IsLetter(r) && glued && isDigit(rune(text[at-1])): // the h of 1h30
		return word, run(text, at, unicode.IsLetter)
	case unicode.IsLetter(r):
		end := run(text, at, isWordPart)
		for { // an apostrophe between letters belongs to the word
			q, n := utf8.DecodeRuneInString(text[end:])
			after := run(text, end+n, isWordPart)
			if !isApostrophe(q) || after == end+n {
				return word, end
			}
			end = after
		}
	}
	return punct, at + size
}

func (t *token) describe(text string) {
	raw := text[t.start:t.end]
	switch t.kind {
	case number:
		t.text, t.number = raw, digits(raw)
	case ordinal:
		t.text, t.ordinal = raw, digits(raw[:len(raw)-2])
	case word:
		r, _ := utf8.DecodeRuneInString(raw)
		t.capital = unicode.IsUpper(r)
		t.text = strings.ToLower(raw)
		if strings.Contains(t.text, "’") {
			t.text = strings.ReplaceAll(t.text, "’", "'")
		}
		t.lexeme = lexicon[t.text]
	default:
		t.text = raw
	}
}

// run is the end of the characters from a position on that fit.
func run(text string, at int, fits func(rune) bool) int {
	for at < len(text) {
		r, size := utf8.DecodeRuneInString(text[at:])
		if !fits(r) {
			break
		}
		at += size
	}
	return at
}

// quotation is the end of a quotation that begins at a position, else 0.
func (o *openings) quotation(text string, at int, r rune, size int) int {
	var open *bool
	switch r {
	case '"':
		open = &o.straight
	case '“':
		open = &o.curly
	case '«':
		open = &o.angled
	}
	if open == nil || *open {
		return 0
	}
	end := quotation(text, at, r, size)
	*open = end == 0
	return end
}

// quotation is the end of a quotation that begins at a position, else 0.
func quotation(text string, at int, r rune, size int) int {
	var closing string
	switch r {
	case '"':
		closing = `"`
	case '“':
		closing = "”"
	case '«':
		closing = "»"
	default:
		return 0
	}
	length := strings.Index(text[at+size:], closing)
	if length < 0 {
		return 0
	}
	return at + size + length + len(closing)
}

// address is the end of a web or e-mail address that begins at a position, else 0.
func address(text string, at int) int {
	end := run(text, at, func(r rune) bool { return !unicode.IsSpace(r) })
	chunk := strings.TrimRight(text[at:end], ".,;:!?)")
	if strings.Contains(chunk, "://") || strings.HasPrefix(chunk, "www.") || strings.IndexByte(chunk, '@') > 0 {
		return at + len(chunk)
	}
	return 0
}

// digits is the value of a number; -1 when it is too long to be one of ours.
func digits(s string) int {
	const longest = 8
	if len(s) > longest {
		return -1
	}
	n := 0
	for _, c := range []byte(s) {
		n = n*10 + int(c-'0')
	}
	return n
}

func isDigit(r rune) bool      { return r >= '0' && r <= '9' }
func isApostrophe(r rune) bool { return r == '\'' || r == '’' }
func isWordPart(r rune) bool {
	return unicode.IsLetter(r) || unicode.IsDigit(r) || unicode.IsMark(r) || r == '_'
}
func isTagPart(r rune) bool { return isWordPart(r) || r == '-' || r == '/' }

func isOrdinalEnding(s string) bool {
	switch strings.ToLower(s) {
	case "st", "nd", "rd", "th":
		return true
	}
	return false
}
