package parse

import (
	"strings"
	"time"
)

// shape is what a day was named by, for a rule that repeats it.
type shape uint8

const (
	anyDay     shape = iota
	byWeekday        // friday
	byMonthDay       // the 15th, the last day of the month
	byYearDay        // March 3
	byNth            // the third Friday of the month
	byYearNth        // the third Friday of March
	byMonth          // June
	byWorkday        // the last workday of the month
)

// trust says how much a phrase needs from the words around it to be a date.
type trust uint8

const (
	sure     trust = iota // 2026-12-01, in 3 days, jan 5
	relation              // today, tomorrow: also in titles of books
	weekName              // friday: also a kind of dinner
	faint                 // sat, 3/4, may 4, the 15th: also other things
	within                // in june, this week: only where nothing follows
)

// mention is a day as it is said, and what it is today.
type mention struct {
	date
	shape
	trust

	weekday weekday
	nth     int // of the weekday, or the day of the month; from the end when negative
	month   time.Month
	feast   bool // it has a name, with capitals of its own
	rolls   bool // a weekday: it is today when a time that is still to come is said
	fixed   bool // a certain day is meant, even if it is past: today, a date with a year
	wait    int  // minutes from now, in place of a day
	clock   clock
	ask     string
}

// clocked says whether a time comes with the day, as in "tonight".
func (m mention) clocked() bool { return m.clock.part != 0 || m.clock.exact }

// dateAt reads a day.
func (p *parser) dateAt(i int) (mention, int) {
	if t := p.at(i); t.kind != word && t.kind != number && t.kind != ordinal || t.kind == word && !t.begins {
		return mention{}, i
	}
	for _, form := range [...]func(*parser, int) (mention, int){
		(*parser).isoDate, (*parser).relativeDay, (*parser).measured, (*parser).distance, (*parser).nthOfMonth,
		(*parser).edge, (*parser).monthDay,
		(*parser).dayMonth, (*parser).slashes, (*parser).dots, (*parser).weekDay, (*parser).period, (*parser).dayOfMonth,
		(*parser).holiday, (*parser).monthAlone,
	} {
		if m, after := form(p, i); after > i && p.ends(after) {
			return m, after
		}
	}
	return mention{}, i
}

// upcoming is the day in this year, or in the next one where it exists.
func (p *parser) upcoming(m time.Month, d int) (date, bool) {
	const leap = 8 // years between leap days at the most
	for y := p.today.Year(); y <= p.today.Year()+leap; y++ {
		if c, ok := validDate(y, m, d); ok && !c.before(p.today) {
			return c, true
		}
	}
	return date{}, false
}

// yearAt reads a year, after a comma or not.
func (p *parser) yearAt(i int) (year, after int) {
	k := p.skip(i, ",")
	t := p.at(k)
	if y := p.at(k + 1); t.text == "'" || t.text == "’" { // '26
		if year, ok := fullYear(y); ok && len(y.text) == 2 && y.glued && !t.glued {
			return year, k + 2
		}
		return 0, i
	}
	const ahead = 60 // years; 21 jan 2135 is at 21:35
	if t.kind == number && len(t.text) == 4 && t.number >= 1970 && t.number < p.today.Year()+ahead && !t.glued && !p.is(k+1, ":") {
		return t.number, k + 1
	}
	return 0, i
}

// fullYear reads the year of a date in figures, of two digits or four.
func fullYear(t *token) (int, bool) {
	switch {
	case t.kind != number || t.number < 0:
		return 0, false
	case len(t.text) == 2:
		return 2000 + t.number, true
	}
	return t.number, len(t.text) == 4
}

// isoDate reads 2026-12-01 and 2026/12/01.
func (p *parser) isoDate(i int) (mention, int) {
	t := p.at(i)
	if t.kind != number || len(t.text) != 4 {
		return mention{}, i
	}
	sep := p.at(i + 1)
	if (sep.text != "-" && sep.text != "/" && sep.text != ".") || !p.is(i+3, sep.text) || !p.at(i+2).isNumber() || !p.at(i+4).isNumber() {
		return mention{}, i
	}
	d, ok := validDate(t.number, time.Month(p.at(i+2).number), p.at(i+4).number)
	if !ok {
		return mention{}, i
	}
	m := yearDay(d, sure, true)
	if p.is(i+5, "t") && p.at(i+5).glued { // 2026-12-01T10:00
		if c, end := p.digital(i+6, true); end > i+6 && !c.bare {
			c.exact = true
			m.clock = c
			return m, end
		}
	}
	return m, i + 5
}

