package parse

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// finish puts the pieces in order, merges those that meet, and leaves the rest as
// the title.
func (p *parser) finish() {
	slices.SortFunc(p.pieces, func(a, b piece) int { return a.from - b.from })
	kept := p.pieces[:0]
	for _, c := range p.pieces {
		if len(kept) > 0 && c.from < kept[len(kept)-1].to {
			continue
		}
		kept = append(kept, c)
		p.action.Spans = append(p.action.Spans, p.span(c))
	}
	p.pieces = kept
	p.action.Title = p.title()
	if len(p.pieces) > 0 {
		p.action.Title = unquoted(p.action.Title)
	}
	if p.action.Title == "" && p.creates() {
		p.ask("What should I call it?")
	}
}

func (p *parser) creates() bool {
	return p.action.Intent == CreateTask || p.action.Intent == CreateRecurring ||
		p.action.Intent == CreateReminder && p.action.RemindOffset == nil
}

// title is the text without its pieces. Where something was cut out, the commas and
// connectors that tied it to the rest go with it.
func (p *parser) title() string {
	if len(p.pieces) == 0 {
		return strings.TrimSpace(p.text)
	}
	var parts []string
	from := 0
	for k := 0; k <= len(p.pieces); k++ {
		to, following := len(p.text), Kind("")
		if k < len(p.pieces) {
			to, following = p.at(p.pieces[k].from).start, p.pieces[k].kind
			if following == KindTime && connectors.has(p.at(p.pieces[k].from).text) {
				following = KindDate // put the dinner on at 5
			}
		}
		if s := trimCut(p.text[from:to], k > 0, following); s != "" {
			parts = append(parts, s)
		}
		if k < len(p.pieces) {
			from = p.at(p.pieces[k].to - 1).end
		}
	}
	return join(parts)
}

// unquoted is the title without the quotation marks that are around all of it.
func unquoted(title string) string {
	if n := len(title); n > 2 && title[0] == '\'' && title[n-1] == '\'' {
		return title[1 : n-1]
	}
	r, size := utf8.DecodeRuneInString(title)
	if end := quotation(title, 0, r, size); end == len(title) && end > 0 {
		_, last := utf8.DecodeLastRuneInString(title)
		return strings.TrimSpace(title[size : len(title)-last])
	}
	return title
}

const separators = ",;:-–— \t\n\r"

// trimCut cleans a part of the text at the sides where something was cut out: on
// its left, and what follows on its right.
func trimCut(s string, left bool, following Kind) string {
	s = strings.TrimSpace(s)
	if left {
		if stop := strings.TrimLeft(s, separators+"."); stop == "" || s == ")" || s == "]" {
			return ""
		}
		s = strings.TrimLeft(s, separators+")]")
		if strings.HasPrefix(s, ". ") {
			s = strings.TrimLeft(s[1:], separators)
		}
	}
	for following != "" {
		t := strings.TrimRight(s, separators+"([")
		if at := strings.LastIndexAny(t, " \t\n"); at >= 0 {
			last := strings.ToLower(t[at+1:])
			if dangling.has(last) || following != KindRecurrence && following != KindDate && connectors.has(last) {
				t = t[:at]
			}
		}
		if t == s {
			break
		}
		s = t
	}
	return strings.TrimSpace(s)
}

var (
	// dangling words lead to what was cut out behind them.
	dangling = setOf(`due every starting until @ and with`)
	// connectors do, too; a day has its own, and what stands before that is part of a
	// verb: "weigh in every monday".
	connectors = setOf(`on at by from`)
)

// join puts the parts together; a closing mark stays with the word before it.
func join(parts []string) string {
	var b strings.Builder
	for i, s := range parts {
		if i > 0 && !strings.HasPrefix(s, "?") && !strings.HasPrefix(s, "!") {
			b.WriteByte(' ')
		}
		b.WriteString(s)
	}
	return strings.TrimSpace(b.String())
}
