package parse

import (
	"slices"
	"time"
)

// series is a recurrence as it stands in the text.
type series struct {
	piece

	rule       rule
	completion bool
	known      bool // false: a recurrence, and it has to be asked which
	often      int  // "twice" a week, of which it may still be said when
	adjective  bool // "daily" before a noun
	clock      clock
	hasClock   bool
	start      date
	hasStart   bool
	weeks      duration // "for 3 weeks"
}

// seriesAt reads a recurrence with all that follows it: "every 2 weeks on mon and
// thu at 9 until june".
func (p *parser) seriesAt(i int) (series, bool) {
	if !p.begins(i) {
		return series{}, false
	}
	s := series{piece: piece{from: i, to: i, kind: KindRecurrence}, known: true}
	k, asked := i, p.action.Question
	switch p.at(k).text {
	case "repeat", "repeats", "repeating", "recurring", "recurs":
		k++
	}
	k = p.skip(k, ":")
	switch repeats := p.repeats(k + 1); p.at(k).text {
	case "on": // on every monday, and yet: turn the heating on every morning
		if day := p.at(k + 2); !repeats || day.weekday != 0 || day.ordinal != 0 {
			k++
		}
	case "is", "are":
		if p.is(k+1, "due") {
			k = p.skip(k+2, "on")
		}
	case "due":
		k = p.skip(k+1, "on")
	case "from": // from monday to friday at 9
		if p.at(k+1).weekday != 0 && p.in(k+2, throughs) {
			if _, after := p.weekdays(k + 1); p.timedAt(after) {
				k++
			}
		}
	case "by", "before", "at", "in": // by the 5th of every month, and yet: weigh in every day
		if !repeats {
			k++
		}
	}
	end := p.base(&s, k)
	if end == k || !p.ends(end) {
		return series{}, false
	}
	known := s.known
	s.to = p.modifiers(&s, end)
	said := max(len(s.rule.byDay), len(s.rule.byMonthDay), len(s.rule.byHour))
	if !known && said > 0 && said == s.often { // twice a week on mon and thu
		s.known = true
		p.action.Question = asked
	}
	if i == p.start && s.often > 0 && !p.closes(s.to) && !p.in(s.to, verbs) {
		return series{}, false // twice a day pill box
	}
	if i == p.start && p.either(s.to, "is", "was", "are", "were", "will", "has", "counts", "matters") {
		return series{}, false // every day is for the thief
	}
	if p.titled(i, s.to) && p.at(s.to).capital && !verbs.has(p.at(s.to).text) {
		return series{}, false // Every Day I Love You
	}
	if s.adjective && k == i && !p.plausibleAdverb(s) {
		return series{}, false
	}
	return s, true
}

// repeats says whether the word at i begins a recurrence by itself.
func (p *parser) repeats(i int) bool {
	switch p.at(i).text {
	case "every", "each", "ev", "everyday", "once", "twice":
		return true
	}
	_, end := p.adverbAt(i)
	return end > i
}

// adverbAt reads a frequency in one word, or in two: bi-weekly, half yearly.
func (p *parser) adverbAt(i int) (adverb, int) {
	t := p.at(i)
	if t.adverb.freq != "" {
		return t.adverb, i + 1
	}
	k := i + 1
	if p.is(k, "-") && p.at(k).glued {
		k++
	}
	switch a := p.at(k).adverb; t.text {
	case "bi":
		if full := lexicon["bi"+p.at(k).text].adverb; a.freq != "" && full.freq != "" {
			return full, k + 1
		}
	case "half", "semi":
		if a.freq == yearly {
			return adverb{freq: monthly, interval: 6}, k + 1
		}
	}
	return adverb{}, i
}

// base reads the recurrence itself.
func (p *parser) base(s *series, i int) int {
	t := p.at(i)
	switch t.text {
	case "every", "each", "ev":
		if p.is(i-1, "of") { // of every leap year: what it is of was not understood
			return i
		}
		k := i + 1
		if p.is(k, "!") && p.at(k).glued {
			s.completion, k = true, k+1
		}
		k = p.skip(k, "single")
		if end := p.every(s, k); end > k {
			return end
		}
		return i
	case "everyday":
		k := i + 1
		if p.at(k).kind == none || p.at(k).text == "at" || p.at(k).kind == punct || i > p.start && p.closes(k) {
			s.rule.freq = daily
			return k
		}
		return i
	case "once", "twice":
		return p.times(s, i)
	}
	if a, end := p.adverbAt(i); end > i {
		s.rule = rule{freq: a.freq, interval: a.interval}
		if t.text == "nightly" {
			s.clock, s.hasClock = partClock(night), true
		}
		if s.adjective = true; a.ask != "" && (p.closes(end) || end >= p.end) {
			p.ask(a.ask)
		}
		return end
	}
	if end := p.times(s, i); end > i {
		return end
	}
	if end := p.partsOfDay(s, i); end > i {
		return end
	}
	if end := p.ofEvery(s, i); end > i {
		return end
	}
	if end := p.afterDone(s, i); end > i {
		return end
	}
	return p.plurals(s, i)
}

