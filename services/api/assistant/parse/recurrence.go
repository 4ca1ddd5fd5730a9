package parse

import (
	"slices"
	"strings"
	"time"
)

// series is a recurrence as it stands in the text.
type series struct {
	piece

	rule       rule
	completion bool
	known      bool // false: a recurrence, and it has to be asked which
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
	k := i
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
	case "by", "before", "at", "in": // by the 5th of every month, and yet: weigh in every day
		if !repeats {
			k++
		}
	}
	end := p.base(&s, k)
	if end == k || !p.ends(end) {
		return series{}, false
	}
	s.to = p.modifiers(&s, end)
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
	return p.at(i).adverb.freq != ""
}

// base reads the recurrence itself.
func (p *parser) base(s *series, i int) int {
	t := p.at(i)
	switch t.text {
	case "every", "each", "ev":
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
	case "bimonthly":
		if p.closes(i + 1) {
			s.rule, s.known = rule{freq: monthly, interval: 2}, true
			p.ask("Every two months, or twice a month?")
			return i + 1
		}
	}
	if t.adverb.freq != "" {
		s.rule = rule{freq: t.adverb.freq, interval: t.adverb.interval}
		if t.text == "nightly" {
			s.clock, s.hasClock = partClock(night), true
		}
		s.adjective = true
		return i + 1
	}
	if end := p.times(s, i); end > i {
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
	return p.everyDate(s, i)
}

// everyUnit reads "day", "2 weeks", "other month", "third day", "weekday", "morning".
func (p *parser) everyUnit(s *series, i int) int {
	n, k := 1, i
	counted := false
	switch t := p.at(i); {
	case t.text == "other" || t.text == "alternate":
		n, k = 2, i+1
	case t.text == "few" || t.text == "couple" || t.text == "several":
		k = p.skip(i+1, "of")
		if u, end := p.unitAt(k); end > k && u != weekend {
			s.known = t.text == "couple"
			s.rule = unitRule(2, u)
			if !s.known {
				p.ask("How often exactly?")
			}
			return end
		}
		return i
	case t.ordinal > 1 && t.weekday == 0:
		if _, end := p.unitAt(i + 1); end == i+1 || p.is(end, "of") {
			return i
		}
		n, k = t.ordinal, i+1
	default:
		if c, end := p.count(i); end > i {
			n, k, counted = c, end, true
			k = p.skip(k, "-")
		}
	}
	if q := p.at(k); q.part != 0 && k == i && q.text != "eve" {
		s.rule.freq = daily
		s.clock, s.hasClock = partClock(q.part), true
		return k + 1
	}
	u, end := p.unitAt(k)
	switch {
	case end == k || n == 0:
		return i
	case u == workday:
		if n != 1 {
			return i
		}
		s.rule = rule{freq: weekly, byDay: workdays}
	case u == weekend:
		s.rule = rule{freq: weekly, interval: n, byDay: []weekday{6, 7}}
	default:
		s.rule = unitRule(n, u)
		if h, after := p.minutesMore(end); u == hour && h > 0 && counted {
			s.rule, end = unitRule(60*n+h, minute), after
		}
	}
	if u == day && k == i && p.at(end).kind == word && p.is(end, "but") {
		return i
	}
	return end
}

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
	}
	return rule{freq: daily, interval: n}
}

// everyDays reads "monday", "mon, wed and fri", "other tuesday", "mon-fri".
func (p *parser) everyDays(s *series, i int) int {
	k, interval := i, 1
	if p.is(i, "other") || p.is(i, "alternate") {
		k, interval = i+1, 2
	}
	days, end := p.weekdays(k)
	if end == k {
		return i
	}
	s.rule = rule{freq: weekly, interval: interval, byDay: days}
	return end
}

