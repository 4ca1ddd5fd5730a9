package parse

import "strings"

// The part of the list that a query asks about.
const (
	open      = "open"
	overdue   = "overdue"
	completed = "completed"
)

var statuses = map[string]string{
	"overdue": overdue, "late": overdue, "open": open, "pending": open, "unfinished": open, "incomplete": open, "due": open,
	"completed": completed, "done": completed, "finished": completed,
}

// filter notes what part of the list the tokens from a to b ask about. It says
// whether they hold nothing else.
func (p *parser) filter(a, b int) bool {
	found := false
	for k := a; k < b; {
		end := p.filterAt(k, b)
		found = found || end > k
		k = max(end, k+1)
	}
	return found && p.onlyList(a, b)
}

// filterAt notes the filter that begins at k; it returns k when there is none.
func (p *parser) filterAt(k, b int) int {
	t := p.at(k)
	if name, end := p.tagAt(k); end > k {
		p.tag(name)
		return end
	}
	if i := p.oneOf(k, tagged); i > k && i < b && (p.at(i).kind == word || p.at(i).kind == hashtag) {
		p.tag(strings.TrimPrefix(p.text[p.at(i).start:p.at(i).end], "#"))
		return min(p.moreTags(i+1), b)
	}
	if level, end := p.levelAt(k); end > k {
		p.action.Priority = level
		return end
	}
	if level := numbered[t.text]; level != "" {
		p.action.Priority = level
		return k + 1
	}
	if t.text == "urgent" {
		p.action.Priority = high
		return k + 1
	}
	if status := statuses[t.text]; status != "" {
		p.action.Command.Status = status
		return k + 1
	}
	for _, form := range [...]func(*parser, int) int{(*parser).yesterday, (*parser).betweenDays, (*parser).stretchOfDays} {
		if end := form(p, k); end > k {
			return end
		}
	}
	return p.filterDay(k)
}

// tagged leads to a tag that is asked for.
var tagged = phrases(`tagged with, tagged as, tagged, with tag, with the tag, with label, labelled, labeled, tag`)

// yesterday notes what is past: yesterday, last week, last month.
func (p *parser) yesterday(i int) int {
	k := i + 2
	switch {
	case p.is(i, "yesterday"):
		k = i + 1
		at := p.instant(dueTime{date: p.today.plus(-1)})
		p.action.DueAt = &at
		p.between(p.today.plus(-1), p.today.plus(-1))
	case p.is(i, "last", "week"):
		p.between(p.today.monday().plus(-7), p.today.monday().plus(-1))
	case p.is(i, "last", "month"):
		first := p.today.firstOfMonth().plusMonths(-1)
		p.between(first, first.lastOfMonth())
	default:
		return i
	}
	return k
}

// betweenDays notes "between monday and friday", "from the 1st to the 15th", "after friday".
func (p *parser) betweenDays(i int) int {
	switch {
	case p.is(i, "after"):
		m, end := p.dateAt(i + 1)
		if end == i+1 || m.wait > 0 {
			return i
		}
		from := m.date.plus(1).at(0, 0, p.zone)
		at := p.instant(dueTime{date: m.date})
		p.action.DueAt, p.action.Command.From = &at, &from
		return end
	case p.either(i, "between", "from"):
		from, k := p.dateAt(i + 1)
		if k == i+1 || from.wait > 0 || !p.either(k, "and", "to", "until", "through", "till") {
			return i
		}
		to, end := p.dateAt(k + 1)
		if end == k+1 || to.wait > 0 || to.date.before(from.date) {
			return i
		}
		p.between(from.date, to.date)
		return end
	}
	return i
}

// filterDay notes one day, or all days up to it.
func (p *parser) filterDay(k int) int {
	m, end := p.dateAt(k)
	if end == k || m.wait > 0 {
		return k
	}
	from, to := m.date, m.date
	if p.either(k-1, "by", "before", "until") {
		from = p.today
	}
	if p.is(k-1, "before") && p.today.before(to) {
		to = to.plus(-1)
	}
	if m.shape == byMonth { // in december
		to = to.lastOfMonth()
	}
	p.between(from, to)
	at := p.instant(dueTime{date: m.date})
	p.action.DueAt = &at
	return end
}

// stretchOfDays notes "this week", "today's", "the next 3 days".
func (p *parser) stretchOfDays(i int) int {
	k := p.skip(i, "in", "the")
	switch {
	case p.is(k, "today's"):
		p.between(p.today, p.today)
		return k + 1
	case p.is(k, "tomorrow's"):
		p.between(p.today.plus(1), p.today.plus(1))
		return k + 1
	case p.weekdayOf(k) != 0: // thursday's tasks
		d := p.today.plus(-1).next(p.weekdayOf(k))
		at := p.instant(dueTime{date: d})
		p.action.DueAt = &at
		p.between(d, d)
		return k + 1
	case !p.either(k, "this", "next", "coming"):
		return i
	}
	n := 0
	if p.is(k, "next") {
		n = 1
	}
	switch first := p.today.firstOfMonth().plusMonths(n); p.at(k + 1).unit {
	case week:
		p.between(p.today.monday().plus(7*n), p.today.monday().plus(7*n+6))
	case weekend:
		p.between(p.today.monday().plus(7*n+5), p.today.monday().plus(7*n+6))
	case month:
		p.between(first, first.lastOfMonth())
	case year:
		y := p.today.Year() + n
		p.between(newDate(y, 1, 1), newDate(y, 12, 31))
	default:
		d, end := p.duration(k + 1)
		if end == k+1 || d.minutes > 0 {
			return i
		}
		p.between(p.today, d.after(p.today))
		return end
	}
	return k + 2
}

// weekdayOf is the weekday of "thursday's".
func (p *parser) weekdayOf(i int) weekday {
	name, ok := strings.CutSuffix(p.at(i).text, "'s")
	if l := lexicon[name]; ok && l.form == plain {
		return l.weekday
	}
	return 0
}

// between bounds a query by two days, both included.
func (p *parser) between(from, to date) {
	a, b := from.at(0, 0, p.zone), to.plus(1).at(0, 0, p.zone)
	p.action.Command.From, p.action.Command.To = &a, &b
}