func yearDay(d date, sureness trust, fixed bool) mention {
	return mention{date: d, shape: byYearDay, trust: sureness, month: d.Month(), nth: d.Day(), fixed: fixed}
}

// relativeDay reads today, tomorrow, tonight, the day after tomorrow, this evening.
func (p *parser) relativeDay(i int) (mention, int) {
	if p.is(i, "this", "time") || p.is(i, "same", "time") || p.is(i, "the", "same", "time") { // this time tomorrow
		k := p.skip(p.skip(i, "the"), p.at(p.skip(i, "the")).text, "time")
		if m, end := p.dateAt(k); end > k && m.wait == 0 && !p.nested && !m.clocked() {
			m.clock, m.trust = clock{hour: p.now.Hour(), minute: p.now.Minute(), exact: true}, sure
			return m, end
		}
	}
	k := p.skip(i, "the")
	if p.is(k, "day", "after") && p.at(k+2).relative == tomorrow {
		return mention{date: p.today.plus(2), trust: relation}, k + 3
	}
	k = i
	if p.either(i, "later", "early", "late", "sometime") {
		k++
	}
	if p.either(k, "today", "tomorrow") && k == i && p.is(k+1, "week") && p.closes(k+2) { // British: today week
		return mention{date: p.today.plus(6 + int(p.at(k).relative)), trust: sure}, k + 2
	}
	switch p.at(k).relative {
	case today:
		if k == i || !p.is(i, "late") {
			return mention{date: p.today, trust: relation, fixed: true}, k + 1
		}
	case tonight:
		if k == i || !p.is(i, "early") {
			return mention{date: p.today, trust: relation, fixed: true, clock: partClock(night)}, k + 1
		}
	case tomorrow:
		if k == i || p.either(i, "early", "sometime") {
			return mention{date: p.today.plus(1), trust: relation}, k + 1
		}
	}
	if q := p.at(k + 1).part; q != 0 && p.is(k, "this") && p.at(k+1).text != "eve" { // later this evening
		return mention{date: p.today, trust: relation, fixed: true, clock: partClock(q)}, k + 2
	}
	return mention{}, i
}

// measured reads "the day before march 5", "the week after christmas".
func (p *parser) measured(i int) (mention, int) {
	k := p.skip(i, "the")
	u, end := p.unitAt(k)
	t := p.at(k)
	one := (u == day || u == week || u == month) && len(t.text) > 2 && !strings.HasSuffix(t.text, "s")
	if end == k || !one || !p.either(end, "before", "after") {
		return mention{}, i
	}
	return p.countedFrom(durationOf(1, u), end, i)
}

// countedFrom reads the day that a distance is counted from, behind "before", "after" or "from".
func (p *parser) countedFrom(d duration, k, i int) (mention, int) {
	if p.nested { // a day from a day from a day: nobody means it
		return mention{}, i
	}
	p.nested = true
	from, end := p.dateAt(k + 1)
	p.nested = false
	back := p.is(k, "before")
	if end == k+1 || from.wait > 0 || from.trust == within || d.minutes > 0 || back && d.workdays {
		return mention{}, i
	}
	if back {
		d.days, d.months = -d.days, -d.months
	}
	return p.distant(d, from.date), end
}

// distance reads "in 3 days", "an hour from now", "2 weeks from friday".
func (p *parser) distance(i int) (mention, int) {
	k := i
	if p.either(i, "in", "within", "after") {
		k = i + 1
	}
	if k > i {
		k = p.skip(k, "the", "next")
	}
	d, after := p.duration(k)
	if after == k {
		return mention{}, i
	}
	if k > i {
		after = p.skip(p.skip(after, "'"), "time")
		after = p.skip(after, "from", "now")
		after = p.skip(after, "from", "today")
		if d == (duration{minutes: 1}) && p.is(after-1, "min") { // "in a min": soon
			return mention{}, i
		}
		if p.is(i, "after") && (d.vague || !p.closes(after) || p.is(after, "of") || p.completion(after) > after) {
			return mention{}, i
		}
		return p.distant(d, p.today), after
	}
	switch {
	case p.is(after, "from", "now"):
		return p.distant(d, p.today), after + 2
	case p.either(after, "on", "this") && p.at(after+1).weekday != 0 && d.minutes == 0 && d.months == 0: // British: a week on tuesday
		return p.distant(d, p.today.next(p.at(after+1).weekday)), after + 2
	case p.is(after, "hence") && p.closes(after+1):
		return p.distant(d, p.today), after + 1
	case p.at(after).relative != 0 && d.days > 0 && d.months == 0: // British: a week tomorrow
		if p.at(after).relative == tomorrow {
			d.days++
		}
		return p.distant(d, p.today), after + 1
	case p.either(after, "from", "after", "before"):
		return p.countedFrom(d, after, i)
	}
	return mention{}, i
}

