package recurrence

import (
	"math"
	"slices"

	"github.com/teambition/rrule-go"
)

const (
	allWeekdays = 1<<daysPerWeek - 1
	allMonths   = 1<<monthsPerYear - 1
)

// maxWalk bounds what a call may cost, whatever the rule: it is how many periods
// are visited to find out where COUNT ends, and how many days on which an hourly
// or faster rule might fire, and does not, before it is taken as finished.
const maxWalk = 1 << 13

var errTooIrregular = errorf("COUNT", "COUNT is too large for a rule this irregular; end it by UNTIL.")

// pattern is a rule on the wall clock, without its end. Times are seconds of
// Local, days are numbers of calendar.
//
// The rule's periods (years, months, weeks or days, by FREQ) are numbered;
// those that INTERVAL leaves are firstPeriod, firstPeriod + interval, …
// What is found in a period is the calendar's days in it, each at the times of
// clock, less what BYSETPOS leaves out. HOURLY and faster rules have units
// instead, which beat finds, and clock is the times within a unit.
type pattern struct {
	freq        rrule.Frequency
	start       int64
	interval    int64
	firstPeriod int64
	calendar    calendar
	clock       *clock
	positions   []int // BYSETPOS, unless clock has applied it

	unit int64 // seconds in a unit; 0: FREQ is DAILY or slower
	beat beat
}

func newPattern(option *rrule.ROption, start Local) (*pattern, error) {
	p := &pattern{freq: option.Freq, start: start.seconds, interval: int64(max(option.Interval, 1))}
	p.fillCalendar(option, start)
	hours := bitsOf(option.Byhour, start.secondOfDay()/3600)
	minutes := bitsOf(option.Byminute, start.secondOfDay()/60%60)
	seconds := bitsOf(option.Bysecond, start.secondOfDay()%60)

	// What BYHOUR, BYMINUTE and BYSECOND do depends on FREQ: those below it say
	// the times, the others limit (RFC 5545 §3.3.10, the table).
	switch p.freq {
	case rrule.HOURLY:
		p.unit, p.clock = 3600, newClock(1, minutes, seconds)
	case rrule.MINUTELY:
		p.unit, p.clock = 60, newClock(1, 1, seconds)
	case rrule.SECONDLY:
		p.unit, p.clock = 1, newClock(1, 1, 1)
	default:
		p.clock = newClock(hours, minutes, seconds)
		p.firstPeriod = p.periodOf(start.day())
		if !p.calendar.has(start.day()) && p.calendar.weeks != nil {
			// A start that is no occurrence counts for the year it is in.
			p.firstPeriod = yearOf(start.day())
		}
	}
	if p.unit > 0 {
		fixed := uint8(allWeekdays)
		if p.calendar.limitsByWeek {
			fixed = p.calendar.weekdays
		}
		p.beat = newBeat(p.start/p.unit, p.interval, secondsPerDay/p.unit, p.unitsOfDay(option), fixed)
	}
	if len(option.Bysetpos) > 0 {
		if p.freq >= rrule.DAILY {
			p.clock = p.clock.choose(option.Bysetpos)
		} else {
			p.positions = option.Bysetpos
		}
	}
	if err := p.refuseNever(option); err != nil {
		return nil, err
	}
	return p, nil
}

// fillCalendar collects the parts that name days, DTSTART's where there is none.
func (p *pattern) fillCalendar(option *rrule.ROption, start Local) {
	_, month, monthDay := civil(start.day())
	months, monthDays := option.Bymonth, option.Bymonthday
	days := option.Byweekday
	if len(monthDays)+len(option.Byyearday)+len(days) == 0 {
		switch {
		case p.freq == rrule.WEEKLY || len(option.Byweekno) > 0:
			days = []rrule.Weekday{weekdayOf(weekday(start.day()))}
		case p.freq == rrule.MONTHLY:
			monthDays = []int{monthDay}
		case p.freq == rrule.YEARLY:
			monthDays = []int{monthDay}
			if len(months) == 0 {
				months = []int{month + 1}
			}
		}
	}

	c := &p.calendar
	for _, m := range months {
		c.months |= 1 << (m - 1)
	}
	if len(months) == 0 {
		c.months = allMonths
	}
	c.monthDays, c.yearDays, c.weeks = newNumbers(monthDays), newNumbers(option.Byyearday), newNumbers(option.Byweekno)
	c.weekStart = option.Wkst.Day()
	for _, day := range days {
		c.limitsByWeek = true
		if day.N() == 0 {
			c.weekdays |= 1 << day.Day()
		} else {
			c.nthWeekdays = append(c.nthWeekdays, nthWeekday{weekday: day.Day(), n: day.N()})
		}
	}
	c.nthOfMonth = p.freq == rrule.MONTHLY || len(option.Bymonth) > 0
	c.everyDay = len(months) == 0 && c.monthDays == nil && c.yearDays == nil && c.weeks == nil && !c.limitsByWeek

	// A month that INTERVAL never meets cannot fire.
	if p.freq == rrule.MONTHLY {
		step := gcd(p.interval, monthsPerYear)
		for m := range monthsPerYear {
			if (int64(m-month)+monthsPerYear)%step != 0 {
				c.months &^= 1 << m
			}
		}
	}
}

