package parse

import (
	"slices"
	"time"
)

// everyNth is nth where "second friday" may also be every other one.
func (p *parser) everyNth(s *series, i int) int {
	end := p.nth(s, i)
	r := s.rule
	if end == i || r.freq != monthly || !slices.Equal(r.nths, []int{2}) || p.at(end-1).weekday == 0 {
		return end
	}
	name := time.Weekday(r.byDay[0] % 7).String()
	p.ask("Every other " + name + ", or the second " + name + " of each month?")
	if p.at(end-2).kind == word {
		s.rule = rule{freq: weekly, interval: 2, byDay: r.byDay}
	}
	return end
}

// nth reads "first monday of the month", "last day", "3rd friday", "15th and 30th".
func (p *parser) nth(s *series, i int) int {
	k := p.skip(p.skip(i, "month", "on", "the"), "the")
	if t := p.at(k + 1); p.is(k, "day") && t.isNumber() && t.number >= 1 && t.number <= 31 { // on day 15 of the month
		s.rule = rule{freq: monthly, byMonthDay: []int{t.number}}
		end, _ := p.ofMonth(k + 2)
		return end
	}
	if n, _ := p.ordinalAt(k); n == 0 {
		return i
	}
	for _, form := range [...]func(*parser, int) (rule, int){(*parser).nthWeekday, (*parser).nthDay, (*parser).daysOfMonth} {
		if r, end := form(p, k); end > k {
			s.rule = r
			return end
		}
	}
	return i
}

// nthWeekday reads "first monday of the month", "1st and 3rd friday".
func (p *parser) nthWeekday(i int) (rule, int) {
	nths, k := p.nths(i)
	day := p.at(k).weekday
	if day == 0 || len(nths) == 0 {
		return rule{}, i
	}
	return p.inMonth(rule{freq: monthly, byDay: []weekday{day}, nths: nths}, i, k+1)
}

// inMonth narrows a monthly rule to the month that is said behind it, if it is one.
// Of another "of", such as that of the quarter, nothing is understood.
func (p *parser) inMonth(r rule, i, k int) (rule, int) {
	if p.is(k, "of") && p.either(k+1, "the", "every", "each") && p.is(k+2, "quarter") {
		r.interval, r.quarterly = 3, true
		return r, k + 3
	}
	if n, end := p.ofOther(k); end > k && r.freq == monthly {
		r.interval = n
		return r, end
	}
	end, month := p.ofMonth(k)
	if end == k && p.is(k, "of") {
		return rule{}, i
	}
	if month != 0 {
		r.freq, r.byMonth = yearly, []time.Month{month}
	}
	return r, end
}

// ofOther reads "of every other month", "of every third month".
func (p *parser) ofOther(i int) (n, after int) {
	if !p.is(i, "of", "every") {
		return 0, i
	}
	n, k := p.count(i + 2)
	if k == i+2 {
		n, k = p.ordinalAt(i + 2)
	}
	if p.either(i+2, "other", "second") {
		n, k = 2, i+3
	}
	if u, end := p.unitAt(k); u == month && n > 1 {
		return n, end
	}
	return 0, i
}

// nthDay reads "last day of the month", "first workday", "last day of the year".
func (p *parser) nthDay(i int) (rule, int) {
	n, k := p.ordinalAt(i)
	u, k := p.unitAt(k)
	switch {
	case u == weekend && p.is(k, "of"): // it begins on Saturday
		return p.inMonth(rule{freq: monthly, byDay: saturdays[:1], nths: []int{n}}, i, k)
	case u == workday:
		return p.inMonth(rule{freq: monthly, byDay: workdays, bySetPos: n}, i, k)
	case u != day || n != -1 && !p.is(k, "of"):
		return rule{}, i
	case p.is(k, "of") && p.either(k+1, "the", "every", "each") && p.is(k+2, "year"):
		r := rule{freq: yearly, byMonth: []time.Month{time.January}, byMonthDay: []int{n}}
		if n < 0 {
			r.byMonth, r.byMonthDay = []time.Month{time.December}, []int{31}
		}
		return r, k + 3
	}
	return p.inMonth(rule{freq: monthly, byMonthDay: []int{n}}, i, k)
}