// every reads what stands behind "every".
func (p *parser) every(s *series, i int) int {
	if end := p.everyUnit(s, i); end > i {
		return end
	}
	if end := p.everyDays(s, i); end > i {
		return end
	}
	if end := p.everyNth(s, i); end > i {
		return end
	}
	if end := p.everyDate(s, i); end > i {
		return end
	}
	if c, end := p.clockAt(i, false); end > i && !c.bare { // every 9am
		s.rule, s.clock, s.hasClock = rule{freq: daily}, c, true
		return p.moreTimes(s, end)
	}
	return p.everyNumber(s, i)
}

// everyNumber reads the days of the month in "every 15, 30".
func (p *parser) everyNumber(s *series, i int) int {
	const most = 31
	var days []int
	k, end := i, i
	for t := p.at(k); t.isNumber() && t.number >= 1 && t.number <= most && len(t.text) <= 2; t = p.at(k) {
		days, end = append(days, t.number), k+1
		if k = p.past(end, commas); k == end {
			break
		}
	}
	if len(days) == 0 || !p.closes(end) || !p.ends(end) {
		return i
	}
	slices.Sort(days)
	s.rule = rule{freq: monthly, byMonthDay: slices.Compact(days)}
	return end
}

// everyUnit reads "day", "2 weeks", "other month", "third day", "weekday", "morning".
func (p *parser) everyUnit(s *series, i int) int {
	if end := p.everyFew(s, i); end > i {
		return end
	}
	n, k, counted := p.everySo(i)
	if n == 0 {
		return i
	}
	if q := p.at(k); q.part != 0 && q.text != "eve" {
		s.rule = rule{freq: daily, interval: n}
		s.clock, s.hasClock = partClock(q.part), true
		return p.moreParts(s, k+1)
	}
	if end := p.everyHalf(s, k); end > k && !counted && n == 1 {
		return end
	}
	u, end := p.unitAt(k)
	switch {
	case end == k:
		return i
	case n == 1 && !counted && (u == month || u == quarter || u == year || u == week) && p.everyEnd(end) > end:
		s.rule = rule{}
		p.edgeOfEach(s, i, true, k)
		return p.everyEnd(end)
	case u == workday:
		if n != 1 {
			return i
		}
		s.rule = rule{freq: weekly, byDay: workdays}
	case u == weekend:
		s.rule = rule{freq: weekly, interval: n, byDay: saturdays}
	default:
		s.rule = unitRule(n, u)
		end = p.ofWhole(end)
		if h, after := p.minutesMore(end); u == hour && h > 0 && counted {
			s.rule, end = unitRule(60*n+h, minute), after
		}
	}
	return end
}

// everySo reads how many units lie between: "other", "third", "2"; nothing is one, and 0
// says that it is no number of units.
func (p *parser) everySo(i int) (n, after int, counted bool) {
	switch t := p.at(i); {
	case t.text == "other" || t.text == "alternate":
		return 2, i + 1, false
	case t.ordinal > 1 && t.weekday == 0:
		if _, end := p.unitAt(i + 1); end == i+1 || p.is(end, "of") {
			return 0, i, false
		}
		return t.ordinal, i + 1, false
	}
	if n, end := p.count(i); end > i {
		return n, p.skip(end, "-"), true
	}
	return 1, i, false
}

// everyFew reads "few days", "couple of weeks", "2-3 days": all but a couple have to be asked.
func (p *parser) everyFew(s *series, i int) int {
	n, k := 2, i+1
	switch {
	case p.either(i, "few", "couple", "several"):
		k = p.skip(k, "of")
	default:
		fewest, end := p.count(i)
		most, after := p.count(end + 1)
		if end == i || after == end+1 || most <= fewest || !p.either(end, "-", "to", "or") {
			return i
		}
		n, k = fewest, after
	}
	u, end := p.unitAt(k)
	if end == k || u == weekend {
		return i
	}
	s.rule = unitRule(n, u)
	if s.known = p.is(i, "couple"); !s.known {
		p.ask("How often exactly?")
	}
	return end
}

