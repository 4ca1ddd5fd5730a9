package recurrence

import (
	"math/bits"
	"sync/atomic"
)

// Days are numbered from 0001-01-01, a Monday, and weekdays from Monday = 0.
const (
	lastYear      = 9999
	daysPerWeek   = 7
	monthsPerYear = 12
)

// The Gregorian calendar repeats after 400 years.
const (
	yearsPerCycle  = 400
	monthsPerCycle = yearsPerCycle * monthsPerYear
	daysPerCycle   = 146097
	weeksPerCycle  = daysPerCycle / daysPerWeek
)

// endOfTime is the day after the last one.
var endOfTime = firstOfYear(lastYear + 1)

// monthStart is the day of the year on which a month begins, in a common and in
// a leap year.
var monthStart = [2][monthsPerYear + 1]int{
	{0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334, 365},
	{0, 31, 60, 91, 121, 152, 182, 213, 244, 274, 305, 335, 366},
}

func firstOfYear(year int64) int64 {
	y := year - 1
	return 365*y + floorDiv(y, 4) - floorDiv(y, 100) + floorDiv(y, yearsPerCycle)
}

func yearOf(day int64) int64 {
	year := floorDiv(day*yearsPerCycle, daysPerCycle) + 1
	switch {
	case firstOfYear(year) > day:
		return year - 1
	case firstOfYear(year+1) <= day:
		return year + 1
	default:
		return year
	}
}

// leap is 1 in a leap year and else 0.
func leap(year int64) int {
	if year%4 == 0 && (year%100 != 0 || year%yearsPerCycle == 0) {
		return 1
	}
	return 0
}

// civil is a day number's year, month from 0 and day of the month from 1.
func civil(day int64) (year int64, month, monthDay int) {
	year = yearOf(day)
	yearDay := int(day - firstOfYear(year))
	starts := &monthStart[leap(year)]
	month = yearDay / 29
	if month >= monthsPerYear || starts[month] > yearDay {
		month--
	}
	return year, month, yearDay - starts[month] + 1
}

func weekday(day int64) int { return int(floorMod(day, daysPerWeek)) }

// firstWeek is the day of the year, negative if it is one of the year before,
// on which week 1 begins: the first week with at least four days in the year
// (RFC 5545 §3.3.10, BYWEEKNO). first is the weekday of 1 January.
func firstWeek(first, weekStart int) int {
	intoWeek := (first - weekStart + daysPerWeek) % daysPerWeek
	if intoWeek <= 3 {
		return -intoWeek
	}
	return daysPerWeek - intoWeek
}

// kind says all about a year that decides which of its days match: the weekday
// of its first day, and which of the year before, itself and the year after is a
// leap year (at most one is).
type kind int

const kinds = 4 * daysPerWeek

func kindOf(year int64) kind {
	neighbour := leap(year-1) + 2*leap(year) + 3*leap(year+1)
	return kind(neighbour*daysPerWeek + weekday(firstOfYear(year)))
}

func (k kind) firstWeekday() int { return int(k) % daysPerWeek }

// lengths are the lengths in days of the year before, the year and the next.
func (k kind) lengths() (previous, length, next int) {
	previous, length, next = 365, 365, 365
	switch int(k) / daysPerWeek {
	case 1:
		previous++
	case 2:
		length++
	case 3:
		next++
	}
	return previous, length, next
}

// dayset is a set of days of one year, numbered from 0.
type dayset [6]uint64

func (s *dayset) add(day int) { s[day>>6] |= 1 << (day & 63) }

func (s *dayset) addRange(from, to int) {
	for word := range s {
		lo, hi := max(from-word*64, 0), min(to-word*64, 64)
		if lo < hi {
			s[word] |= (^uint64(0) >> (64 - (hi - lo))) << lo
		}
	}
}

func (s *dayset) and(other *dayset) {
	for word := range s {
		s[word] &= other[word]
	}
}

