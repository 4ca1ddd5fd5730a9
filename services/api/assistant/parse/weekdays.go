package parse

import (
	"slices"
	"strings"
)

var (
	// commas stand between the members of a list.
	commas = setOf(`, and & / + or`)
	// throughs stand between the ends of a stretch.
	throughs  = setOf(`- – to through thru till until`)
	saturdays = []weekday{6, 7} // the weekend
)

// everyDays reads "monday", "mon, wed and fri", "other tuesday", "mon-fri".
func (p *parser) everyDays(s *series, i int) int {
	k, interval := i, 1
	if p.either(i, "other", "alternate") {
		k, interval = i+1, 2
	}
	days, end := p.weekdays(k)
	if end == k {
		return i
	}
	s.rule = rule{freq: weekly, interval: interval, byDay: days}
	return end
}

// weekdays reads one or more weekdays and stretches of them, and sorts them.
func (p *parser) weekdays(i int) (days []weekday, after int) {
	const most = 14 // each of them twice
	if p.either(i, "weekday", "weekdays") {
		return slices.Clone(workdays), i + 1
	}
	after = i
	for k := i; len(days) < most && p.at(k).weekday != 0; {
		day := p.at(k).weekday
		days, after = append(days, day), k+1
		if p.is(after, ".") && p.at(after).glued && len(p.at(k).text) <= 4 && p.at(after+1).kind != none { // Mon.
			after++
		}
		if last := p.at(after + 1).weekday; last != 0 && p.in(after, throughs) {
			for ; day != last; days = append(days, day) {
				day = day%7 + 1
			}
			after += 2
		}
		if k = p.past(after, commas); k == after && p.at(k).form == plural {
			break
		}
	}
	slices.Sort(days)
	return slices.Compact(days), after
}

// plurals reads what repeats without "every": mondays and thursdays, weekdays, mon-fri.
func (p *parser) plurals(s *series, i int) int {
	if end := p.workdaysAt(s, i); end > i {
		return end
	}
	days, end := p.weekdays(i)
	if p.at(i).weekday == 0 || p.alone(i, end) { // Tuesdays with Morrie
		return i
	}
	repeats := len(days) >= 3 && p.closes(end) || p.in(i+1, throughs) && (p.closes(end) || p.in(end, verbs))
	for k := i; k < end; k++ {
		repeats = repeats || p.at(k).form == plural
	}
	if q := p.at(end); q.part != 0 && strings.HasSuffix(q.text, "s") { // sunday mornings
		s.clock, s.hasClock = partClock(q.part), true
		end++
		repeats = true
	}
	if !repeats || !p.is(i-1, "on") && !p.stands(i, end) {
		return i
	}
	s.rule = rule{freq: weekly, byDay: days}
	return end
}

// stands says whether weekdays between the tokens stand for themselves, unlike in
// "TGI Fridays menu".
func (p *parser) stands(i, end int) bool {
	_, timed := p.clockAt(end, false)
	free := p.closes(end) || timed > end
	if i == p.start {
		return free || p.in(end, verbs) || p.event(end)
	}
	return free && !p.in(i-1, names) && !p.in(i-1, articles) && !p.named(i-1)
}

// workdaysAt reads "weekdays", "on weekends", "weekday mornings".
func (p *parser) workdaysAt(s *series, i int) int {
	days := workdays
	if p.at(i).unit == weekend {
		days = saturdays
	}
	switch q := p.at(i + 1); {
	case p.either(i, "weekdays", "workdays", "weekends"):
		if !p.is(i-1, "on") && i > p.start && !p.closes(i+1) || p.is(i-1, "the") {
			return i
		}
		s.rule = rule{freq: weekly, byDay: days}
		return i + 1
	case p.either(i, "weekday", "weekend") && q.part != 0 && strings.HasSuffix(q.text, "s"):
		s.rule = rule{freq: weekly, byDay: days}
		s.clock, s.hasClock = partClock(q.part), true
		return i + 2
	}
	return i
}
