package parse

import (
	"strings"
	"time"
)

// bound reads where a series begins and ends: starting monday, until june, for 6 weeks.
func (p *parser) bound(s *series, i int) int {
	switch p.at(i).text {
	case "starting", "starts", "start", "beginning", "begin", "from", "commencing":
		return p.begin(s, i)
	case "until", "till", "til", "through", "thru", "ending", "ends", "end", "to", "up":
		return p.last(s, i)
	case "for", "x":
		return p.repetitions(s, i)
	case "during", "throughout":
		return p.during(s, i)
	case "this", "next", "in":
		if s.rule.freq != yearly && s.rule.freq != monthly {
			return p.during(s, i)
		}
	case "forever", "indefinitely":
		return i + 1
	}
	n, ok := strings.CutPrefix(p.at(i).text, "x") // x10
	if figures := strings.Trim(n, "0123456789") == ""; ok && figures && s.rule.count == 0 && digits(n) > 0 && digits(n) <= most {
		s.rule.count = digits(n)
		return i + 1
	}
	if n, k := p.count(i); k > i && p.either(k, "times", "occurrences") && s.rule.count == 0 {
		s.rule.count = n
		return k + 1
	}
	return i
}

// during reads the week or the month in which a series takes place: every day next week.
func (p *parser) during(s *series, i int) int {
	k := i
	if p.either(i, "during", "throughout") {
		k++
	}
	if p.either(k, "the") {
		k++
	}
	if t := p.at(k); !p.is(i, "in") && t.month != 0 && p.closes(k+1) {
		return p.duringMonth(s, t.month, k+1)
	}
	if t := p.at(k + 1); p.is(i, "in") && t.month != 0 && (p.closes(k+2) || p.timedAt(k+2)) {
		return p.duringMonth(s, t.month, k+2)
	}
	n := 0
	if p.is(k, "next") {
		n = 1
	}
	if !p.either(k, "this", "next") || !s.rule.until.IsZero() {
		return i
	}
	var last date
	switch p.at(k + 1).unit {
	case week:
		s.start = p.today.monday().plus(7 * n)
		last = s.start.plus(6)
	case month:
		s.start = p.today.firstOfMonth().plusMonths(n)
		last = s.start.lastOfMonth()
	case year:
		s.start = newDate(p.today.Year()+n, time.January, 1)
		last = newDate(s.start.Year(), time.December, 31)
	default:
		return i
	}
	if s.hasStart = true; s.start.before(p.today) {
		s.start = p.today
	}
	s.rule.until = p.endOf(last)
	return k + 2
}

func (p *parser) duringMonth(s *series, m time.Month, end int) int {
	first := newDate(p.today.Year(), m, 1)
	if first.lastOfMonth().before(p.today) {
		first = newDate(first.Year()+1, m, 1)
	}
	if s.start, s.hasStart = first, true; first.before(p.today) {
		s.start = p.today
	}
	s.rule.until = p.endOf(first.lastOfMonth())
	return end
}

// endOf is the last second of a day.
func (p *parser) endOf(d date) time.Time { return d.at(23, 59, p.zone).Add(59 * time.Second) }

// begin reads the first day of a series, or its first time.
func (p *parser) begin(s *series, i int) int {
	k := i + 1
	if p.either(k, "on", "from", "at") {
		k++
	}
	from := p.is(i, "from")
	everyDay := s.rule.freq == daily && s.rule.interval <= 1
	if days, end := p.weekdays(k); from && everyDay && end > k && p.in(k+1, throughs) { // from monday to friday
		s.rule.freq, s.rule.byDay = weekly, days
		return end
	}
	m, end := p.dateAt(k)
	if end > k && m.wait == 0 && (!from || m.trust < within) {
		s.start, s.hasStart = m.date, true
		return end
	}
	c, end := p.clockAt(k, false)
	if end > k && !from && !s.hasClock {
		s.clock, s.hasClock = c, true
		return end
	}
	return i
}

// last reads the day that a series ends on.
func (p *parser) last(s *series, i int) int {
	k := i + 1
	if end := p.skip(k, "further", "notice"); end > k {
		return end
	}
	switch p.at(k).text {
	case "on", "by", "in", "until", "to", "at", "and":
		k++
	case "after": // ends after 10 times
		return p.repetitions(s, k)
	}
	m, end := p.dateAt(k)
	if end == k {
		if t := p.at(k); t.month != 0 && p.closes(k+1) {
			first := newDate(p.today.Year(), t.month, 1)
			if t.month <= p.today.Month() {
				first = newDate(p.today.Year()+1, t.month, 1)
			}
			m, end = mention{date: first, shape: byMonth, month: t.month}, k+1
		}
		if y := p.at(k); y.kind == number && len(y.text) == 4 && y.number > p.today.Year() && y.number < 2200 {
			m, end = mention{date: newDate(y.number, time.January, 1), shape: byMonth}, k+1
		}
	}
	if end == k || m.wait > 0 {
		return i
	}
	on := m.date
	if m.shape == byMonth && !p.either(i, "through", "thru") {
		on = on.plus(-1)
	} else if m.shape == byMonth {
		on = on.lastOfMonth()
	}
	s.rule.until = p.endOf(on)
	return end
}

// repetitions reads "for 10 times", "for the next 6 weeks".
func (p *parser) repetitions(s *series, i int) int {
	k := p.skip(i+1, "the")
	if p.either(k, "next", "first") {
		if u, end := p.unitAt(k + 1); end > k+1 && u >= day && u != weekend && p.closes(end) { // for the next month
			s.weeks = durationOf(1, u)
			return end
		}
		k++
	}
	if n, after := p.count(k); after > k {
		switch p.at(after).text {
		case "times", "occurrences", "repetitions", "sessions", "x":
			s.rule.count = n
			return after + 1
		}
	}
	d, end := p.duration(k)
	often := s.rule.freq == minutely || s.rule.freq == hourly
	if end == k || d.vague || d.minutes > 0 && !often || !p.closes(end) && !verbs.has(p.at(end).text) {
		return i
	}
	s.weeks = d
	return end
}

// limit turns "for 6 weeks" into a count where each unit has as many occurrences,
// else into a last day.
func (p *parser) limit(r *rule, d duration, first date) {
	one := r.interval <= 1
	switch {
	case d == duration{}:
	case r.freq == hourly:
		r.count = max(1, d.inMinutes()/60/max(1, r.interval))
	case r.freq == minutely:
		r.count = max(1, d.inMinutes()/max(1, r.interval))
	case one && r.freq == daily && d.days > 0 && len(r.byHour) < 2:
		r.count = d.days
	case one && r.freq == weekly && len(r.byDay) <= 1 && d.days > 0 && d.days%7 == 0:
		r.count = d.days / 7
	case one && r.freq == monthly && d.months > 0 && len(r.byMonthDay) <= 1:
		r.count = d.months
	case one && r.freq == yearly && d.months > 0 && d.months%12 == 0:
		r.count = d.months / 12
	default:
		r.until = p.endOf(d.after(first).plus(-1))
	}
}