func (p *parser) distant(d duration, from date) mention {
	if d.minutes > 0 {
		return mention{trust: sure, wait: d.inMinutes()}
	}
	m := mention{date: d.after(from), trust: sure, fixed: true}
	if d.vague {
		m.ask = "How many exactly?"
	}
	return m
}

// ordinalAt reads 3rd and third; -1 is last.
func (p *parser) ordinalAt(i int) (n, after int) {
	t := p.at(i)
	switch {
	case t.number == 20 || t.number == 30 && t.kind == word: // twenty first, twenty-first
		k := i + 1
		if p.is(k, "-") && p.at(k).glued {
			k++
		}
		if u := p.at(k); t.kind == word && u.kind == word && u.ordinal > 0 && u.ordinal < 10 {
			return t.number + u.ordinal, k + 1
		}
		return 0, i
	case p.is(i, "penultimate"):
		return -2, i + 1
	case t.ordinal == 0:
		return 0, i
	case p.is(i, "last", "but", "one"):
		return -2, i + 3
	case p.is(i+1, "to", "last") && t.ordinal < 6 && t.ordinal > 0: // second to last
		return -t.ordinal, i + 3
	case p.is(i+1, "last") && t.ordinal == 2 && t.kind == word:
		return -2, i + 2
	case t.kind == word && t.number == 0 && t.ordinal > 0 || t.kind == ordinal || t.ordinal == -1:
		return t.ordinal, i + 1
	}
	return 0, i
}

// nthOfMonth reads "the third Friday of March", "the last day of next month".
func (p *parser) nthOfMonth(i int) (mention, int) {
	k := p.skip(i, "the")
	n, k := p.ordinalAt(k)
	if n == 0 || n > 31 {
		return mention{}, i
	}
	t := p.at(k)
	what, after := p.unitAt(k)
	m := mention{nth: n, shape: byNth, weekday: t.weekday, trust: sure}
	switch {
	case t.weekday != 0 && t.form != plural && n <= 5:
		after = k + 1
	case what == day && n != 0:
		m.shape = byMonthDay
	case what == workday:
		m.shape = byWorkday
	default:
		return mention{}, i
	}
	if !p.either(after, "of", "in") {
		return mention{}, i
	}
	k = p.skip(after+1, "the")
	first := p.today.firstOfMonth()
	rolls := false
	switch t := p.at(k); {
	case p.is(k, "month"):
		rolls, k = true, k+1
	case p.is(k, "next", "month"):
		first, k = first.plusMonths(1), k+2
	case p.is(k, "this", "month"):
		k += 2
	case p.is(k, "year") && m.shape == byMonthDay, p.is(k, "next", "year") && m.shape == byMonthDay:
		return p.nthOfYear(k, n)
	case t.month != 0:
		year, end := p.yearAt(k + 1)
		first = newDate(p.today.Year(), t.month, 1)
		if k = end; year != 0 {
			first = newDate(year, t.month, 1)
		}
		m.month, m.fixed = t.month, year != 0
		if m.shape == byNth {
			m.shape = byYearNth
		}
	default:
		return mention{}, i
	}
	for range 24 {
		d, ok := m.in(first)
		if ok && (m.fixed || !d.before(p.today)) {
			if m.date = d; m.shape == byMonthDay && m.month != 0 {
				m.shape, m.nth = byYearDay, d.Day()
			}
			return m, k
		}
		switch {
		case m.month != 0 && !m.fixed:
			first = newDate(first.Year()+1, m.month, 1)
		case rolls:
			first = first.plusMonths(1)
		default:
			return mention{}, i
		}
	}
	return mention{}, i
}