func bitsOf(list []int, otherwise int64) uint64 {
	if len(list) == 0 {
		return 1 << otherwise
	}
	var set uint64
	for _, i := range list {
		set |= 1 << i
	}
	return set
}

// unitsOfDay is a bit for each unit of a day that BYHOUR, BYMINUTE and BYSECOND
// allow; nil if all are.
func (p *pattern) unitsOfDay(option *rrule.ROption) []uint64 {
	if len(option.Byhour) == 0 &&
		(p.freq < rrule.MINUTELY || len(option.Byminute) == 0) &&
		(p.freq < rrule.SECONDLY || len(option.Bysecond) == 0) {
		return nil
	}
	every := func(list []int, n int) uint64 {
		if len(list) == 0 {
			return 1<<n - 1
		}
		return bitsOf(list, 0)
	}
	hours, minutes, seconds := every(option.Byhour, 24), every(option.Byminute, 60), every(option.Bysecond, 60)
	if p.freq == rrule.HOURLY {
		return []uint64{hours}
	}
	units := make([]uint64, secondsPerDay/p.unit/64+2)
	add := func(at int, set uint64) {
		units[at>>6] |= set << (at & 63)
		units[at>>6+1] |= set >> 1 >> (63 - at&63)
	}
	for hour := nextBit(hours, 0); hour >= 0; hour = nextBit(hours, hour+1) {
		if p.freq == rrule.MINUTELY {
			add(hour*60, minutes)
			continue
		}
		for minute := nextBit(minutes, 0); minute >= 0; minute = nextBit(minutes, minute+1) {
			add(hour*3600+minute*60, seconds)
		}
	}
	return units
}

// refuseNever refuses a rule that cannot fire, naming the part that is to blame.
func (p *pattern) refuseNever(option *rrule.ROption) error {
	if p.beat.never() || p.clock.size == 0 {
		return p.never(option)
	}
	if p.freq == rrule.DAILY && p.interval%daysPerWeek == 0 && p.calendar.limitsByWeek &&
		p.calendar.weekdays&(1<<weekday(p.start/secondsPerDay)) == 0 {
		return errorf("BYDAY", "The rule never fires: every %d days is always the same weekday, which BYDAY leaves out.", p.interval)
	}
	if len(p.positions) > 0 && !p.reachable() {
		return errorf("BYSETPOS", "The rule never fires: no period has as many occurrences as BYSETPOS asks for.")
	}
	if _, ok := p.next(p.start); !ok {
		return p.never(option)
	}
	return nil
}

// reachable says whether a period may have as many occurrences as one of the
// positions asks for.
func (p *pattern) reachable() bool {
	most := map[rrule.Frequency]int{rrule.YEARLY: 371, rrule.MONTHLY: 31, rrule.WEEKLY: daysPerWeek}[p.freq]
	switch {
	case p.freq == rrule.WEEKLY:
		most = countBits(uint64(p.calendar.weekdays), daysPerWeek)
	case p.freq == rrule.MONTHLY && p.calendar.monthDays != nil:
		days := p.calendar.monthDays
		most = min(most, days.positive.count(0, most)+days.negative.count(0, most))
	}
	for _, position := range p.positions {
		if _, ok := index(position, int64(most*p.clock.size)); ok {
			return true
		}
	}
	return false
}

func (p *pattern) never(option *rrule.ROption) error {
	if _, ok := p.calendar.next(p.start / secondsPerDay); !ok {
		name := "BYDAY"
		switch {
		case len(option.Bymonthday) > 0:
			name = "BYMONTHDAY"
		case len(option.Byyearday) > 0:
			name = "BYYEARDAY"
		case len(option.Byweekno) > 0:
			name = "BYWEEKNO"
		case len(option.Byweekday) == 0:
			name = "BYMONTH"
		}
		return errorf(name, "The rule never fires: no day from its start on is one that it names.")
	}
	if len(option.Bysetpos) > 0 && (p.clock.size == 0 || p.unit == 0) {
		return errorf("BYSETPOS", "The rule never fires: no period has as many occurrences as BYSETPOS asks for.")
	}
	return errorf("INTERVAL",
		"The rule never fires before the year %d: counted by INTERVAL from its start, it always misses what its other parts name.", lastYear+1)
}