// partsOfDay reads "morning and night", with "every day" behind it or not.
func (p *parser) partsOfDay(s *series, i int) int {
	q := p.at(i)
	if q.part == 0 || q.text == "eve" || p.at(i+2).part == 0 || p.at(i-1).timely() || !p.in(i+1, commas) || p.named(i) {
		return i
	}
	s.rule = rule{freq: daily}
	s.clock = partClock(q.part)
	end := p.moreParts(s, i+1)
	switch {
	case len(s.rule.byHour) < 2:
	case p.is(end, "every", "day"):
		s.hasClock = true
		return end + 2
	case p.is(end, "daily") || p.is(end, "everyday"):
		s.hasClock = true
		return end + 1
	case p.closes(end) && !p.in(end, joints):
		s.hasClock = true
		return end
	}
	s.rule = rule{}
	return i
}

// moreParts reads the further parts of "every morning and evening".
func (p *parser) moreParts(s *series, i int) int {
	at := []int{s.clock.hour}
	for k := p.past(i, commas); k > i; k = p.past(i, commas) {
		k = p.skip(k, "every")
		q := p.at(k)
		if q.part == 0 || q.text == "eve" {
			break
		}
		at, i = append(at, hours[q.part]), k+1
	}
	if len(at) > 1 {
		slices.Sort(at)
		s.rule.byHour = slices.Compact(at)
	}
	return i
}

// everyHalf reads what stands behind "every": half hour, half an hour, half year.
func (p *parser) everyHalf(s *series, i int) int {
	if !p.either(i, "half", "quarter") {
		return i
	}
	k := i + 1
	if p.either(k, "an", "a") {
		k++
	}
	u, end := p.unitAt(k)
	switch {
	case end == k:
		return i
	case u == hour && p.is(i, "half"):
		s.rule = unitRule(30, minute)
	case u == hour:
		s.rule = unitRule(15, minute)
	case u == year && p.is(i, "half"):
		s.rule = unitRule(6, month)
	default:
		return i
	}
	return end
}

// everyEnd is the position behind the "end" of "every month end".
func (p *parser) everyEnd(i int) int {
	k := i
	if p.is(k, "-") && p.at(k).glued {
		k++
	}
	if p.is(k, "end") && p.closes(k+1) {
		return k + 1
	}
	return i
}

// wholes say no more than the unit before them: every day of the week.
var wholes = phrases(`of the week, of the month, of the year, on the hour, of my life, without fail`)

func (p *parser) ofWhole(i int) int { return p.oneOf(i, wholes) }

// unitRule repeats every n units.
func unitRule(n int, u unit) rule {
	switch u {
	case minute:
		return rule{freq: minutely, interval: n}
	case hour:
		return rule{freq: hourly, interval: n}
	case week:
		return rule{freq: weekly, interval: n}
	case fortnight:
		return rule{freq: weekly, interval: 2 * n}
	case month:
		return rule{freq: monthly, interval: n}
	case quarter:
		return rule{freq: monthly, interval: 3 * n}
	case year:
		return rule{freq: yearly, interval: n}
	case workday:
		return rule{freq: weekly, byDay: workdays}
	default:
		return rule{freq: daily, interval: n}
	}
}

// everyDate reads "march 3", "3rd of march", "june", "christmas".
func (p *parser) everyDate(s *series, i int) int {
	for _, form := range [...]func(*parser, int) (mention, int){
		(*parser).monthDay, (*parser).dayMonth, (*parser).holiday, (*parser).slashes,
	} {
		if m, end := form(p, i); end > i && !m.fixed && m.ask == "" {
			s.rule = rule{freq: yearly}
			if !s.rule.refine(m) {
				return i
			}
			return p.moreDates(s, m, form, end)
		}
	}
	if t := p.at(i); t.month != 0 {
		s.rule = rule{freq: yearly, byMonth: []time.Month{t.month}, byMonthDay: []int{1}}
		return p.moreMonths(s, i+1)
	}
	return i
}

// moreDates reads the further dates of "every june 1st and december 1st". A rule holds
// them only if they are on the same day of their months.
func (p *parser) moreDates(s *series, first mention, form func(*parser, int) (mention, int), i int) int {
	if first.shape != byYearDay {
		return i
	}
	for k := p.past(i, commas); k > i; k = p.past(i, commas) {
		m, end := form(p, p.skip(k, "every"))
		if end <= k || m.shape != byYearDay || m.fixed {
			break
		}
		if m.nth != first.nth {
			p.ask("One task repeats on the same day of each month. Which of these dates is it?")
		} else {
			s.rule.byMonth = append(s.rule.byMonth, m.month)
		}
		i = end
	}
	slices.Sort(s.rule.byMonth)
	s.rule.byMonth = slices.Compact(s.rule.byMonth)
	return i
}

