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
	if end := p.workdayWord(i); end > i {
		return slices.Clone(workdays), end
	}
	if days, end := p.initials(i); end > i {
		return days, end
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
		first := k
		if k = p.past(after, commas); k == after && p.at(k).form == plural && p.at(first).form != plural {
			break
		}
	}
	slices.Sort(days)
	return slices.Compact(days), after
}

// workdayWord is the position behind a word for Monday to Friday.
func (p *parser) workdayWord(i int) int {
	if p.either(i, "weekday", "weekdays") {
		return i + 1
	}
	return p.oneOf(i, workdayWords)
}

var workdayWords = phrases(`week days, business days, working days, work days`)

var (
	// letters stand for weekdays in lists of them: M/W/F.
	letters = map[string]weekday{
		"m": 1, "mo": 1, "t": 2, "tu": 2, "w": 3, "we": 3, "th": 4, "r": 4, "f": 5, "fr": 5, "sa": 6, "s": 6, "su": 7, "u": 7,
	}
	// runs are such lists in one word.
	runs = map[string][]weekday{
		"mwf": {1, 3, 5}, "tth": {2, 4}, "tuth": {2, 4}, "mtwthf": {1, 2, 3, 4, 5}, "mtwtf": {1, 2, 3, 4, 5}, "mtwrf": {1, 2, 3, 4, 5},
		"mtwth": {1, 2, 3, 4}, "mtth": {1, 2, 4}, "mwth": {1, 3, 4},
	}
	// pairs of letters that are nothing else; M/F and T/F are.
	pairs = map[string]bool{"t/th": true, "tu/th": true, "m/w": true, "w/f": true, "m/th": true, "t/f": false, "sa/su": true, "tu/f": true}
)

// initials reads M/W/F, T/Th, MWF and M-F.
func (p *parser) initials(i int) (days []weekday, after int) {
	t := p.at(i)
	if days := runs[t.text]; t.kind == word && days != nil {
		return slices.Clone(days), i + 1
	}
	if letters[t.text] == 0 || t.kind != word {
		return nil, i
	}
	after = i + 1
	days = append(days, letters[t.text])
	sep := p.at(after).text
	if sep == "-" && p.is(after+1, "f") && p.is(i, "m") && p.at(after).glued && p.at(after+1).glued {
		return slices.Clone(workdays), i + 3
	}
	if sep != "/" && sep != "," {
		return nil, i
	}
	for p.is(after, sep) && p.at(after).glued && letters[p.at(after+1).text] > days[len(days)-1] {
		days, after = append(days, letters[p.at(after+1).text]), after+2
	}
	if len(days) < 2 || len(days) == 2 && !pairs[t.text+sep+p.at(i+2).text] {
		return nil, i
	}
	return days, after
}

// plurals reads what repeats without "every": mondays and thursdays, weekdays, mon-fri.
func (p *parser) plurals(s *series, i int) int {
	if end := p.workdaysAt(s, i); end > i {
		return end
	}
	k, interval := i, 0
	if p.either(i, "alternate", "alternating") {
		if interval, k = 2, i+1; p.either(k, "days", "day") && !p.in(i-1, articles) {
			s.rule = rule{freq: daily, interval: 2}
			return k + 1
		}
	}
	days, end := p.weekdays(k)
	if end == k || p.alone(i, end) || i == p.start+1 && p.in(p.start, verbs) && p.in(end, joints) && p.named(end+1) { // Tuesdays with Morrie
		return i
	}
	repeats := p.repeated(k, end, days)
	strong := repeats
	for j := k; j < end; j++ {
		repeats = repeats || p.at(j).form == plural
	}
	if q := p.at(end); q.part != 0 && strings.HasSuffix(q.text, "s") { // sunday mornings
		s.clock, s.hasClock = partClock(q.part), true
		end++
		repeats = true
	}
	if !repeats || !p.is(i-1, "on") && !p.stands(i, end, strong) {
		return i
	}
	s.rule = rule{freq: weekly, interval: interval, byDay: days}
	return end
}

// repeated says whether days that no ending marks are more than one week's: three of
// them, a stretch, and two where they are abbreviated or have a time: tue/thu, mon and wed at 5.
func (p *parser) repeated(i, end int, days []weekday) bool {
	free := p.closes(end) || p.in(end, verbs) || p.timedAt(end)
	switch {
	case !free || len(days) < 2:
		return false
	case letters[p.at(i).text] != 0 || runs[p.at(i).text] != nil:
		return true
	case p.in(i+1, throughs):
		return p.at(i+2).weekday != 0 && (p.timedAt(end) || days[0] == 1 && !p.is(i-1, "from")) // friday to sunday is a trip
	case len(days) >= 3:
		return true
	case p.mentions(i, end, alternatives), end >= p.end && p.at(i-1).kind == none:
		return false
	}
	return p.timedAt(end) || p.is(i+1, "/") || len(p.at(i).text) <= len("thurs")
}

var alternatives = setOf(`or`)

// timedAt says whether a time of the day stands at i.
func (p *parser) timedAt(i int) bool {
	c, k := p.connectorAt(i)
	_, end := p.clockAt(k, c == firmly && !p.is(i, "on"))
	if end == k && c == bare {
		_, end = p.timeBehind(k)
	}
	return end > k
}

// stands says whether weekdays between the tokens stand for themselves, unlike in
// "TGI Fridays menu"; strong says that they are a list, which no name is.
func (p *parser) stands(i, end int, strong bool) bool {
	free := p.closes(end) || p.timedAt(end)
	if i == p.start {
		return free || p.in(end, verbs) || p.event(end)
	}
	return free && !p.in(i-1, articles) && (strong || !p.in(i-1, names) && !p.named(i-1))
}

// workdaysAt reads "weekdays", "on weekends", "weekday mornings".
func (p *parser) workdaysAt(s *series, i int) int {
	k := i
	if p.is(i, "all") {
		k++
	}
	days := workdays
	if p.at(k).unit == weekend {
		days = saturdays
	}
	end := max(p.oneOf(k, workdayWords), p.oneOf(k, dayPlurals))
	switch q := p.at(k + 1); {
	case p.is(k, "weeknights") || end > k:
		if end == k {
			s.clock, s.hasClock = partClock(night), true
			end++
		}
		if !p.is(i-1, "on") && i > p.start && !p.closes(end) && !p.timedAt(end) || p.is(i-1, "the") {
			s.hasClock = false
			return i
		}
		s.rule = rule{freq: weekly, byDay: days}
		return end
	case p.either(k, "weekday", "weekend") && q.part != 0 && strings.HasSuffix(q.text, "s"):
		s.rule = rule{freq: weekly, byDay: days}
		s.clock, s.hasClock = partClock(q.part), true
		return k + 2
	}
	return i
}

var dayPlurals = phrases(`weekdays, workdays, weekends`)
