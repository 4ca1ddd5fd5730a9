package parse

import "time"

// bound reads where a series begins and ends: starting monday, until june, for 6 weeks.
func (p *parser) bound(s *series, i int) int {
	switch p.at(i).text {
	case "starting", "starts", "start", "beginning", "begin", "from", "commencing":
		return p.begin(s, i)
	case "until", "till", "til", "through", "thru", "ending", "ends", "end", "to", "up":
		return p.last(s, i)
	case "for", "x":
		return p.repetitions(s, i)
	}
	if n, k := p.count(i); k > i && p.either(k, "times", "occurrences") && s.rule.count == 0 {
		s.rule.count = n
		return k + 1
	}
	return i
}

// begin reads the first day of a series, or its first time.
func (p *parser) begin(s *series, i int) int {
	k := i + 1
	if p.either(k, "on", "from", "at") {
		k++
	}
	from := p.is(i, "from")
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
	switch p.at(k).text {
	case "on", "by", "in", "until", "to", "at":
		k++
	case "after": // ends after 10 times
		return p.repetitions(s, k)
	}
	m, end := p.dateAt(k)
	if end == k {
		if t := p.at(k); t.month != 0 && p.closes(k+1) {
			m, end = p.monthAlone(k)
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
	s.rule.until = on.at(23, 59, p.zone).Add(59 * time.Second)
	return end
}

// repetitions reads "for 10 times", "for the next 6 weeks".
func (p *parser) repetitions(s *series, i int) int {
	k := p.skip(i+1, "the")
	if p.either(k, "next", "first") {
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
	if end == k || d.vague || d.minutes > 0 || !p.closes(end) && !verbs.has(p.at(end).text) {
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
		r.until = d.after(first).plus(-1).at(23, 59, p.zone).Add(59 * time.Second)
	}
}