// weekdays reads one or more weekdays and stretches of them, in their order.
func (p *parser) weekdays(i int) (days []weekday, after int) {
	k := i
	const most = 14 // each of them twice
	for len(days) < most {
		t := p.at(k)
		if t.weekday == 0 {
			if (t.text == "weekday" || t.text == "weekdays") && len(days) == 0 {
				return slices.Clone(workdays), k + 1
			}
			break
		}
		days = append(days, t.weekday)
		after = k + 1
		if p.is(after, ".") && p.at(after).glued && len(t.text) <= 4 && p.at(after+1).kind != none {
			after++
		}
		if last, end := p.stretch(after); end > after {
			for d := t.weekday; d != last; {
				d = d%7 + 1
				days = append(days, d)
			}
			after = end
		}
		k = after
		for p.is(k, ",") || p.is(k, "and") || p.is(k, "&") || p.is(k, "/") || p.is(k, "+") || p.is(k, "or") {
			k++
		}
		if k == after && !(p.at(k).weekday != 0 && p.at(k).form != plural) {
			break
		}
	}
	if len(days) == 0 {
		return nil, i
	}
	slices.Sort(days)
	return slices.Compact(days), after
}

// stretch reads the end of "mon-fri", "monday through friday".
func (p *parser) stretch(i int) (last weekday, after int) {
	switch p.at(i).text {
	case "-", "–", "to", "through", "thru", "till", "until":
		if t := p.at(i + 1); t.weekday != 0 {
			return t.weekday, i + 2
		}
	}
	return 0, i
}

// everyNth is nth where "second friday" may also be every other one.
func (p *parser) everyNth(s *series, i int) int {
	end := p.nth(s, i)
	if r := s.rule; end > i && len(r.nths) == 1 && r.nths[0] == 2 && r.freq == monthly && p.at(end-1).weekday != 0 {
		name := time.Weekday(r.byDay[0] % 7).String()
		p.ask("Every other " + name + ", or the second " + name + " of each month?")
		if p.at(end-2).kind == word {
			s.rule = rule{freq: weekly, interval: 2, byDay: r.byDay}
		}
	}
	return end
}

// nth reads "first monday of the month", "last day", "3rd friday", "15th and 30th".
func (p *parser) nth(s *series, i int) int {
	k := p.skip(i, "month", "on", "the")
	k = p.skip(k, "the")
	n, after := p.ordinalAt(k)
	if n == 0 {
		return i
	}
	nths, last := p.nths(k)
	if t := p.at(last); t.weekday != 0 && len(nths) > 0 {
		r := rule{freq: monthly, byDay: []weekday{t.weekday}, nths: nths}
		end, month := p.ofMonth(last + 1)
		if month == 0 && end == last+1 && p.is(end, "of") {
			return i
		}
		if month != 0 {
			r.freq, r.byMonth = yearly, month
		}
		s.rule = r
		return end
	}
	if u, end := p.unitAt(after); end > after {
		last, month := p.ofMonth(end)
		if u == day && (p.is(end, "of", "the", "year") || p.is(end, "of", "every", "year") || p.is(end, "of", "each", "year")) {
			last, month = end+3, time.January
			if n < 0 {
				month, n = time.December, 31
			}
		}
		if last == end && p.is(end, "of") {
			return i
		}
		switch {
		case u == workday:
			s.rule = rule{freq: monthly, byDay: workdays, bySetPos: n}
		case u == day && (last > end || n == -1):
			s.rule = rule{freq: monthly, byMonthDay: []int{n}}
		default:
			return i
		}
		if month != 0 {
			s.rule.freq, s.rule.byMonth = yearly, month
		}
		return last
	}
	if n < 0 || p.at(after).kind == word && p.at(after).month == 0 && !p.closes(after) && p.at(k).kind == word {
		return i
	}
	days, end := p.monthDays(k)
	if end == k || p.at(end).month != 0 {
		return i
	}
	last, month := p.ofMonth(end)
	s.rule = rule{freq: monthly, byMonthDay: days}
	if month != 0 {
		s.rule.freq, s.rule.byMonth = yearly, month
	}
	return last
}

// nths reads "first", "1st and 3rd", "first and last" before a weekday.
func (p *parser) nths(i int) (list []int, after int) {
	const most = 5
	for k := i; len(list) < most; {
		n, end := p.ordinalAt(k)
		if n == 0 || n > most {
			break
		}
		list, after = append(list, n), end
		k = end
		for p.is(k, ",") || p.is(k, "and") || p.is(k, "&") {
			k++
		}
		if k == end {
			break
		}
	}
	return list, after
}