// next is the first time from a time on at which the rule fires; false: it never
// does again before the year 10000.
func (p *pattern) next(from int64) (int64, bool) {
	from = max(from, p.start)
	if p.unit > 0 {
		return p.nextUnit(from)
	}
	day := from / secondsPerDay
	for misses := int64(0); misses <= p.periodsPerCycle(); {
		found, ok := p.calendar.next(day)
		if !ok {
			return 0, false
		}
		period := p.periodOf(found)
		if late := floorMod(period-p.firstPeriod, p.interval); late != 0 {
			if day = p.dayOf(period + p.interval - late); day >= endOfTime {
				return 0, false
			}
			continue
		}
		if len(p.positions) == 0 {
			second := 0
			if found == from/secondsPerDay {
				second = int(from % secondsPerDay)
			}
			if second = p.clock.next(second); second >= 0 {
				return found*secondsPerDay + int64(second), true
			}
			day = found + 1
			continue
		}
		if at, ok := p.nextPosition(period, from); ok {
			return at, true
		}
		misses++
		day = p.dayOf(period + 1)
	}
	return 0, false
}

// nextUnit is next of HOURLY and faster. The days of the calendar and those of
// the beat can miss each other for centuries, hence the bound.
func (p *pattern) nextUnit(from int64) (int64, bool) {
	unit := from / p.unit
	for range maxWalk {
		day, ok := p.calendar.next(unit / p.beat.perDay)
		if !ok {
			return 0, false
		}
		unit = p.beat.next(max(unit, day*p.beat.perDay))
		if unit/p.beat.perDay != day {
			continue
		}
		second := 0
		if unit == from/p.unit {
			second = int(from % p.unit)
		}
		if second = p.clock.next(second); second >= 0 {
			return unit*p.unit + int64(second), true
		}
		unit++
	}
	return 0, false
}

// nextPosition is the first time from a time on that BYSETPOS chooses in a period.
func (p *pattern) nextPosition(period, from int64) (int64, bool) {
	start, end := p.dayOf(period), p.dayOf(period+1)
	times := int64(p.clock.size)
	size := p.calendar.count(start, end) * times
	least := p.countIn(start, end, from)
	best := int64(math.MaxInt64)
	for _, position := range p.positions {
		if i, ok := index(position, size); ok && i >= least {
			best = min(best, i)
		}
	}
	if best == math.MaxInt64 {
		return 0, false
	}
	return p.inPeriod(start, best), true
}

// countIn is the number of occurrences before a time among those of the days from
// start to end, whatever INTERVAL and BYSETPOS say.
func (p *pattern) countIn(start, end, before int64) int64 {
	day := min(before/secondsPerDay, end)
	if day < start {
		return 0
	}
	n := p.calendar.count(start, day) * int64(p.clock.size)
	if day < end && p.calendar.has(day) {
		n += int64(p.clock.before(int(before % secondsPerDay)))
	}
	return n
}

// periodOf is the number of the period that a day is in.
func (p *pattern) periodOf(day int64) int64 {
	switch p.freq {
	case rrule.YEARLY:
		year := yearOf(day)
		if p.calendar.weeks != nil {
			if day < p.dayOf(year) {
				year--
			} else if day >= p.dayOf(year+1) {
				year++
			}
		}
		return year
	case rrule.MONTHLY:
		year, month, _ := civil(day)
		return year*monthsPerYear + int64(month)
	case rrule.WEEKLY:
		return floorDiv(day-int64(p.calendar.weekStart), daysPerWeek)
	default:
		return day
	}
}

// dayOf is the first day of a period.
func (p *pattern) dayOf(period int64) int64 {
	switch p.freq {
	case rrule.YEARLY:
		if period > lastYear+1 {
			return endOfTime
		}
		first := firstOfYear(period)
		if p.calendar.weeks != nil {
			first += int64(firstWeek(weekday(first), p.calendar.weekStart))
		}
		return first
	case rrule.MONTHLY:
		year, month := floorDiv(period, monthsPerYear), floorMod(period, monthsPerYear)
		if year > lastYear {
			return endOfTime
		}
		return firstOfYear(year) + int64(monthStart[leap(year)][month])
	case rrule.WEEKLY:
		return period*daysPerWeek + int64(p.calendar.weekStart)
	default:
		return period
	}
}

// periodsPerCycle is after how many periods that INTERVAL leaves everything
// repeats, so that what was not found until then is never found.
func (p *pattern) periodsPerCycle() int64 {
	var periods int64
	switch p.freq {
	case rrule.YEARLY:
		periods = yearsPerCycle
	case rrule.MONTHLY:
		periods = monthsPerCycle
	case rrule.WEEKLY:
		periods = weeksPerCycle
	default:
		periods = daysPerCycle
	}
	return periods / gcd(periods, p.interval)
}