func (p *parser) nthOfYear(k, n int) (mention, int) {
	y := p.today.Year()
	if p.is(k, "next") {
		y, k = y+1, k+1
	}
	d := newDate(y, 1, n)
	if n < 0 {
		d = newDate(y+1, 1, 0)
	}
	if d.before(p.today) {
		d = newDate(d.Year()+1, d.Month(), d.Day())
	}
	return yearDay(d, sure, false), k + 1
}

// in is the day in a month, which first begins.
func (m mention) in(first date) (date, bool) {
	switch {
	case m.shape == byMonthDay || m.shape == byYearDay:
		if m.nth < 0 {
			return first.lastOfMonth().plus(m.nth + 1), true
		}
		return validDate(first.Year(), first.Month(), m.nth)
	case m.shape == byWorkday && m.nth < 0:
		d := first.lastOfMonth()
		for d.weekday() > 5 {
			d = d.plus(-1)
		}
		return d, m.nth == -1
	case m.shape == byWorkday:
		d := first.plus(-1).plusWorkdays(m.nth)
		return d, d.Month() == first.Month()
	}
	return first.nth(m.nth, m.weekday)
}

// edge reads the end, the beginning and the middle of a week, a month, a year.
func (p *parser) edge(i int) (mention, int) {
	m := mention{trust: sure}
	switch p.at(i).text {
	case "eow":
		m.date = p.friday(p.today)
		return m, i + 1
	case "eom":
		return mention{date: p.today.lastOfMonth(), shape: byMonthDay, nth: -1}, i + 1
	case "eoq":
		m.date = p.today.lastOfQuarter()
		return m, i + 1
	case "eoy":
		return yearDay(newDate(p.today.Year(), time.December, 31), sure, false), i + 1
	}
	if k := p.skip(i, "the"); p.at(k).unit != 0 && len(p.at(k).text) > 3 { // by month end, at the year-end
		end := k + 1
		if p.is(end, "-") && p.at(end).glued {
			end++
		}
		if p.is(end, "end") && (p.leads(i-1) || p.is(i-1, "at")) {
			return p.edgeOf(i, k, "end")
		}
	}
	k := p.skip(p.skip(i, "in"), "the")
	k = p.skip(k, "very")
	place := p.at(k).text
	switch place {
	case "end", "beginning", "start", "middle":
		k++
		if p.is(k, "of") {
			k++
		} else if place != "end" || p.at(k).month == 0 { // end January
			return mention{}, i
		}
	case "mid":
		k = p.skip(k+1, "-")
	default:
		return mention{}, i
	}
	return p.edgeOf(i, p.skip(k, "the"), place)
}

// edgeOf reads what the edge is of.
func (p *parser) edgeOf(i, k int, place string) (mention, int) {
	ahead := 0
	switch {
	case p.is(k, "next"):
		ahead, k = 1, k+1
	case p.is(k, "this"), p.is(k, "current"):
		k++
	}
	var first, last, middle date
	t := p.at(k)
	k++
	switch {
	case t.text == "week":
		first = p.today.monday().plus(7 * ahead)
		middle, last = first.plus(2), first.plus(4)
		if ahead == 0 && last.before(p.today) {
			last = last.plus(2)
		}
	case t.text == "month":
		first = p.today.firstOfMonth().plusMonths(ahead)
		middle, last = first.plus(14), first.lastOfMonth()
	case t.text == "quarter":
		last = p.today.lastOfQuarter().firstOfMonth().plusMonths(3 * ahead).lastOfMonth()
		first = last.firstOfMonth().plusMonths(-2)
		middle = first.plusMonths(1).plus(14)
	case t.text == "year":
		first = newDate(p.today.Year()+ahead, time.January, 1)
		middle, last = newDate(first.Year(), time.July, 1), newDate(first.Year(), time.December, 31)
	case len(t.text) == 2 && t.text[0] == 'q' && t.text[1] >= '1' && t.text[1] <= '4' && ahead == 0: // q3
		last = newDate(p.today.Year(), 3*time.Month(t.text[1]-'0')+1, 0)
		if last.before(p.today) {
			last = newDate(p.today.Year()+1, last.Month()+1, 0)
		}
		first = last.firstOfMonth().plusMonths(-2)
		middle = first.plusMonths(1).plus(14)
	case t.month != 0 && ahead == 0:
		y, end := p.yearAt(k)
		if k = end; y == 0 {
			if y = p.today.Year(); newDate(y, t.month, 1).lastOfMonth().before(p.today) {
				y++
			}
		}
		first = newDate(y, t.month, 1)
		middle, last = first.plus(14), first.lastOfMonth()
	default:
		return mention{}, i
	}
	if p.is(k, "-") && p.is(k+1, "end") {
		k += 2
	} else if place == "end" && t.unit != 0 {
		k = p.skip(k, "end")
	}
	m := mention{trust: sure}
	switch place {
	case "end":
		m.date = last
		switch {
		case t.text == "month" && ahead == 0:
			m.shape, m.nth = byMonthDay, -1
		case t.month != 0 || t.text == "year":
			m.shape, m.month, m.nth = byYearDay, last.Month(), last.Day()
		}
	case "middle", "mid":
		m.date = middle
	default:
		m.date = first
	}
	return m, k
}

