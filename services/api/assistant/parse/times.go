package parse

// clock is a time of the day as it is said.
type clock struct {
	hour, minute int
	exact        bool // which half of the day is meant is said or shown: 5pm, 17:30, 05:30
	bare         bool // nothing but a number: 9
	part         part // of the day, as said beside the hour or in its place
	midnight     bool // the one that ends a day
	named        bool // only the part is said
}

// resolve is the hour from 0 to 23.
func (c clock) resolve() int {
	if c.exact {
		return c.hour
	}
	switch c.part {
	case morning:
		return c.hour % 12
	case afternoon, evening:
		return c.hour%12 + 12
	case night:
		if c.hour < 5 || c.hour == 12 {
			return c.hour % 12
		}
		return c.hour%12 + 12
	}
	if c.hour >= 1 && c.hour <= 6 {
		return c.hour + 12
	}
	return c.hour
}

func partClock(q part) clock { return clock{hour: hours[q], exact: true, part: q, named: true} }

// clockAt reads a time of the day; loose says that a connector or a date makes a
// bare number one.
func (p *parser) clockAt(i int, loose bool) (clock, int) {
	if t := p.at(i); t.kind != number && (t.kind != word || !t.begins) {
		return clock{}, i
	}
	for _, form := range [...]func(*parser, int, bool) (clock, int){(*parser).stretchOfTime, (*parser).spoken, (*parser).digital} {
		if c, after := form(p, i, loose); after > i && p.ends(after) {
			return c, p.stressed(after)
		}
	}
	return clock{}, i
}

// stressed skips what people put behind a time to say how exact it is.
var stresses = phrases(`sharp, prompt, promptly, on the dot, or so, latest, at the latest, approx`)

func (p *parser) stressed(i int) int {
	if k := p.oneOf(i, stresses); k > i && (p.closes(k) || p.at(k).timely()) {
		return k
	}
	return i
}

// stretchOfTime reads a stretch of time, of which the begin counts: 2-3pm, from 9 to 17:30.
func (p *parser) stretchOfTime(i int, loose bool) (clock, int) {
	from, k := p.digital(i, true)
	if k == i {
		return clock{}, i
	}
	sep := k
	switch p.at(k).text {
	case "-", "–", "to", "until", "till", "til":
		sep++
	case "and":
		if !p.is(i-1, "between") {
			return clock{}, i
		}
		sep++
	}
	if sep == k {
		return clock{}, i
	}
	to, end := p.digital(sep, true)
	if end == sep || (from.bare && to.bare && !loose) {
		return clock{}, i
	}
	if from.bare && to.bare && !p.either(i-1, "from", "between") || to.bare && (p.at(end).month != 0 || p.at(end).unit != 0) {
		return clock{}, i // at 9 to 5: quarter to, not a stretch; until 20 december
	}
	if !from.exact && to.exact && to.hour >= 12 && from.hour < 12 && from.hour+12 <= to.hour {
		from.hour += 12
		from.exact = true
	}
	from.exact = from.exact || to.exact
	from.bare = false
	return from, end
}

// spoken reads noon, half past eight, quarter to nine.
func (p *parser) spoken(i int, loose bool) (clock, int) {
	t := p.at(i)
	switch t.text {
	case "noon", "midday", "noontime", "noonish":
		return clock{hour: 12, exact: true}, i + 1
	case "midnight":
		return clock{exact: true, midnight: true}, i + 1
	case "lunchtime":
		if loose {
			return clock{hour: 12, exact: true}, i + 1
		}
	case "eod", "cob":
		return clock{hour: 17, exact: true}, i + 1
	case "end", "close":
		k := p.skip(i, "end", "of", "the", "day")
		k = max(k, p.skip(i, "end", "of", "day"), p.skip(i, "end", "of", "business"), p.skip(i, "close", "of", "business"),
			p.skip(i, "close", "of", "play"), p.skip(i, "end", "of", "play"))
		if k > i {
			return clock{hour: 17, exact: true}, k
		}
	case "first":
		if p.is(i, "first", "thing") {
			return partClock(morning), i + 2
		}
	}
	return p.pastAndTo(i, loose)
}