// next is the first member from day on, or -1.
func (s *dayset) next(day int) int {
	word := day >> 6
	if word >= len(s) {
		return -1
	}
	if w := s[word] >> (day & 63); w != 0 {
		return day + bits.TrailingZeros64(w)
	}
	for word++; word < len(s); word++ {
		if s[word] != 0 {
			return word<<6 + bits.TrailingZeros64(s[word])
		}
	}
	return -1
}

// count is the number of members from a day to another, which is not included.
func (s *dayset) count(from, to int) int {
	n := 0
	for word := from >> 6; word < len(s) && word<<6 < to; word++ {
		w := s[word]
		if start := word << 6; start < from {
			w &= ^uint64(0) << (from - start)
		}
		if rest := to - word<<6; rest < 64 {
			w &= 1<<rest - 1
		}
		n += bits.OnesCount64(w)
	}
	return n
}

// numbers is a list such as BYMONTHDAY=1,-1: what counts from the start and what
// from the end, as bits of dayset's size.
type numbers struct{ positive, negative dayset }

func newNumbers(list []int) *numbers {
	if len(list) == 0 {
		return nil
	}
	n := &numbers{}
	for _, value := range list {
		if value > 0 {
			n.positive.add(value - 1)
		} else {
			n.negative.add(-value - 1)
		}
	}
	return n
}

// addTo adds to days the members of a period of length days that begins at start.
func (n *numbers) addTo(days *dayset, start, length int) {
	for i := n.positive.next(0); i >= 0 && i < length; i = n.positive.next(i + 1) {
		days.add(start + i)
	}
	for i := n.negative.next(0); i >= 0 && i < length; i = n.negative.next(i + 1) {
		days.add(start + length - 1 - i)
	}
}

func (n *numbers) has(positive, negative int) bool {
	return n.positive[(positive-1)>>6]&(1<<((positive-1)&63)) != 0 || n.negative[(negative-1)>>6]&(1<<((negative-1)&63)) != 0
}

// nthWeekday is an entry such as -1FR of BYDAY.
type nthWeekday struct{ weekday, n int }

// calendar is the days that a rule names, whatever its FREQ and INTERVAL. Every
// part that is given must agree; those of BYDAY are alternatives.
type calendar struct {
	everyDay     bool // no part limits the days
	months       uint16
	monthDays    *numbers
	yearDays     *numbers
	weeks        *numbers
	weekStart    int
	weekdays     uint8
	nthWeekdays  []nthWeekday
	nthOfMonth   bool // nthWeekdays count in the month, else in the year
	limitsByWeek bool // weekdays or nthWeekdays is given

	// A year's days depend on its kind alone. They are worked out when first
	// needed; two goroutines that do so at once find the same.
	years [kinds]atomic.Pointer[dayset]
}

func (c *calendar) year(year int64) *dayset {
	k := kindOf(year)
	if days := c.years[k].Load(); days != nil {
		return days
	}
	days := c.daysOf(k)
	c.years[k].Store(days)
	return days
}

func (c *calendar) daysOf(k kind) *dayset {
	_, length, _ := k.lengths()
	starts := &monthStart[length-365]
	days := &dayset{}
	for month := range monthsPerYear {
		if c.months&(1<<month) == 0 {
			continue
		}
		if c.monthDays == nil {
			days.addRange(starts[month], starts[month+1])
		} else {
			c.monthDays.addTo(days, starts[month], starts[month+1]-starts[month])
		}
	}
	if c.yearDays != nil {
		var set dayset
		c.yearDays.addTo(&set, 0, length)
		days.and(&set)
	}
	if c.limitsByWeek {
		set := c.weekdaysOf(k)
		days.and(&set)
	}
	if c.weeks != nil {
		set := c.weeksOf(k)
		days.and(&set)
	}
	return days
}