// friday ends the working week of a day; on a weekend it is Sunday that ends it.
func (p *parser) friday(d date) date {
	if f := d.monday().plus(4); !f.before(d) {
		return f
	}
	return d.monday().plus(6)
}

// monthDay reads "march 3", "March the 3rd, 2027", "jan fifth".
func (p *parser) monthDay(i int) (mention, int) {
	t := p.at(i)
	if t.month == 0 {
		return mention{}, i
	}
	k := i + 1
	if p.either(k, ".", "-") && p.at(k).glued && len(t.text) <= 4 { // Jan. 5, Jan-5
		k++
	}
	k = p.skip(k, "the")
	d, plainNumber := p.at(k), false
	n, after := p.ordinalAt(k)
	if after == k && d.kind == number && len(d.text) <= 2 && !p.is(k+1, ":") && !p.meridiem(k+1) && (p.ends(k+1) || p.is(k+1, "-")) {
		n, after, plainNumber = d.number, k+1, true
	}
	if after == k || n < 1 {
		return mention{}, i
	}
	if p.is(after, "-") && p.at(after).glued && p.at(after+1).isNumber() && p.at(after+1).glued { // dec 3-5
		after += 2
	}
	level := sure
	if t.form == weak && plainNumber {
		level = faint
	}
	return p.inYear(i, after, t.month, n, level)
}

// dayMonth reads "3 march", "3rd of March 2027", "the third of march".
func (p *parser) dayMonth(i int) (mention, int) {
	k := p.skip(i, "the")
	t := p.at(k)
	n, after := p.ordinalAt(k)
	if after == k && t.kind == number && len(t.text) <= 2 {
		n, after = t.number, k+1
	}
	if after == k || n < 1 {
		return mention{}, i
	}
	if p.is(after, "-") && p.at(after).glued && p.at(after+1).isNumber() && p.at(after+1).glued { // 3-7 december
		after += 2
	}
	if p.is(after, ".") && p.at(after).glued { // 5. January
		after++
	}
	after = p.skip(after, "of")
	dashed := p.is(after, "-")
	after = p.skip(after, "-")
	m := p.at(after)
	if m.month == 0 {
		return mention{}, i
	}
	level := sure
	if m.form == weak && t.kind == number {
		level = faint
	}
	after++
	if p.is(after, ".") && p.at(after).glued && len(m.text) <= 4 && p.at(after+1).isNumber() {
		after++
	}
	if y, ok := fullYear(p.at(after + 1)); dashed && ok && p.is(after, "-") && p.at(after).glued && p.at(after+1).glued { // 3-oct-2027
		d, valid := validDate(y, m.month, n)
		if !valid {
			return mention{}, i
		}
		return yearDay(d, sure, true), after + 2
	}
	return p.inYear(i, after, m.month, n, level)
}

// inYear completes a month and a day with the year that is said, else with the next.
func (p *parser) inYear(i, after int, m time.Month, n int, level trust) (mention, int) {
	if y, end := p.yearAt(after); end > after {
		d, ok := validDate(y, m, n)
		if !ok {
			return mention{}, i
		}
		return yearDay(d, sure, true), end
	}
	d, ok := p.upcoming(m, n)
	if !ok {
		return mention{}, i
	}
	return yearDay(d, level, false), after
}