// nth is the time that has n others from the start on before it. beyond: it is
// later than the year 9999. An error: the rule is so irregular that finding out
// would take too long.
func (p *pattern) nth(n int64) (at int64, beyond bool, err error) {
	if n >= p.most() {
		return 0, true, nil
	}
	if p.unit > 0 {
		return p.nthOfUnits(n)
	}
	first, times := p.start/secondsPerDay, int64(p.clock.size)
	if len(p.positions) == 0 && (p.interval == 1 || p.calendar.everyDay && p.freq == rrule.DAILY) {
		n += p.countIn(first, first+1, p.start)
		day, ok := first+n/times*p.interval, true
		if !p.calendar.everyDay {
			day, ok = p.calendar.nth(first, n/times)
		}
		return day*secondsPerDay + int64(p.clock.nth(int(n%times))), !ok || day >= endOfTime, nil
	}
	if p.freq == rrule.WEEKLY && p.calendar.months == allMonths && len(p.positions) == 0 {
		// Each week has the same.
		perWeek := int64(countBits(uint64(p.calendar.weekdays), daysPerWeek)) * times
		n += p.countIn(p.dayOf(p.firstPeriod), first+1, p.start)
		start := p.dayOf(p.firstPeriod + n/perWeek*p.interval)
		return p.inPeriod(start, n%perWeek), start+daysPerWeek > endOfTime, nil
	}
	day, periodOfStart := first, p.periodOf(first)
	for range maxWalk {
		found, ok := p.calendar.next(day)
		if !ok {
			return 0, true, nil
		}
		period := p.periodOf(found)
		if late := floorMod(period-p.firstPeriod, p.interval); late != 0 {
			day = p.dayOf(period + p.interval - late)
			continue
		}
		start, end := p.dayOf(period), p.dayOf(period+1)
		size, early := times, int64(0)
		if p.freq != rrule.DAILY {
			size *= p.calendar.count(start, end)
		}
		if period == periodOfStart {
			early = p.countIn(start, end, p.start)
		}
		if len(p.positions) > 0 {
			chosen := p.chosen(early, size)
			if n < int64(len(chosen)) {
				return p.inPeriod(start, chosen[n]), false, nil
			}
			n -= int64(len(chosen))
		} else {
			if n < size-early {
				return p.inPeriod(start, early+n), false, nil
			}
			n -= size - early
		}
		day = end
	}
	return 0, false, errTooIrregular
}

// inPeriod is the ith time, counted from 0, of a period that begins on a day.
func (p *pattern) inPeriod(start, i int64) int64 {
	times := int64(p.clock.size)
	day, _ := p.calendar.nth(start, i/times)
	return day*secondsPerDay + int64(p.clock.nth(int(i%times)))
}

// chosen is what BYSETPOS chooses from size times, those that are before the
// start left out, in order.
func (p *pattern) chosen(early, size int64) []int64 {
	var chosen []int64
	for _, position := range p.positions {
		if i, ok := index(position, size); ok && i >= early {
			chosen = append(chosen, i)
		}
	}
	slices.Sort(chosen)
	return slices.Compact(chosen)
}

func (p *pattern) nthOfUnits(n int64) (at int64, beyond bool, err error) {
	times, perDay := int64(p.clock.size), p.beat.perDay
	day := p.start / secondsPerDay
	if p.calendar.has(day) && p.beat.next(p.beat.start) == p.beat.start {
		n += int64(p.clock.before(int(p.start % p.unit)))
	}
	if p.calendar.everyDay {
		at = p.beat.at(n/times)*p.unit + int64(p.clock.nth(int(n%times)))
		return at, at >= endOfTime*secondsPerDay, nil
	}
	for range maxWalk {
		found, ok := p.calendar.next(day)
		if !ok {
			return 0, true, nil
		}
		before := p.beat.count(found * perDay)
		here := (p.beat.count((found+1)*perDay) - before) * times
		if n < here {
			return p.beat.at(before+n/times)*p.unit + int64(p.clock.nth(int(n%times))), false, nil
		}
		n -= here
		day = found + 1
		if here == 0 {
			day = p.beat.next(found*perDay) / perDay
		}
	}
	return 0, false, errTooIrregular
}

// most is an upper bound of how often the rule fires.
func (p *pattern) most() int64 {
	if p.unit > 0 {
		return ((endOfTime*secondsPerDay-p.start)/p.unit/p.interval + 1) * int64(p.clock.size)
	}
	days := endOfTime - p.start/secondsPerDay
	if p.freq == rrule.DAILY {
		days = days/p.interval + 1
	}
	return days * int64(p.clock.size)
}
