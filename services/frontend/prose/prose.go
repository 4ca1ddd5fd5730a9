// Package prose reads the little markup that language models write into plain text:
// paragraphs, lists, bold words and code. Whatever else there is stays text, so that
// nothing of it can become markup of a page.
package prose

import (
	"regexp"
	"strconv"
	"strings"
)

// Kind is what a block is.
type Kind int

// The kinds.
const (
	Paragraph Kind = iota
	Bullets
	Numbers
	Code
)

// Block is a paragraph, a list or a piece of code. What is appended to a text changes its
// last block, or adds blocks behind it; those before stay as they are.
type Block struct {
	Kind Kind
	// Lines are those of a paragraph, or the items of a list.
	Lines [][]Span
	// First is the number that a list of Numbers begins with.
	First int
	// Code is the text between the fences.
	Code string
}

// Style is how a span is set.
type Style int

// The styles.
const (
	Plain Style = iota
	Bold
	Mono
)

// Span is a run of characters in one style.
type Span struct {
	Style Style
	Text  string
}

const fence = "```"

var (
	bullet = regexp.MustCompile(`^\s*[-*•] `)
	number = regexp.MustCompile(`^\s*(\d{1,4})[.)] `)
	// styled is code or bold words; both end in the line in which they begin.
	styled = regexp.MustCompile("`([^`]+)`|\\*\\*(\\S(?:[^*]*[^*\\s])?)\\*\\*")
)

// Read reads a text, or as much of it as there is yet.
func Read(text string) []Block {
	var r reader
	for line := range strings.SplitSeq(strings.TrimRight(text, "\n"), "\n") {
		r.line(strings.TrimRight(line, "\r"))
	}
	return r.blocks
}

type reader struct {
	blocks []Block
	open   bool // the last block goes on
	code   bool // within fences
}

func (r *reader) last() *Block { return &r.blocks[len(r.blocks)-1] }

func (r *reader) begin(b Block) {
	r.blocks = append(r.blocks, b)
	r.open = true
}

func (r *reader) line(line string) {
	isFence := strings.HasPrefix(strings.TrimSpace(line), fence)
	switch {
	case r.code && isFence:
		r.code, r.open = false, false
	case r.code && r.last().Code == "":
		r.last().Code = line
	case r.code:
		r.last().Code += "\n" + line
	case isFence:
		r.code = true
		r.begin(Block{Kind: Code})
	case strings.TrimSpace(line) == "":
		r.open = false
	case bullet.MatchString(line):
		r.item(Bullets, 0, line[len(bullet.FindString(line)):])
	case number.MatchString(line):
		found := number.FindStringSubmatch(line)
		first, _ := strconv.Atoi(found[1]) // digits, and few
		r.item(Numbers, first, line[len(found[0]):])
	case r.open && (r.last().Kind == Bullets || r.last().Kind == Numbers):
		lines := r.last().Lines
		lines[len(lines)-1] = append(lines[len(lines)-1], spans(" "+strings.TrimSpace(line))...)
	case r.open:
		r.last().Lines = append(r.last().Lines, spans(line))
	default:
		r.begin(Block{Kind: Paragraph, Lines: [][]Span{spans(line)}})
	}
}

func (r *reader) item(kind Kind, first int, text string) {
	if !r.open || r.last().Kind != kind {
		r.begin(Block{Kind: kind, First: first})
	}
	r.last().Lines = append(r.last().Lines, spans(text))
}

func spans(line string) []Span {
	var all []Span
	add := func(style Style, text string) {
		if text != "" {
			all = append(all, Span{style, text})
		}
	}
	for line != "" {
		at := styled.FindStringSubmatchIndex(line)
		if at == nil {
			break
		}
		add(Plain, line[:at[0]])
		if at[2] >= 0 {
			add(Mono, line[at[2]:at[3]])
		} else {
			add(Bold, line[at[4]:at[5]])
		}
		line = line[at[1]:]
	}
	add(Plain, line)
	return all
}