// slashes reads 12/24, 12/24/2026 and 24-12-2026.
func (p *parser) slashes(i int) (mention, int) {
	a, sep, b := p.at(i), p.at(i+1), p.at(i+2)
	if a.kind != number || b.kind != number || !sep.glued || !b.glued || len(a.text) > 2 || len(b.text) > 2 {
		return mention{}, i
	}
	if sep.text != "/" && sep.text != "-" {
		return mention{}, i
	}
	after, year, level := i+3, 0, faint
	if p.is(after, sep.text) && p.at(after).glued {
		y, ok := fullYear(p.at(after + 1))
		if !ok {
			return mention{}, i
		}
		after, year, level = after+2, y, sure
	} else if sep.text == "-" {
		return mention{}, i
	}
	m, d := a.number, b.number
	if year == 0 && (m == 24 && d == 7 || p.is(after, "of")) {
		return mention{}, i // 24/7 is always, 3/4 of the book a part
	}
	var ask string
	switch order := orderOf(p.zone.String()); {
	case m > 12 || d <= 12 && (order == dayFirst || sep.text == "-"):
		m, d = d, m
	case d <= 12 && m != d && order == unknownOrder:
		ask = "Is " + p.text[a.start:p.at(after-1).end] + " " + dayName(m, d) + " or " + dayName(d, m) + "?"
	}
	if m < 1 || m > 12 {
		return mention{}, i
	}
	date, ok := p.upcoming(time.Month(m), d)
	if year != 0 {
		date, ok = validDate(year, time.Month(m), d)
	}
	if !ok {
		return mention{}, i
	}
	found := yearDay(date, level, year != 0)
	found.ask = ask
	return found, after
}

func dayName(m, d int) string { return newDate(2000, time.Month(m), d).Format("January 2") }

// dots reads 24.12. and 24.12.2026.
func (p *parser) dots(i int) (mention, int) {
	a, b, last := p.at(i), p.at(i+2), p.at(i+3)
	if a.kind != number || b.kind != number || len(a.text) > 2 || len(b.text) > 2 || !p.is(i+1, ".") || last.text != "." {
		return mention{}, i
	}
	if !p.at(i+1).glued || !b.glued || !last.glued {
		return mention{}, i
	}
	if y, ok := fullYear(p.at(i + 4)); ok && p.at(i+4).glued {
		d, ok := validDate(y, time.Month(b.number), a.number)
		if !ok {
			return mention{}, i
		}
		return yearDay(d, sure, true), i + 5
	}
	d, ok := p.upcoming(time.Month(b.number), a.number)
	if !ok || b.number > 12 || p.at(i+4).glued {
		return mention{}, i
	}
	return yearDay(d, faint, false), i + 4
}

// weekDay reads friday, this friday, next friday, friday next week, friday the 13th.
func (p *parser) weekDay(i int) (mention, int) {
	ahead, k := -1, i
	switch {
	case p.is(i, "this", "coming"), p.is(i, "the", "coming"), p.is(i, "the", "next"), p.is(i, "the", "following"):
		k = i + 2
	case p.is(i, "coming") && (i == p.start || p.leads(i-1)), p.either(i, "early", "late"),
		p.is(i, "the") && p.either(i+2, "before", "after"): // the monday after next
		k = i + 1
	case p.is(i, "this"):
		ahead, k = 0, i+1
	case p.is(i, "next"):
		ahead, k = 1, i+1
		if p.is(k, "week") { // next week friday
			k = p.skip(p.skip(k+1, ","), "on")
		}
	}
	t := p.at(k)
	if t.weekday == 0 || t.form == plural {
		return mention{}, i
	}
	m := mention{shape: byWeekday, trust: weekName, weekday: t.weekday}
	if t.form == weak {
		m.trust = faint
	}
	after := k + 1
	if p.is(after, ".") && p.at(after).glued && len(t.text) <= 5 && !p.at(after+1).glued && p.at(after+1).kind != none {
		after++ // Fri.
	}
	switch {
	case p.is(after, "next", "week"), p.is(after, "of", "next", "week"):
		ahead, after = 1, p.skip(after, "of")+2
	case p.is(after, "this", "week"), p.is(after, "of", "this", "week"):
		ahead, after = 0, p.skip(after, "of")+2
	case p.is(after, "week") && p.closes(after+1): // British: a week after friday
		m.date = p.today.next(t.weekday).plus(7)
		m.trust = sure
		return m, after + 1
	case p.is(after, "after", "next"):
		ahead, after = 2, after+2
	case p.either(after, "after", "before") && !p.nested:
		if d, end := p.weekdayBeside(m.weekday, after); end > after {
			return mention{date: d, trust: sure}, end
		}
	case p.is(after, "in"): // tuesday in 2 weeks
		if d, end := p.duration(after + 1); end > after+1 && d.days > 0 && d.days%7 == 0 && !d.workdays && d.months == 0 {
			ahead, after = d.days/7, end
		}
	}
	if p.is(i, "the") && k == i+1 && ahead < 0 {
		return mention{}, i
	}
	if ahead >= 0 {
		m.trust = sure
	}
	switch coming := p.today.monday().plus(int(t.weekday) - 1); {
	case ahead > 0:
		m.date = coming.plus(7 * ahead)
	case ahead == 0 && !coming.before(p.today):
		m.date = coming
	default:
		m.date = p.today.next(t.weekday)
		m.rolls = t.weekday == p.today.weekday()
	}
	if n, end := p.theNth(after); end > after { // friday the 13th
		return p.weekdayNth(m, n), end
	}
	return m, after
}

