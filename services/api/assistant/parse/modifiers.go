package parse

import "slices"

// modifiers reads what follows a recurrence directly: days, a time, bounds.
func (p *parser) modifiers(s *series, i int) int {
	for k := i; ; {
		j := k
		if p.is(j, ",") || p.is(j, "-") && !p.at(j).glued {
			j++
		}
		if end := p.lasting(k); s.hasClock && end > k {
			k = end
			continue
		}
		end := p.modifier(s, j)
		if end == j || !p.ends(end) {
			return k
		}
		k = end
	}
}

func (p *parser) modifier(s *series, i int) int {
	if end := p.bound(s, i); end > i {
		return end
	}
	if end := p.completes(s, i); end > i {
		return end
	}
	if end := p.except(s, i); end > i {
		return end
	}
	if end := p.andEvery(s, i); end > i {
		return end
	}
	if a, end := p.adverbAt(i); end > i && a.freq == s.rule.freq && a.interval == 1 { // every friday weekly
		return end
	}
	if end := p.onDays(s, i); end > i {
		return end
	}
	if end := p.within(s, i); end > i {
		return end
	}
	return p.atTime(s, i)
}

// completes reads "after I finish it" behind a recurrence.
func (p *parser) completes(s *series, i int) int {
	end := p.completion(i)
	if end > i {
		s.completion = true
	}
	return end
}

// onDays reads "on mon and thu", "on the 15th", "in march".
func (p *parser) onDays(s *series, i int) int {
	k := i
	switch p.at(i).text {
	case "on", "in", "at", "by", "before":
		k++
	}
	if s.rule.freq == weekly && len(s.rule.byDay) == 0 {
		j := k
		if p.either(k, "every", "each") {
			j++
		}
		if days, end := p.weekdays(j); end > j && (j > i || p.at(i).weekday != 0) {
			s.rule.byDay = days
			return end
		}
	}
	if s.rule.freq == daily && s.rule.interval <= 1 && len(s.rule.byDay) == 0 && p.is(i, "on") {
		if days, end := p.weekdays(k); end > k { // every 2 hours from 9 to 5 on weekdays
			s.rule.freq, s.rule.byDay = weekly, days
			return end
		}
	}
	if k == i {
		return i
	}
	if s.rule.freq == monthly && len(s.rule.byMonthDay) == 0 && len(s.rule.byDay) == 0 {
		var on series
		if end := p.nth(&on, p.skip(k, "the")); end > k && on.rule.freq == monthly {
			on.rule.interval = s.rule.interval
			s.rule = on.rule
			return end
		}
	}
	if m, end := p.dateAt(k); end > k && m.wait == 0 && s.rule.refine(m) {
		return end
	}
	return i
}

// atTime reads the time of the day.
func (p *parser) atTime(s *series, i int) int {
	if s.hasClock && s.clock.part == 0 {
		return i
	}
	c, k := p.connectorAt(i)
	loose := c == firmly && !p.either(i, "on", "from", "between")
	if q, end := p.partAt(i); end > i && !s.hasClock {
		s.clock, s.hasClock = partClock(q), true
		return end
	}
	t, end := p.clockAt(k, loose)
	if end == k && c == bare { // mondays 0900
		if t, end = p.timeBehind(k); t.bare && len(s.rule.byDay) == 0 {
			return i
		}
	} else if t.bare && !loose {
		return i
	}
	if end == k {
		return i
	}
	if s.hasClock { // every morning at 6
		t.part = s.clock.part
	}
	if q, after := p.partAt(end); after > end {
		t.part, end = q, after
	}
	s.clock, s.hasClock = p.halved(t), true
	return p.moreTimes(s, end)
}

// moreTimes reads the further times of "at 9am and 5pm".
func (p *parser) moreTimes(s *series, i int) int {
	const most = 24
	hours := []int{s.clock.resolve()}
	k := i
	for len(hours) < most {
		j := p.past(k, commas)
		if j == k {
			break
		}
		t, end := p.clockAt(p.skip(j, "at"), true)
		if end <= j || t.bare && !s.clock.bare || !p.closes(end) {
			break
		}
		if t.minute != s.clock.minute { // no rule says 8:00 and 17:30 and nothing else
			p.ask("One task repeats at the same minute of each hour. At which of these times is it?")
			k = end
			continue
		}
		hours, k = append(hours, t.resolve()), end
	}
	if len(hours) > 1 {
		slices.Sort(hours)
		s.rule.byHour, s.rule.byMinute = slices.Compact(hours), s.clock.minute
	}
	return k
}

// exceptions lead to the days that are left out.
var exceptions = phrases(`except for, except on, except, excluding, but not, but, apart from, other than, not, skip, skipping, no, minus`)

// except reads "every day except sunday".
func (p *parser) except(s *series, i int) int {
	k := p.oneOf(i, exceptions)
	if k == i {
		return i
	}
	k = p.skip(p.skip(k, "on"), "the")
	out, end := p.weekdays(k)
	if p.either(k, "weekends", "weekend") {
		out, end = saturdays, k+1
	}
	in := s.rule.byDay
	if end == k && p.either(i, "except", "excluding") {
		if _, after := p.dateAt(k); after > k {
			p.ask("I can leave out days of the week, not single dates. Is every one of them all right?")
			return after
		}
	}
	if s.rule.freq == daily && s.rule.interval <= 1 {
		in = []weekday{1, 2, 3, 4, 5, 6, 7}
	}
	left := slices.DeleteFunc(slices.Clone(in), func(d weekday) bool { return slices.Contains(out, d) })
	if end == k || len(left) == 0 || len(s.rule.nths) > 0 {
		return i
	}
	s.rule.freq, s.rule.byDay = weekly, left
	return end
}

// andEvery reads the further days of "every monday and every thursday". What has a
// time of its own is a second rule, which one task cannot hold.
func (p *parser) andEvery(s *series, i int) int {
	k := p.past(i, commas)
	if !p.either(k, "every", "each") || k == i && !p.is(i-1, ",") || s.rule.freq != weekly || len(s.rule.byDay) == 0 {
		return i
	}
	days, end := p.weekdays(k + 1)
	if end == k+1 || s.hasClock && p.timedAt(end) {
		return i
	}
	s.rule.byDay = append(s.rule.byDay, days...)
	slices.Sort(s.rule.byDay)
	s.rule.byDay = slices.Compact(s.rule.byDay)
	return end
}

// within reads the hours of the day in which an hourly series repeats: "every 2 hours
// between 9am and 5pm" is a daily series of those hours.
func (p *parser) within(s *series, i int) int {
	if s.rule.freq != hourly || s.hasClock || !p.either(i, "between", "from") {
		return i
	}
	from, k := p.digital(i+1, true)
	if k == i+1 || !p.either(k, "and", "to", "until", "-") {
		return i
	}
	to, end := p.clockAt(k+1, true)
	if end == k+1 {
		return i
	}
	step := max(1, s.rule.interval)
	for h := from.resolve(); h <= to.resolve(); h += step {
		s.rule.byHour = append(s.rule.byHour, h)
	}
	s.rule.freq, s.rule.interval, s.rule.byMinute = daily, 1, from.minute
	s.clock, s.hasClock = from, true
	return end
}
