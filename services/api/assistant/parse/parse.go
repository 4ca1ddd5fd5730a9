// Package parse reads what people write into a to-do list: "Team sync every Friday
// 2 PM #work p1", "snooze it an hour", "The 5th Wave". It knows English, a clock and
// a calendar, and nothing else: the same text at the same time is always read alike.
//
// It prefers to leave a text alone. A word is taken for a date only where the words
// around it agree, so that a title keeps what belongs to it.
//
// Where English leaves it open, these readings hold:
//   - A weekday is the next such day; it is today only with a time that is still to
//     come. "Next Tuesday" is the Tuesday of the next week, which begins on Monday;
//     "next week" is its Monday, "next month" its first day.
//   - A day without a time is due at 00:00 of that day, with HasTime false.
//   - A time without a day is the next one. Hours from 1 to 6 without a half of the
//     day are in the afternoon: "at 3" is 15:00, "at 9" is 9:00, "at 03:00" is 3:00.
//     Dinner and drinks are in the evening, breakfast and waking in the morning.
//     "Remind me at 9" and "snooze until 9" is whichever nine o'clock comes first.
//   - Morning is 9:00, noon 12:00, afternoon 15:00, the end of the (working) day 17:00,
//     evening 18:00, night 20:00. The end of a week is its Friday, a weekend its
//     Saturday, the end of a month its last day.
//   - "Until June" ends on May 31, "until June 5" includes that day.
//   - 5/6 is May 6 where the zone is American, June 5 elsewhere; in UTC, which says
//     nothing about the writer, it is May 6, and asked.
package parse

import (
	"slices"
	"time"
	"unicode/utf8"
)

// Intent is what the writer wants done.
type Intent string

// The intents. A text that is none of the others is a task's title.
const (
	CreateTask      Intent = "create_task"
	CreateRecurring Intent = "create_recurring"
	CreateReminder  Intent = "create_reminder"
	Query           Intent = "query"
	Complete        Intent = "complete"
	Update          Intent = "update"
	Cancel          Intent = "cancel"
	Snooze          Intent = "snooze"
	None            Intent = "none" // empty, or talk
)

// Mode says what the next occurrence of a series is counted from.
type Mode string

// The modes: the calendar, or the day on which the last occurrence was completed.
const (
	Schedule   Mode = "schedule"
	Completion Mode = "completion"
)

// Kind says what a part of the text was taken for.
type Kind string

// The kinds of spans.
const (
	KindDate       Kind = "date"
	KindTime       Kind = "time" // also a date with a time
	KindRecurrence Kind = "recurrence"
	KindReminder   Kind = "reminder"
	KindPriority   Kind = "priority"
	KindTag        Kind = "tag"
	KindCommand    Kind = "command" // "remind me to", "mark … done"
)

// Span is a part of the text that was taken out of the title. Start and End count
// Unicode code points, the end exclusive.
type Span struct {
	Start int  `json:"start"`
	End   int  `json:"end"`
	Kind  Kind `json:"kind"`
}

// Action is what a text asks for.
type Action struct {
	Intent Intent `json:"intent"`
	// Title is what the text says besides, as it was written: of a new task its title,
	// of a change the task that is meant, of a query the words to search for. It is
	// empty when the task is "it".
	Title string `json:"title"`
	// DueAt is in the zone of now. For a series it is the first occurrence from now on,
	// for a query the day that is asked about.
	DueAt   *time.Time `json:"due_at"`
	HasTime bool       `json:"has_time"`
	// RRule is a rule of RFC 5545 without DTSTART, which is DueAt.
	RRule string `json:"-"`
	Mode  Mode   `json:"mode"`
	// RemindAt is the instant of a reminder, RemindOffset its minutes before each due
	// time; at most one of them is set.
	RemindAt     *time.Time `json:"remind_at"`
	RemindOffset *int       `json:"remind_offset_minutes"`
	Priority     string     `json:"-"` // high, medium, low or empty
	Tags         []string   `json:"tags"`
	Spans        []Span     `json:"spans"` // in their order, never overlapping
	// Question is what the writer should be asked, empty when all is clear. The rest of
	// the action is then the likeliest reading.
	Question string `json:"-"`
	// Command is what the intent leaves open.
	Command Command `json:"-"`
}

// Parse reads a text that was written at an instant, in that instant's zone.
func Parse(text string, now time.Time) Action {
	p := &parser{
		text: text, now: now.Truncate(time.Second), zone: now.Location(), today: dateOf(now),
		tokens: tokenize(text), action: Action{Intent: CreateTask, Mode: Schedule, Tags: []string{}, Spans: []Span{}},
	}
	p.survey()
	p.read()
	return p.action
}