// weekdayBeside is the weekday that is next to the day behind "before" or "after".
func (p *parser) weekdayBeside(w weekday, k int) (d date, after int) {
	p.nested = true
	m, end := p.dateAt(k + 1)
	p.nested = false
	switch {
	case end == k+1 || m.wait > 0 || m.trust != sure:
		return date{}, k
	case p.is(k, "before"):
		return m.date.plus(-8).next(w), end
	}
	return m.date.next(w), end
}

// theNth reads "the 13th" and "13th" behind a weekday.
func (p *parser) theNth(i int) (n, after int) {
	k := p.skip(i, ",")
	k = p.skip(k, "the")
	if t := p.at(k); t.kind == ordinal && t.ordinal <= 31 && p.at(k+1).month == 0 && !p.is(k+1, "of") {
		return t.ordinal, k + 1
	}
	return 0, i
}

// weekdayNth is the next day of a month that has the weekday, else the next such day of a month.
func (p *parser) weekdayNth(m mention, n int) mention {
	for first := p.today.firstOfMonth(); first.Year() < p.today.Year()+3; first = first.plusMonths(1) {
		if d, ok := validDate(first.Year(), first.Month(), n); ok && !d.before(p.today) && d.weekday() == m.weekday {
			return mention{date: d, trust: weekName}
		}
	}
	return m
}

// period reads next week, this weekend, next month.
func (p *parser) period(i int) (mention, int) {
	if p.either(i, "early", "late", "later", "sometime") {
		return p.roughly(i)
	}
	k, ahead := i+1, 0
	switch {
	case p.either(i, "this", "the"):
		k = p.skip(k, "coming")
	case p.is(i, "next"):
		ahead = 1
	case p.at(i).unit != 0 && p.is(i+1, "after", "next"):
		k = i
	default:
		return mention{}, i
	}
	u := p.at(k)
	if u.unit == 0 || len(u.text) < 4 || u.text[len(u.text)-1] == 's' {
		return mention{}, i
	}
	if p.is(k+1, "after", "next") {
		m, _ := p.periodAhead(u.unit, 2)
		if m.date.IsZero() {
			return m, i
		}
		return m, k + 3
	}
	if p.is(i, "the") && u.unit != weekend {
		return mention{}, i
	}
	m, ok := p.periodAhead(u.unit, 1)
	if m.trust = relation; ahead == 0 {
		m, ok = p.restOf(u.unit)
	}
	if !ok || u.unit == weekend && p.is(i, "the") && !p.lead(i-1) {
		return mention{}, i
	}
	if p.is(k+1, "on") && u.unit == week && p.at(k+2).weekday != 0 {
		return mention{}, i
	}
	if n, end := p.ordinalAt(p.skip(p.skip(k+1, "on"), "the")); u.unit == month && n > 0 && end > k+2 { // next month on the 5th
		if d, ok := validDate(m.date.Year(), m.date.Month(), n); ok && !d.before(p.today) {
			return mention{date: d, trust: sure}, end
		}
	}
	return m, k + 1
}

// roughly reads "early next week", "later this month": its first day, its last for "late".
func (p *parser) roughly(i int) (mention, int) {
	m, end := p.period(i + 1)
	if end == i+1 {
		return mention{}, i
	}
	if p.is(i, "late", "next") {
		if m.date = m.date.plus(4); p.at(end-1).unit == month {
			m.date = m.date.lastOfMonth()
		}
	}
	return m, end
}