// pastAndTo reads the minutes before and after an hour.
func (p *parser) pastAndTo(i int, loose bool) (clock, int) {
	var minutes int
	k := p.skip(i, "a")
	switch {
	case p.is(k, "half", "past"):
		minutes, k = 30, k+1
	case loose && p.is(k, "half") && p.at(k+1).number > 0 && p.at(k+1).number <= 12: // British: half seven
		c, end := p.clockHour(k + 1)
		c.minute, c.bare = 30, false
		return c, end
	case p.is(k, "quarter"):
		minutes, k = 15, k+1
	default:
		var end int
		if minutes, end = p.count(k); end == k || minutes > 29 {
			return clock{}, i
		}
		k = end
		if u, end := p.unitAt(k); u == minute {
			k = end
		} else if minutes%5 != 0 {
			return clock{}, i
		}
	}
	sign := 1
	switch p.at(k).text {
	case "past", "after":
	case "of": // American: quarter of nine
		if minutes != 15 || !loose {
			return clock{}, i
		}
		sign = -1
	case "to", "before", "til", "till":
		sign = -1
	default:
		return clock{}, i
	}
	c, end := p.clockHour(k + 1)
	if end == k+1 {
		return clock{}, i
	}
	if sign < 0 {
		c.minute = 60 - minutes
		c.hour = (c.hour + 23) % 24
		if c.hour == 0 && !c.exact {
			c.hour = 12
		}
	} else {
		c.minute = minutes
	}
	c.bare = false
	return c, end
}

// clockHour reads a full hour, in digits, words or by name.
func (p *parser) clockHour(i int) (clock, int) {
	switch p.at(i).text {
	case "noon":
		return clock{hour: 12, exact: true}, i + 1
	case "midnight":
		return clock{exact: true}, i + 1
	}
	n, k := p.count(i)
	if k == i || n > 23 || p.is(k, ":") {
		return clock{}, i
	}
	return p.half(clock{hour: n, exact: n > 12, bare: true}, k)
}

// digital reads 5pm, 5:30, 17:30, 5.30pm, 21h, 9 o'clock, 0930 and plain hours.
func (p *parser) digital(i int, loose bool) (clock, int) {
	t := p.at(i)
	if t.kind == number && len(t.text) >= 3 && len(t.text) <= 4 && t.number >= 0 {
		if c, after := p.half(clock{hour: t.number / 100, minute: t.number % 100}, i+1); after > i+1 && c.minute < 60 { // 730pm
			return c, after
		}
		if len(t.text) == 4 {
			return p.military(i, loose)
		}
	}
	n, k := p.count(i)
	if t.text == "0" || t.text == "00" {
		k = i + 1
	}
	if n == 12 && p.either(k, "noon", "midday", "midnight") { // 12 noon
		return p.spoken(k, loose)
	}
	if k == i || n > 24 || t.kind == number && len(t.text) > 2 || t.kind == word && !loose && !p.meridiem(k) && !p.is(k, "o'clock") {
		return clock{}, i
	}
	c := clock{hour: n, bare: true, exact: n > 12 || t.kind == number && t.text[0] == '0'}
	if minute, after := p.minutesOf(i, k); after > k {
		c.minute, c.bare, k = minute, false, after
	}
	said, after := p.half(c, k)
	switch {
	case after > k:
		c = said
	case p.is(k, "ish") && p.at(k).glued: // 9ish
		c.bare = false
		after++
	case p.is(k, "-", "ish") && p.at(k).glued && p.at(k+1).glued:
		c.bare = false
		after += 2
	case p.is(k, "o'clock"):
		c.bare = false
		after++
	case loose && c.bare && t.kind == number && p.either(k, "h", "hrs", "hours") && p.at(k).glued:
		c.exact, c.bare = true, false
		after++
	}
	if c.bare && (!loose || p.at(after).month != 0) || n == 24 && c.minute > 0 { // by 18 april
		return clock{}, i
	}
	c.hour %= 24
	return c, after
}

// minutesOf reads the minutes behind an hour that stands from i to k: :30, .30 with a
// meridiem or behind "at", h30, and in words thirty.
func (p *parser) minutesOf(i, k int) (minutes, after int) {
	if p.at(i).kind == word {
		j := k
		if p.is(j, "-") && p.at(j).glued {
			j++
		}
		if m, end := p.count(j); end > j && m >= 5 && m < 60 && p.at(j).kind == word {
			return m, end
		}
		return 0, k
	}
	sep, m := p.at(k), p.at(k+1)
	if !p.either(k, ":", ".", "h") || !sep.glued || !m.glued || !isMinutes(m) {
		return 0, k
	}
	after = k + 2
	if sep.text == "." && !p.either(i-1, "at", "@") && !p.meridiem(after) && !p.meridiemAhead(after) {
		return 0, k
	}
	if p.is(after, ":") && p.at(after+1).glued && isMinutes(p.at(after+1)) { // seconds
		after += 2
	}
	return m.number, after
}