// moreMonths reads the further months of "every january and july".
func (p *parser) moreMonths(s *series, i int) int {
	for k := p.past(i, commas); k > i; k = p.past(i, commas) {
		t := p.at(k)
		if _, dated := p.monthDay(k); t.month == 0 || dated > k {
			break
		}
		s.rule.byMonth, i = append(s.rule.byMonth, t.month), k+1
	}
	slices.Sort(s.rule.byMonth)
	s.rule.byMonth = slices.Compact(s.rule.byMonth)
	return i
}

// times reads "once a week", "twice a month", "3 times per day".
func (p *parser) times(s *series, i int) int {
	if p.is(i, "once", "every") {
		return p.base(s, i+1)
	}
	n, k := p.howOften(i)
	if k == i {
		return i
	}
	end := k + 1
	if u, after := p.unitAt(end); p.either(k, "a", "an", "per", "each", "every") && after > end && u != weekend && u != minute {
		s.rule, end = unitRule(1, u), after
	} else if u, after := p.unitAt(k + 1); p.is(k, "/") && p.at(k).glued && after > k+1 && len(p.at(k+1).text) > 1 { // 3x/week
		s.rule, end = unitRule(1, u), after
	} else if a, after := p.adverbAt(k); after > k {
		s.rule, end = rule{freq: a.freq, interval: a.interval}, after
	} else {
		return i
	}
	s.often = n
	if s.known = n == 1; !s.known {
		question := map[string]string{weekly: "On which days of the week?", daily: "At what times?", hourly: "At what times?"}[s.rule.freq]
		if question == "" {
			question = "On which days?"
		}
		p.ask(question)
	}
	return end
}

// howOften reads "once", "twice", "3 times".
func (p *parser) howOften(i int) (n, after int) {
	switch {
	case p.is(i, "once"):
		return 1, i + 1
	case p.is(i, "twice"):
		return 2, i + 1
	}
	if n, k := p.count(i); k > i && p.either(k, "times", "time", "x") {
		return n, k + 1
	}
	return 0, i
}

// afterDone reads "3 days after I finish it", which needs no "every".
func (p *parser) afterDone(s *series, i int) int {
	d, k := p.duration(i)
	if k == i {
		return i
	}
	end := p.completion(k)
	if end == k || d.workdays {
		return i
	}
	s.completion = true
	switch {
	case d.minutes > 0:
		s.rule = rule{freq: minutely, interval: d.minutes}
		if d.minutes%60 == 0 {
			s.rule = rule{freq: hourly, interval: d.minutes / 60}
		}
	case d.months > 0 && d.months%12 == 0:
		s.rule = rule{freq: yearly, interval: d.months / 12}
	case d.months > 0:
		s.rule = rule{freq: monthly, interval: d.months}
	case d.days%7 == 0:
		s.rule = rule{freq: weekly, interval: d.days / 7}
	default:
		s.rule = rule{freq: daily, interval: d.days}
	}
	return end
}

// doers stand between "after" and "finished": after I have, after it's been.
var doers = setOf(`the last each every its my previous when i i've it it's is was have has been i'm being get gets one time`)

// completion reads "after I finish it", "after completion", "from when it is done".
func (p *parser) completion(i int) int {
	k := i
	switch p.at(i).text {
	case "after", "from", "since", "once", "when":
		k++
	default:
		return i
	}
	k = p.past(k, doers)
	if p.is(k-1, "i") && p.either(k+1, "it", "them") { // after I water them
		return k + 2
	}
	switch p.at(k).text {
	case "finish", "finished", "finishing", "complete", "completed", "completing", "completion", "done", "doing", "do", "did":
	default:
		return i
	}
	k++
	switch p.at(k).text {
	case "it", "this", "that", "them", "with":
		k = p.skip(k+1, "it")
	}
	if p.is(k, "the", "task") {
		k += 2
	}
	return k
}

// plausibleAdverb judges "daily" and its like, which are adjectives as well.
func (p *parser) plausibleAdverb(s series) bool {
	i := s.from
	before := p.at(i - 1)
	if i == p.start {
		return s.to > i+1 || p.is(i+1, ":") || p.soonest && p.in(i+1, subjectWords) // remind me daily to
	}
	name := before.capital && p.named(i) && (i-1 > p.start || s.to >= p.end) // New York Daily
	return !articles.has(before.text) && !name && (s.to > i+1 || p.closes(s.to))
}