// daysOfMonth reads "15th", "1st and 15th of the month". A word, such as "first", says
// too little by itself.
func (p *parser) daysOfMonth(i int) (rule, int) {
	days, k := p.monthDays(i)
	alone := p.at(i).kind == word && p.at(i+1).kind == word && !p.closes(i+1)
	if k == i || p.at(k).month != 0 || alone && p.at(i+1).month == 0 {
		return rule{}, i
	}
	return p.inMonth(rule{freq: monthly, byMonthDay: days}, i, k)
}

// nths reads "first", "1st and 3rd", "first and last" before a weekday.
func (p *parser) nths(i int) (list []int, after int) {
	const most = 5
	for k := i; len(list) < most; k = p.past(after, commas) {
		n, end := p.ordinalAt(k)
		if n == 0 || n > most || len(list) > 0 && k == after {
			break
		}
		list, after = append(list, n), end
	}
	return list, after
}

// monthDays reads "15th", "1st and 15th", "5th, 15th and last day".
func (p *parser) monthDays(i int) (days []int, after int) {
	const most = 31
	after = i
	for k := i; len(days) < most; k = p.past(after, commas) {
		if len(days) > 0 && k == after {
			break
		}
		n, end := p.ordinalAt(p.skip(k, "the"))
		if n < 0 && p.is(end, "day") {
			end++
		} else if n <= 0 || n > most {
			break
		}
		days, after = append(days, n), end
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
	if !p.either(i, "of", "in") {
		return i, 0
	}
	k := i + 1
	if p.either(k, "the", "each", "every", "a") {
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

// ofEvery reads "the 15th of every month", "first monday of each month", and with the
// month alone a habit: "on the last day of the month". "By" makes that a deadline.
func (p *parser) ofEvery(s *series, i int) int {
	k := p.skip(i, "the")
	if p.either(k, "end", "start", "beginning") && p.is(k+1, "of") && p.either(k+2, "every", "each") {
		return p.edgeOfEach(s, i, p.at(k).text == "end", k+3)
	}
	if n, _ := p.ordinalAt(k); n == 0 && !p.is(k, "day") {
		return i
	}
	end := p.nth(s, k)
	switch {
	case end == k:
	case p.is(k, "day") && !p.either(end-2, "every", "each"):
	case len(s.rule.nths) > 1 && p.closes(end) && !p.in(i-1, articles): // 2nd and 4th thursday
		return end
	case len(s.rule.byMonthDay) > 1 && k > i && p.is(i-1, "on") && p.closes(end): // on the 1st and 15th
		return end
	case p.either(end-2, "every", "each") || p.is(end-3, "every"):
		return end
	case p.either(i-1, "by", "before", "due", "until"):
	case p.is(end-2, "the", "month"), p.is(end-2, "of", "month"), p.is(end-2, "the", "quarter"):
		return end
	case p.either(end, "every", "each") && p.is(end+1, "month") && s.rule.freq == monthly: // the 15th every month
		return end + 2
	}
	s.rule = rule{}
	return i
}

// edgeOfEach reads the unit behind "the end of every".
func (p *parser) edgeOfEach(s *series, i int, last bool, k int) int {
	u, end := p.unitAt(k)
	n := 1
	if last {
		n = -1
	}
	switch {
	case end == k:
		return i
	case u == month:
		s.rule = rule{freq: monthly, byMonthDay: []int{n}}
	case u == quarter:
		s.rule = rule{freq: monthly, interval: 3, quarterly: true, byMonthDay: []int{n}}
	case u == week && last:
		s.rule = rule{freq: weekly, byDay: []weekday{5}}
	case u == week:
		s.rule = rule{freq: weekly, byDay: []weekday{1}}
	case u == year && last:
		s.rule = rule{freq: yearly, byMonth: []time.Month{time.December}, byMonthDay: []int{31}}
	case u == year:
		s.rule = rule{freq: yearly, byMonth: []time.Month{time.January}, byMonthDay: []int{1}}
	default:
		return i
	}
	return end
}