// monthDays reads "15th", "1st and 15th", "5th, 15th and last day".
func (p *parser) monthDays(i int) (days []int, after int) {
	k := i
	const most = 31
	for len(days) < most {
		k = p.skip(k, "the")
		n, end := p.ordinalAt(k)
		if end == k || n > 31 {
			break
		}
		if n < 0 {
			if u, last := p.unitAt(end); u != day {
				break
			} else {
				end = last
			}
		}
		days, after = append(days, n), end
		k = end
		for p.is(k, ",") || p.is(k, "and") || p.is(k, "&") {
			k++
		}
		if k == end {
			break
		}
	}
	if len(days) == 0 {
		return nil, i
	}
	slices.SortFunc(days, func(a, b int) int { // from the end comes last
		if (a < 0) != (b < 0) {
			return b - a
		}
		return a - b
	})
	return slices.Compact(days), after
}

// ofMonth reads "of the month", "of each month", "of march".
func (p *parser) ofMonth(i int) (after int, of time.Month) {
	if !p.is(i, "of") && !p.is(i, "in") {
		return i, 0
	}
	k := i + 1
	switch p.at(k).text {
	case "the", "each", "every", "a":
		k++
	}
	switch t := p.at(k); {
	case t.unit == month && len(t.text) > 2:
		return k + 1, 0
	case t.month != 0:
		return k + 1, t.month
	}
	return i, 0
}

// everyDate reads "march 3", "3rd of march", "june", "christmas".
func (p *parser) everyDate(s *series, i int) int {
	for _, form := range [...]func(*parser, int) (mention, int){(*parser).monthDay, (*parser).dayMonth, (*parser).holiday, (*parser).slashes} {
		if m, end := form(p, i); end > i && !m.fixed && m.ask == "" {
			s.rule = rule{freq: yearly}
			s.rule.refine(m)
			return end
		}
	}
	if t := p.at(i); t.month != 0 {
		s.rule = rule{freq: yearly, byMonth: t.month, byMonthDay: []int{1}}
		return i + 1
	}
	return i
}

// times reads "once a week", "twice a month", "3 times per day".
func (p *parser) times(s *series, i int) int {
	n, k := 0, i
	switch {
	case p.is(i, "once"):
		n, k = 1, i+1
		if p.is(k, "every") {
			return p.base(s, k)
		}
	case p.is(i, "twice"):
		n, k = 2, i+1
	default:
		if n, k = p.count(i); k == i || !(p.is(k, "times") || p.is(k, "x") || p.is(k, "time")) {
			return i
		}
		k++
	}
	u, end := unit(0), k
	switch t := p.at(k); t.text {
	case "a", "an", "per", "each", "every":
		if u, end = p.unitAt(k + 1); end == k+1 || u == weekend || u == minute {
			return i
		}
	case "daily":
		u, end = day, k+1
	case "weekly":
		u, end = week, k+1
	case "monthly":
		u, end = month, k+1
	case "yearly":
		u, end = year, k+1
	default:
		return i
	}
	s.rule = unitRule(1, u)
	if n > 1 {
		s.known = false
		switch u {
		case week, fortnight:
			p.ask("On which days of the week?")
		case day, workday, hour:
			p.ask("At what times?")
		default:
			p.ask("On which days?")
		}
	}
	return end
}