// parser is a text while it is read.
type parser struct {
	text   string
	now    time.Time // in zone
	zone   *time.Location
	today  date
	tokens []token
	// shouting: all in capitals, so that a capital says nothing.
	shouting bool
	implied  part // of the day, that the task speaks for: dinner at 8
	nested   bool // reading the day that a distance is counted from
	soonest  bool // asked to remind: "at 9" is whichever nine o'clock comes first
	start    int  // first token of the task itself, after "remind me to"
	end      int  // the token after its last
	opener   opener
	pieces   []piece
	counted  struct{ bytes, points int } // of the text, up to the last span
	action   Action
}

// piece is a run of tokens that may be taken out of the title.
type piece struct {
	from, to int // tokens, to exclusive
	kind     Kind
}

// beyond is the token outside the text.
var beyond token

func (p *parser) at(i int) *token {
	if i < 0 || i >= len(p.tokens) {
		return &beyond
	}
	return &p.tokens[i]
}

// is says whether the tokens from i on are these words.
func (p *parser) is(i int, words ...string) bool {
	for k, w := range words {
		if t := p.at(i + k); t.text != w || t.kind == opaque {
			return false
		}
	}
	return true
}

// either says whether token i is one of these words.
func (p *parser) either(i int, words ...string) bool {
	return slices.Contains(words, p.at(i).text) && p.at(i).kind != opaque
}

// in says whether token i is of a set.
func (p *parser) in(i int, s set) bool { return s.has(p.at(i).text) }

// past is the position behind the tokens from i on that are of a set. Nobody says more
// than a few of them, and a text of nothing else must not be gone through from each of its words.
func (p *parser) past(i int, s set) int {
	const most = 8
	for k := 0; k < most && p.in(i, s); k++ {
		i++
	}
	return i
}

// mentions says whether a token from a to b is of a set.
func (p *parser) mentions(a, b int, s set) bool {
	for ; a < b; a++ {
		if p.in(a, s) {
			return true
		}
	}
	return false
}

// skip is the position after these words, or i when they are not there.
func (p *parser) skip(i int, words ...string) int {
	if p.is(i, words...) {
		return i + len(words)
	}
	return i
}

// begins says whether token i stands alone on its left: a phrase may begin there.
func (p *parser) begins(i int) bool {
	t := p.at(i)
	if !t.glued {
		return true
	}
	switch p.at(i - 1).text {
	case "(", "[", ",", ";", "—", "–", ":", "!":
		return i >= 2 && (p.at(i-1).text != ":" || !p.at(i-2).isNumber())
	}
	return false
}

// ends says whether a phrase may end before token i.
func (p *parser) ends(i int) bool {
	t := p.at(i)
	if !t.glued || t.kind == none {
		return true
	}
	switch t.text {
	case ".", ",", ";", ":", "!", "?", ")", "]", "—", "–", "…":
		after := p.at(i + 1)
		return !after.glued || after.kind == punct
	}
	return false
}

// closes says whether what stands at i begins something new, so that a date before
// it stands for itself.
func (p *parser) closes(i int) bool {
	t := p.at(i)
	switch {
	case i >= p.end || t.kind == none || t.kind == hashtag:
		return true
	case t.kind == punct:
		return t.text != "'" && t.text != "&" && t.text != "%" && t.text != "$" && t.text != "+"
	}
	return joints.has(t.text)
}

func (t *token) isNumber() bool { return t.kind == number }

// survey finds out how the text is written as a whole.
func (p *parser) survey() {
	p.end = len(p.tokens)
	for i := range p.tokens {
		switch t := &p.tokens[i]; {
		case suppers.has(t.text), t.text == "night" && i > 0 && !p.at(i-1).timely() && !p.either(i-1, "at", "every", "each", "the", "last"):
			p.implied = evening
		case breakfasts.has(t.text):
			p.implied = morning
		}
	}
	p.shouting = true
	for _, r := range p.text {
		if r >= 'a' && r <= 'z' {
			p.shouting = false
			break
		}
	}
}

var (
	suppers    = setOf(`dinner supper drinks cocktails`)
	breakfasts = setOf(`breakfast wake alarm sunrise`)
)

// halved is a time in the half of the day that the task speaks for, where none is said.
func (p *parser) halved(c clock) clock {
	const earliest = 4
	if c.part == 0 && !c.exact && c.hour >= earliest && c.hour < 12 {
		c.part = p.implied
	}
	return c
}

// named says whether a capital of token i speaks for a name or a title: it is not
// the first word, and the text isn't all in capitals.
func (p *parser) named(i int) bool {
	return i > p.start && p.at(i).capital && !p.shouting
}

// points is a position in code points. Positions have to be asked for in their order.
func (p *parser) points(at int) int {
	p.counted.points += utf8.RuneCountInString(p.text[p.counted.bytes:at])
	p.counted.bytes = at
	return p.counted.points
}

// span turns a piece into a Span, in code points.
func (p *parser) span(c piece) Span {
	start := p.points(p.at(c.from).start)
	return Span{Start: start, End: p.points(p.at(c.to - 1).end), Kind: c.kind}
}