// restOf is the last day of the week, month or year that is now, for what is to be done in it.
func (p *parser) restOf(u unit) (mention, bool) {
	m := mention{trust: within, date: p.today}
	switch u {
	case week:
		m.date = p.friday(p.today)
	case weekend:
		if m.trust = relation; p.today.weekday() < 6 {
			m.date = p.today.monday().plus(5)
		}
	case month:
		m.date = p.today.lastOfMonth()
	case quarter:
		m.date = p.today.lastOfQuarter()
	case year:
		m.date = newDate(p.today.Year(), time.December, 31)
	default:
		return mention{}, false
	}
	return m, true
}

// periodAhead is the first day of the week, month or year that is so many ahead.
func (p *parser) periodAhead(u unit, n int) (mention, bool) {
	switch u {
	case week:
		return mention{date: p.today.monday().plus(7 * n), trust: sure}, true
	case weekend:
		return mention{date: p.today.monday().plus(5 + 7*n), trust: sure}, true
	case month:
		return mention{date: p.today.firstOfMonth().plusMonths(n), trust: sure}, true
	case quarter:
		return mention{date: p.today.lastOfQuarter().plus(1).plusMonths(3 * (n - 1)), trust: sure}, true
	case year:
		return mention{date: newDate(p.today.Year()+n, time.January, 1), trust: sure}, true
	default:
		return mention{}, false
	}
}

// lead says whether the token at i can lead to a weekend.
func (p *parser) lead(i int) bool {
	switch p.at(i).text {
	case "on", "at", "over", "by", "before", "for":
		return true
	}
	return false
}

// dayOfMonth reads the 15th, the 15th of next month.
func (p *parser) dayOfMonth(i int) (mention, int) {
	k := p.skip(i, "the")
	t := p.at(k)
	n, after := p.ordinalAt(k)
	if after == k || n < 1 || n > 31 || p.at(after).month != 0 {
		return mention{}, i
	}
	first := p.today.firstOfMonth()
	level := faint
	switch {
	case p.is(after, "of", "next", "month"), p.is(after, "of", "the", "following", "month"):
		first, after, level = first.plusMonths(1), p.skip(after+2, "following")+1, sure
	case p.is(after, "next", "month"):
		first, after, level = first.plusMonths(1), after+2, sure
	case p.is(after, "of", "this", "month"), p.is(after, "of", "the", "month"):
		after, level = after+3, sure
	case p.is(after, "this", "month"):
		after, level = after+2, sure
	case t.kind == word && p.leads(i-1) && k > i && p.endsHere(after): // on the twenty first
	case k == i && !p.leads(i-1) && after < p.end || t.kind == word:
		return mention{}, i // "15th" needs its connector or ends the text, "the first" is too much else
	}
	for range 12 {
		if d, ok := validDate(first.Year(), first.Month(), n); ok && !d.before(p.today) {
			return mention{date: d, shape: byMonthDay, trust: level, nth: n}, after
		}
		first = first.plusMonths(1)
	}
	return mention{}, i
}

// endsHere says whether the task ends before token i, or goes on with a time.
func (p *parser) endsHere(i int) bool {
	return i >= p.end || p.at(i).kind == hashtag || p.is(i, "at") && p.at(i+1).number > 0
}

// leads says whether the token at i leads to a day.
func (p *parser) leads(i int) bool {
	switch p.at(i).text {
	case "on", "by", "before", "due", "until", "till", "starting", "from", "to":
		return true
	}
	return false
}

// monthAlone reads "in june", "by March 2027", "next may": its first day.
func (p *parser) monthAlone(i int) (mention, int) {
	k := i
	switch {
	case p.is(i, "in"), p.is(i, "this"), p.is(i, "next"):
		k++
	case p.leads(i - 1):
	default:
		return mention{}, i
	}
	t := p.at(k)
	if t.month == 0 {
		return mention{}, i
	}
	d := newDate(p.today.Year(), t.month, 1)
	y, after := p.yearAt(k + 1)
	switch {
	case y != 0:
		d = newDate(y, t.month, 1)
	case t.month < p.today.Month(), t.month == p.today.Month() && (p.is(i, "next") || p.today.Day() > 1 && !p.either(i, "in", "this")):
		d = newDate(p.today.Year()+1, t.month, 1)
	case d.before(p.today): // "in november" said in November
		d = p.today.lastOfMonth()
	}
	return mention{date: d, shape: byMonth, trust: within, month: t.month, fixed: y != 0}, after
}
