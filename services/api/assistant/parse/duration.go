package parse

import "strings"

// duration is a length of time as people say it. Months and days are of the
// calendar, minutes of the clock; they are not mixed.
type duration struct {
	months, days, minutes int
	workdays              bool // days are Mondays to Fridays
	vague                 bool // "a few"
}

func durationOf(n int, u unit) duration {
	switch u {
	case minute:
		return duration{minutes: n}
	case hour:
		return duration{minutes: 60 * n}
	case day:
		return duration{days: n}
	case week:
		return duration{days: 7 * n}
	case fortnight:
		return duration{days: 14 * n}
	case month:
		return duration{months: n}
	case quarter:
		return duration{months: 3 * n}
	case year:
		return duration{months: 12 * n}
	case workday:
		return duration{days: n, workdays: true}
	default:
		return duration{}
	}
}

// inMinutes is how long it is on the clock.
func (d duration) inMinutes() int { return d.minutes + 24*60*(d.days+30*d.months) }

func (d duration) after(from date) date {
	switch {
	case d.workdays:
		return from.plusWorkdays(d.days)
	case d.months > 0:
		return from.plusMonths(d.months).plus(d.days)
	}
	return from.plus(d.days)
}

// most is the largest number that a text may count with.
const most = 999

// count reads a number in digits or words.
func (p *parser) count(i int) (n, after int) {
	t := p.at(i)
	switch {
	case t.number <= 0 || t.number > most:
		return 0, i
	case t.kind == number:
		return t.number, i + 1
	case t.number >= 20: // twenty five, twenty-five
		k := p.skip(i+1, "-")
		if unit := p.at(k); unit.kind == word && unit.number > 0 && unit.number < 10 {
			return t.number + unit.number, k + 1
		}
	}
	return t.number, i + 1
}

// unitAt reads a unit; single letters count only when glued to a number: 2h.
func (p *parser) unitAt(i int) (unit, int) {
	t := p.at(i)
	switch {
	case t.unit == 0:
		if name, ok := strings.CutSuffix(t.text, "'s"); ok && p.is(i+1, "time") { // in a month's time
			if u := lexicon[name].unit; u != 0 {
				return u, i + 1
			}
		}
		if (t.text == "business" || t.text == "working" || t.text == "work") && p.at(i+1).unit == day {
			return workday, i + 2
		}
		return 0, i
	case len(t.text) == 1 && !t.glued:
		return 0, i
	}
	return t.unit, i + 1
}

// duration reads "45 minutes", "half an hour", "an hour and a half", "1h30", "a
// couple of weeks". The position is i when there is none.
func (p *parser) duration(i int) (duration, int) {
	if d, after := p.fraction(i); after > i {
		return d, after
	}
	n, k, vague := p.amount(i)
	if k == i {
		return duration{}, i
	}
	tenths := 0
	if p.is(k, ".") && p.at(k).glued && p.at(k+1).isNumber() && p.at(k+1).glued { // 1.5 hours
		if tenths = p.at(k + 1).number; tenths > 9 {
			return duration{}, i
		}
		k += 2
	} else if p.is(k, "and", "a", "half") { // two and a half hours
		tenths, k = 5, k+3
	}
	if p.is(k, "-") && p.at(k).glued && p.at(k+1).glued { // 30-minute
		k++
	}
	u, after := p.unitAt(k)
	if after == k || u == weekend {
		return duration{}, i
	}
	d := durationOf(n, u)
	d.vague = vague
	switch u {
	case hour:
		d.minutes += 6 * tenths
		more, end := p.minutesMore(after)
		d.minutes += more
		return d, end
	case minute:
	default:
		if tenths == 0 && p.is(after, "and", "a", "half") { // a week and a half
			tenths, after = 5, after+3
		}
		return d.fractional(u, n, tenths), after
	}
	return d, after
}

// fractional adds tenths of a unit. Of a week they make whole days, of a day hours,
// since nobody means the middle of the night by a week and a half.
func (d duration) fractional(u unit, n, tenths int) duration {
	switch {
	case tenths == 0:
	case u == day:
		return duration{minutes: 24 * 60 * (10*n + tenths) / 10}
	case u == week || u == fortnight || u == workday:
		one := durationOf(1, u).days
		d.days += (one*tenths + 9) / 10
	case u == month:
		d.days += 3 * tenths
	case u == quarter:
		d.months += 3 * tenths / 10
	case u == year:
		d.months += 12 * tenths / 10
	}
	return d
}

// amount reads how many: a number, an article, a couple.
func (p *parser) amount(i int) (n, after int, vague bool) {
	if n, after = p.count(i); after > i {
		return n, after, false
	}
	k := p.skip(i, "a")
	switch {
	case p.is(k, "couple"):
		return 2, p.skip(k+1, "of"), false
	case p.is(k, "few"):
		return 3, k + 1, true
	case k > i:
		return 1, k, false
	case p.is(i, "an"), p.is(i, "another"):
		return 1, i + 1, false
	}
	return 0, i, false
}

// fraction reads the durations that count in halves and quarters of an hour.
func (p *parser) fraction(i int) (duration, int) {
	k := p.skip(i, "a")
	switch {
	case p.is(k, "half", "an", "hour"), p.is(k, "half", "a", "hour"):
		return duration{minutes: 30}, k + 3
	case p.is(k, "half", "hour"):
		return duration{minutes: 30}, k + 2
	case p.either(i, "three", "3") && p.is(i+1, "quarters", "of", "an", "hour"):
		return duration{minutes: 45}, i + 5
	case p.is(k, "quarter", "of", "an", "hour"):
		return duration{minutes: 15}, k + 4
	case p.is(k, "quarter", "hour"):
		return duration{minutes: 15}, k + 2
	}
	return duration{}, i
}

// minutesMore reads what follows hours: "and a half", "30 minutes", the 30 of 1h30.
func (p *parser) minutesMore(i int) (minutes, after int) {
	k := p.skip(i, "and")
	switch {
	case p.is(i, "and", "a", "half"):
		return 30, i + 3
	case p.is(i, "and", "a", "quarter"):
		return 15, i + 3
	}
	n, end := p.count(k)
	if end == k || n >= 60 {
		return 0, i
	}
	if u, after := p.unitAt(end); after > end && u == minute {
		return n, after
	}
	if p.at(i).glued && k == i {
		return n, end
	}
	return 0, i
}
