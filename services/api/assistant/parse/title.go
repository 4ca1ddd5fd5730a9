package parse

import (
	"slices"
	"strings"
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
	if p.action.Title == "" && p.creates() {
		p.ask("What should I call it?")
	}
}

func (p *parser) creates() bool {
	switch p.action.Intent {
	case CreateTask, CreateRecurring:
		return true
	case CreateReminder:
		return p.action.RemindOffset == nil
	}
	return false
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
		to, next := len(p.text), len(p.tokens)
		if k < len(p.pieces) {
			next = p.pieces[k].from
			to = p.at(next).start
		}
		if s := trimCut(p.text[from:to], k > 0, k < len(p.pieces)); s != "" {
			parts = append(parts, s)
		}
		if k < len(p.pieces) {
			from = p.at(p.pieces[k].to - 1).end
		}
	}
	return join(parts)
}

const separators = ",;:-–— \t\n\r"

// trimCut cleans a part of the text at the sides where something was cut out.
func trimCut(s string, left, right bool) string {
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
	for right {
		t := strings.TrimRight(s, separators+"([")
		if at := strings.LastIndexAny(t, " \t\n"); dangling.has(strings.ToLower(t[at+1:])) && (at >= 0 || !left) && at >= 0 {
			t = t[:at]
		}
		if t == s {
			break
		}
		s = t
	}
	return strings.TrimSpace(s)
}

// dangling words lead to what was cut out behind them.
var dangling = setOf("on", "at", "by", "due", "every", "starting", "from", "until", "@", "and", "with")

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
