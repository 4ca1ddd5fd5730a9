package parse

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
	if p.either(k, "tagged", "tag") && p.at(k+1).kind == word && k+1 < b {
		p.tag(p.text[p.at(k+1).start:p.at(k+1).end])
		return k + 2
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
	if end := p.stretchOfDays(k); end > k {
		return end
	}
	return p.filterDay(k)
}

// filterDay notes one day, or all days up to it.
func (p *parser) filterDay(k int) int {
	m, end := p.dateAt(k)
	if end == k || m.wait > 0 {
		return k
	}
	from := m.date
	if p.either(k-1, "by", "before", "until") {
		from = p.today
	}
	p.between(from, m.date)
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

// between bounds a query by two days, both included.
func (p *parser) between(from, to date) {
	a, b := from.at(0, 0, p.zone), to.plus(1).at(0, 0, p.zone)
	p.action.Command.From, p.action.Command.To = &a, &b
}