// meridiemAhead says whether a stretch goes on that ends with am or pm: 12.30 to 1pm.
func (p *parser) meridiemAhead(i int) bool {
	const furthest = 5
	if !p.in(i, throughs) || !p.at(i+1).isNumber() {
		return false
	}
	for k := i + 2; k < i+furthest; k++ {
		if p.meridiem(k) {
			return true
		}
	}
	return false
}

// military reads 0930 and 1730 hrs.
func (p *parser) military(i int, loose bool) (clock, int) {
	n := p.at(i).number
	c := clock{hour: n / 100, minute: n % 100, exact: true}
	if c.hour > 23 || c.minute > 59 {
		return clock{}, i
	}
	k := i + 1
	switch p.at(k).text {
	case "h", "hrs", "hours":
		return c, k + 1
	}
	// A number like a year, or a code, is a time only where "at" says so.
	led := loose && p.is(i-1, "at") || p.at(i).text[0] == '0' && p.at(k).timely() // 0715 friday
	if !led || !p.closes(k) && !p.at(k).timely() || !p.ends(k) || c.minute%5 != 0 {
		return clock{}, i
	}
	return c, k
}

// timeBehind reads what is a time only because a day stands before it: friday 0715,
// tomorrow nine thirty, and where the text ends so, monday 3.
func (p *parser) timeBehind(i int) (clock, int) {
	t := p.at(i)
	if t.kind == number && len(t.text) == 4 && t.number >= 0 && p.ends(i+1) {
		c := clock{hour: t.number / 100, minute: t.number % 100, exact: true}
		if c.hour < 24 && c.minute < 60 && c.minute%5 == 0 && p.closes(i+1) {
			return c, i + 1
		}
		return clock{}, i
	}
	if p.is(i, "lunchtime") {
		return clock{hour: 12, exact: true}, i + 1
	}
	if p.is(i, "half") {
		c, k := p.pastAndTo(i, true)
		if k > i && p.ends(k) {
			return c, k
		}
		return clock{}, i
	}
	if t.number < 1 || t.number > 12 {
		return clock{}, i
	}
	m := p.at(i + 2)
	dotted := p.is(i+1, ".") && p.at(i+1).glued && m.glued && isMinutes(m) && m.number%5 == 0
	if dotted && p.closes(i+3) && p.ends(i+3) { // wednesday 5.45
		return clock{hour: t.number, minute: m.number}, i + 3
	}
	c, k := p.digital(i, true)
	switch {
	case k == i || !p.ends(k):
	case t.kind == word && !c.bare && k > i+1:
		return c, k
	case t.kind == number && c.bare && k == i+1 && k >= p.end:
		return c, k
	}
	return clock{}, i
}

// lasting is the position behind how long something takes, which is no part of a title
// when it follows a time: at 3pm for an hour.
func (p *parser) lasting(i int) int {
	k := p.skip(i, ",")
	if !p.is(k, "for") {
		return i
	}
	d, end := p.duration(k + 1)
	if end == k+1 || d.vague || d.minutes == 0 || !p.ends(end) {
		return i
	}
	return end
}

func isMinutes(t *token) bool { return t.kind == number && len(t.text) == 2 && t.number < 60 }

// meridiem says whether am or pm stands at i.
func (p *parser) meridiem(i int) bool {
	_, k := p.half(clock{hour: 1}, i)
	return k > i
}

// half reads am and pm, also as a.m. and p.m., and as a letter glued to the hour.
func (p *parser) half(c clock, i int) (clock, int) {
	t := p.at(i)
	k := i
	switch t.text {
	case "am", "pm":
		k = i + 1
	case "a", "p":
		switch {
		case p.is(i+1, ".", "m"):
			if k = i + 3; p.at(k).text == "." && p.at(k).glued {
				k++
			}
		case p.at(i-1).isNumber() && t.glued && p.ends(i+1):
			k = i + 1
		}
	}
	if k == i || c.hour == 0 || c.hour > 12 {
		return c, i
	}
	c.hour %= 12
	if t.text[0] == 'p' {
		c.hour += 12
	}
	c.exact, c.bare = true, false
	return c, k
}

// partAt reads a part of the day that stands beside a date or an hour: morning, in
// the morning, at night.
func (p *parser) partAt(i int) (part, int) {
	k := i
	switch {
	case p.is(i, "in", "the"):
		k = i + 2
	case p.is(i, "at") && p.at(i+1).part == night:
		k = i + 1
	case p.is(i, "at"), p.is(i, "in"):
		return 0, i
	}
	if p.either(k, "late", "early", "mid") {
		k++
		if p.is(k, "-") {
			k++
		}
	}
	t := p.at(k)
	if t.part == 0 || t.text == "eve" || t.text[len(t.text)-1] == 's' {
		return 0, i
	}
	return t.part, k + 1
}