func (c *calendar) weekdaysOf(k kind) dayset {
	_, length, _ := k.lengths()
	first := k.firstWeekday()
	var set dayset
	for day := range min(length, daysPerWeek) {
		if c.weekdays&(1<<((first+day)%daysPerWeek)) != 0 {
			for ; day < length; day += daysPerWeek {
				set.add(day)
			}
		}
	}
	if len(c.nthWeekdays) == 0 {
		return set
	}
	if !c.nthOfMonth {
		c.addNth(&set, first, 0, length)
		return set
	}
	starts := &monthStart[length-365]
	for month := range monthsPerYear {
		if c.months&(1<<month) != 0 {
			c.addNth(&set, first, starts[month], starts[month+1])
		}
	}
	return set
}

// addNth adds the nth weekdays of the days from start to end. first is the
// weekday of the year's first day.
func (c *calendar) addNth(set *dayset, first, start, end int) {
	for _, nth := range c.nthWeekdays {
		day := start + (nth.weekday-first-start%daysPerWeek+2*daysPerWeek)%daysPerWeek + (nth.n-1)*daysPerWeek
		if nth.n < 0 {
			last := end - 1
			day = last - (first+last-nth.weekday+daysPerWeek)%daysPerWeek + (nth.n+1)*daysPerWeek
		}
		if day >= start && day < end {
			set.add(day)
		}
	}
}

// weeksOf is the days in the numbered weeks. Those at either end of the year may
// be in a week of the year before or after.
func (c *calendar) weeksOf(k kind) dayset {
	previous, length, next := k.lengths()
	first := k.firstWeekday()
	before := firstWeek((first-previous%daysPerWeek+daysPerWeek)%daysPerWeek, c.weekStart) - previous
	this := firstWeek(first, c.weekStart)
	after := firstWeek((first+length)%daysPerWeek, c.weekStart) + length
	end := firstWeek((first+length+next)%daysPerWeek, c.weekStart) + length + next

	var set dayset
	for _, year := range [3][2]int{{before, this}, {this, after}, {after, end}} {
		weeks := (year[1] - year[0]) / daysPerWeek
		for week := range weeks {
			start := year[0] + week*daysPerWeek
			if start < length && start+daysPerWeek > 0 && c.weeks.has(week+1, weeks-week) {
				set.addRange(max(start, 0), min(start+daysPerWeek, length))
			}
		}
	}
	return set
}

// next is the first day of the calendar from day on; false: there is none.
func (c *calendar) next(day int64) (int64, bool) {
	if day >= endOfTime {
		return 0, false
	}
	if c.everyDay {
		return day, true
	}
	year := yearOf(day)
	first := firstOfYear(year)
	last := min(year+yearsPerCycle, lastYear)
	for from := int(day - first); year <= last; from = 0 {
		if found := c.year(year).next(from); found >= 0 {
			return first + int64(found), true
		}
		first += int64(365 + leap(year))
		year++
	}
	return 0, false
}

func (c *calendar) has(day int64) bool {
	found, ok := c.next(day)
	return ok && found == day
}

// count is the number of the calendar's days from a day to another, which is not
// included.
func (c *calendar) count(from, to int64) int64 {
	from, to = max(from, 0), min(to, endOfTime)
	if from >= to {
		return 0
	}
	if c.everyDay {
		return to - from
	}
	n := int64(0)
	year := yearOf(from)
	for first := firstOfYear(year); first < to; year++ {
		n += int64(c.year(year).count(int(max(from-first, 0)), int(min(to-first, 366))))
		first += int64(365 + leap(year))
	}
	return n
}

// nth is the day of the calendar that has n others from a day on before it;
// false: there are fewer.
func (c *calendar) nth(from, n int64) (int64, bool) {
	from = max(from, 0)
	if c.everyDay {
		return from + n, from+n < endOfTime
	}
	for year := yearOf(from); year <= lastYear; year++ {
		first, days := firstOfYear(year), c.year(year)
		start := int(max(from-first, 0))
		if here := int64(days.count(start, 366)); n >= here {
			n -= here
			continue
		}
		day := days.next(start)
		for ; n > 0; n-- {
			day = days.next(day + 1)
		}
		return first + int64(day), true
	}
	return 0, false
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}

func floorMod(a, b int64) int64 {
	if m := a % b; m < 0 {
		return m + b
	}
	return a % b
}

func gcd(a, b int64) int64 {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