// ofEvery reads "the 15th of every month", "first monday of each month", "jan 5 every year".
func (p *parser) ofEvery(s *series, i int) int {
	k := p.skip(i, "the")
	if p.at(k).ordinal == 0 {
		if p.is(k, "end", "of", "every", "month") || p.is(k, "end", "of", "each", "month") {
			s.rule = rule{freq: monthly, byMonthDay: []int{-1}}
			return k + 4
		}
		return i
	}
	end := p.nth(s, k)
	if end == k {
		return i
	}
	switch p.at(end - 2).text {
	case "every", "each":
		return end
	case "the": // "on the last day of the month" is a habit, "by" it a deadline
		if p.is(end-1, "month") && !p.is(i-1, "by") && !p.is(i-1, "before") && !p.is(i-1, "due") && !p.is(i-1, "until") {
			return end
		}
	}
	if (p.is(end, "every") || p.is(end, "each")) && s.rule.freq == monthly { // the 15th every month
		if u, after := p.unitAt(end + 1); u == month {
			return after
		}
	}
	s.rule = rule{}
	return i
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

// completion reads "after I finish it", "after completion", "from when it is done".
func (p *parser) completion(i int) int {
	k := i
	switch p.at(i).text {
	case "after", "from", "since", "once", "when":
		k++
	default:
		return i
	}
	for {
		switch p.at(k).text {
		case "the", "last", "each", "every", "its", "my", "previous", "when", "i", "i've", "it", "it's", "is", "was", "have", "has", "been", "i'm", "being", "get", "gets":
			k++
			continue
		}
		break
	}
	if p.is(k-1, "i") && (p.is(k+1, "it") || p.is(k+1, "them")) { // after I water them
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

// plurals reads "mondays and thursdays", "weekdays", "weekends", "mon-fri".
func (p *parser) plurals(s *series, i int) int {
	t := p.at(i)
	on := p.is(i-1, "on")
	switch {
	case t.text == "weekdays" || t.text == "workdays" || t.text == "weekends":
		if !(on || i == p.start || p.closes(i+1)) || p.at(i-1).text == "the" {
			return i
		}
		s.rule = rule{freq: weekly, byDay: workdays}
		if t.unit == weekend {
			s.rule.byDay = []weekday{6, 7}
		}
		return i + 1
	case (t.text == "weekday" || t.text == "weekend") && p.at(i+1).part != 0 && strings.HasSuffix(p.at(i+1).text, "s"):
		s.rule = rule{freq: weekly, byDay: workdays}
		if t.unit == weekend {
			s.rule.byDay = []weekday{6, 7}
		}
		s.clock, s.hasClock = partClock(p.at(i+1).part), true
		return i + 2
	case t.weekday == 0:
		return i
	}
	days, end := p.weekdays(i)
	if end == i {
		return i
	}
	repeats := false
	for k := i; k < end; k++ {
		repeats = repeats || p.at(k).form == plural
	}
	if _, after := p.stretch(i + 1); after > i+1 {
		repeats = repeats || p.stretchEnds(end) // mon-fri
	}
	if q := p.at(end); q.part != 0 && q.text[len(q.text)-1] == 's' && len(days) == 1 { // sunday mornings
		s.clock, s.hasClock = partClock(q.part), true
		end++
		repeats = true
	}
	repeats = repeats || len(days) >= 3 && p.closes(end)
	_, clocked := p.clockAt(end, false)
	free := p.closes(end) || clocked > end
	if !repeats || !on && i > p.start && (names.has(p.at(i-1).text) || articles.has(p.at(i-1).text) || p.named(i-1) || !free) {
		return i
	}
	if i == p.start && !on && !free && !verbs.has(p.at(end).text) && !p.event(end) {
		return i
	}
	s.rule = rule{freq: weekly, byDay: days}
	return end
}

func (p *parser) stretchEnds(end int) bool { return p.closes(end) || verbs.has(p.at(end).text) }

// modifiers reads what follows a recurrence directly: days, a time, bounds.
func (p *parser) modifiers(s *series, i int) int {
	for k := i; ; {
		j := k
		if p.is(j, ",") || p.is(j, "-") && !p.at(j).glued {
			j++
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
	if end := p.onDays(s, i); end > i {
		return end
	}
	if end := p.within(s, i); end > i {
		return end
	}
	return p.atTime(s, i)
}

// except reads "every day except sunday".
func (p *parser) except(s *series, i int) int {
	k := i
	switch {
	case p.is(i, "except"), p.is(i, "excluding"):
		k = i + 1
	case p.is(i, "but", "not"), p.is(i, "apart", "from"), p.is(i, "except", "for"):
		k = i + 2
	default:
		return i
	}
	k = max(p.skip(k, "on"), p.skip(k, "for"))
	out, end := p.weekdays(k)
	if p.is(k, "weekends") || p.is(k, "weekend") {
		out, end = []weekday{6, 7}, k+1
	}
	in := s.rule.byDay
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

// within reads the hours of the day in which an hourly series repeats: "every 2 hours
// between 9am and 5pm" is a daily series of those hours.
func (p *parser) within(s *series, i int) int {
	if s.rule.freq != hourly || s.hasClock || !p.is(i, "between") && !p.is(i, "from") {
		return i
	}
	from, k := p.clockAt(i+1, true)
	if single, end := p.digital(i+1, true); end > i+1 {
		from, k = single, end
	}
	if k == i+1 || !p.is(k, "and") && !p.is(k, "to") && !p.is(k, "until") && !p.is(k, "-") {
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
	case "on", "in", "at":
		k++
	}
	if s.rule.freq == weekly && len(s.rule.byDay) == 0 && (k > i || p.at(i).weekday != 0) {
		if days, end := p.weekdays(k); end > k {
			s.rule.byDay = days
			return end
		}
	}
	if k == i {
		return i
	}
	if s.rule.freq == monthly && len(s.rule.byMonthDay) == 0 && len(s.rule.byDay) == 0 {
		sub := series{}
		if end := p.nth(&sub, p.skip(k, "the")); end > k && sub.rule.freq == monthly {
			s.rule.byDay, s.rule.nths, s.rule.byMonthDay, s.rule.bySetPos = sub.rule.byDay, sub.rule.nths, sub.rule.byMonthDay, sub.rule.bySetPos
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
	loose := c == firmly && !p.is(i, "on") || p.is(i, "from") || p.is(i, "between")
	if q, end := p.partAt(i); end > i && !s.hasClock {
		s.clock, s.hasClock = partClock(q), true
		return end
	}
	t, end := p.clockAt(k, loose)
	if end == k || t.bare && !loose {
		return i
	}
	if s.hasClock { // every morning at 6
		t.part = s.clock.part
	}
	if q, after := p.partAt(end); after > end {
		t.part, end = q, after
	}
	s.clock, s.hasClock = t, true
	return p.moreTimes(s, end)
}

// moreTimes reads the further times of "at 9am and 5pm".
func (p *parser) moreTimes(s *series, i int) int {
	const most = 24
	hours := []int{s.clock.resolve()}
	k := i
	for len(hours) < most {
		j := k
		for p.is(j, ",") || p.is(j, "and") || p.is(j, "&") {
			j++
		}
		if j == k {
			break
		}
		t, end := p.clockAt(p.skip(j, "at"), true)
		if end <= j || t.minute != s.clock.minute || t.bare && !s.clock.bare || !p.closes(end) {
			break
		}
		hours, k = append(hours, t.resolve()), end
	}
	if len(hours) > 1 {
		slices.Sort(hours)
		s.rule.byHour, s.rule.byMinute = slices.Compact(hours), s.clock.minute
	}
	return k
}

// bound reads where a series begins and ends: starting monday, until june, for 6 weeks.
func (p *parser) bound(s *series, i int) int {
	switch p.at(i).text {
	case "starting", "starts", "start", "beginning", "begin", "from", "commencing":
		k := i + 1
		switch p.at(k).text {
		case "on", "from", "at":
			k++
		}
		f, ok := p.phraseAt(k)
		if ok && !f.hasDay && !s.hasClock && !p.is(i, "from") && !f.time.bare {
			s.clock, s.hasClock = f.time, true
			return f.to
		}
		if !ok || !f.hasDay || f.day.wait > 0 || p.is(i, "from") && f.day.trust >= within {
			return i
		}
		s.start, s.hasStart = f.day.date, true
		if f.hasTime && !s.hasClock {
			s.clock, s.hasClock = f.time, true
		}
		return f.to
	case "until", "till", "til", "through", "thru", "ending", "ends", "end", "to", "up":
		return p.last(s, i)
	case "for", "x":
		return p.repetitions(s, i)
	}
	if n, k := p.count(i); k > i && (p.is(k, "times") || p.is(k, "occurrences")) && s.rule.count == 0 {
		s.rule.count = n
		return k + 1
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
	if m.shape == byMonth && !p.is(i, "through") && !p.is(i, "thru") {
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
	if p.is(k, "next") || p.is(k, "first") {
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
	if s.rule.freq == hourly || s.rule.freq == minutely {
		return i
	}
	s.weeks = d
	return end
}

// plausibleAdverb judges "daily" and its like, which are adjectives as well.
func (p *parser) plausibleAdverb(s series) bool {
	i := s.from
	before := p.at(i - 1)
	if i > p.start && (articles.has(before.text) || before.capital && p.at(i).capital && !p.shouting && (i-1 > p.start || s.to >= p.end)) {
		return false
	}
	if i == p.start {
		return s.to > i+1 || p.is(i+1, ":")
	}
	return s.to > i+1 || p.closes(s.to)
}

// limit turns "for 6 weeks" into a count where each unit has as many occurrences,
// else into a last day.
func (p *parser) limit(r *rule, d duration, first date) {
	one := r.interval <= 1
	switch {
	case d == duration{}:
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
