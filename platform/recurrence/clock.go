package recurrence

import (
	"math/bits"
	"sort"
)

// clock is the times at which a rule fires within a day, an hour or a minute, in
// seconds since its start: every combination of hours, minutes and seconds, or
// with BYSETPOS the list of those chosen.
type clock struct {
	hours, minutes, seconds uint64 // bits
	chosen                  []int
	size                    int
}

func newClock(hours, minutes, seconds uint64) *clock {
	return &clock{
		hours: hours, minutes: minutes, seconds: seconds,
		size: bits.OnesCount64(hours) * bits.OnesCount64(minutes) * bits.OnesCount64(seconds),
	}
}

// choose keeps the given positions; 1 is the first and -1 the last.
func (c *clock) choose(positions []int) *clock {
	chosen := make([]int, 0, len(positions))
	for _, position := range positions {
		if i, ok := index(position, int64(c.size)); ok {
			chosen = append(chosen, c.nth(int(i)))
		}
	}
	sort.Ints(chosen)
	unique := chosen[:0]
	for i, second := range chosen {
		if i == 0 || second != chosen[i-1] {
			unique = append(unique, second)
		}
	}
	return &clock{chosen: unique, size: len(unique)}
}

// index is the place of a BYSETPOS position among size others, counted from 0.
func index(position int, size int64) (int64, bool) {
	i := int64(position) - 1
	if position < 0 {
		i = size + int64(position)
	}
	return i, i >= 0 && i < size
}

// next is the first time from second on, or -1.
func (c *clock) next(second int) int {
	if c.chosen != nil {
		if i := sort.SearchInts(c.chosen, second); i < len(c.chosen) {
			return c.chosen[i]
		}
		return -1
	}
	hour, minute, s := second/3600, second/60%60, second%60
	h := nextBit(c.hours, hour)
	if h != hour {
		minute, s = 0, 0
	}
	if h < 0 {
		return -1
	}
	m := nextBit(c.minutes, minute)
	if m != minute {
		s = 0
	}
	if m >= 0 {
		if found := nextBit(c.seconds, s); found >= 0 {
			return h*3600 + m*60 + found
		}
		if m = nextBit(c.minutes, m+1); m >= 0 {
			return h*3600 + m*60 + nextBit(c.seconds, 0)
		}
	}
	if h = nextBit(c.hours, h+1); h >= 0 {
		return h*3600 + nextBit(c.minutes, 0)*60 + nextBit(c.seconds, 0)
	}
	return -1
}

// before is the number of times before second.
func (c *clock) before(second int) int {
	if c.chosen != nil {
		return sort.SearchInts(c.chosen, second)
	}
	hour, minute, s := second/3600, second/60%60, second%60
	perMinute := bits.OnesCount64(c.seconds)
	perHour := perMinute * bits.OnesCount64(c.minutes)
	n := countBits(c.hours, hour) * perHour
	if c.hours>>hour&1 == 1 {
		n += countBits(c.minutes, minute) * perMinute
		if c.minutes>>minute&1 == 1 {
			n += countBits(c.seconds, s)
		}
	}
	return n
}

// nth is the time that has n others before it; it must exist.
func (c *clock) nth(n int) int {
	if c.chosen != nil {
		return c.chosen[n]
	}
	perMinute := bits.OnesCount64(c.seconds)
	perHour := perMinute * bits.OnesCount64(c.minutes)
	return nthBit(c.hours, n/perHour)*3600 + nthBit(c.minutes, n%perHour/perMinute)*60 + nthBit(c.seconds, n%perMinute)
}

// shortestGap is the fewest seconds between two of the times; 0 if there is only one.
func (c *clock) shortestGap() int {
	gap := 0
	for i, previous := 0, 0; i < c.size; i++ {
		second := c.nth(i)
		if i > 0 && (gap == 0 || second-previous < gap) {
			gap = second - previous
		}
		previous = second
	}
	return gap
}

// nextBit is the first bit that is set from i on, or -1.
func nextBit(set uint64, i int) int {
	if set >>= i; set != 0 {
		return i + bits.TrailingZeros64(set)
	}
	return -1
}

func countBits(set uint64, below int) int { return bits.OnesCount64(set & (1<<below - 1)) }

func nthBit(set uint64, n int) int {
	for ; n > 0; n-- {
		set &= set - 1
	}
	return bits.TrailingZeros64(set)
}

// beat is the units (hours, minutes or seconds) at which a rule of that FREQ
// fires, as far as INTERVAL and the clock decide: start, start + interval, … less
// those that BYHOUR, BYMINUTE and BYSECOND exclude. Since the clock starts anew
// each day, the pattern of what is excluded repeats.
type beat struct {
	start, interval int64
	perDay          int64 // units in a day

	// period is the number of steps after which the pattern repeats, fires has a
	// bit for each of them and sums the number of bits before each word. fires is
	// nil if nothing is excluded.
	period int64
	fires  []uint64
	sums   []int64
}

// newBeat lays the pattern out. allowed has a bit for each unit of a day; nil
// allows all. If the steps meet the same weekdays in each round, weekdays (bits)
// is part of the pattern; otherwise each step meets all.
func newBeat(start, interval, perDay int64, allowed []uint64, weekdays uint8) beat {
	b := beat{start: start, interval: interval, perDay: perDay}
	b.period = perDay / gcd(perDay, interval)
	roundDays := b.period * interval / perDay
	if roundDays%daysPerWeek != 0 {
		weekdays = allWeekdays
	}
	if allowed == nil && weekdays == allWeekdays {
		return b
	}

	b.fires = make([]uint64, b.period/64+1)
	b.sums = make([]int64, len(b.fires)+1)
	day, unit := start/perDay%daysPerWeek, start%perDay
	stepDays, stepUnits := interval/perDay%daysPerWeek, interval%perDay
	for step := range b.period {
		fires := uint64(weekdays >> day & 1)
		if allowed != nil {
			fires &= allowed[unit>>6] >> (unit & 63)
		}
		b.fires[step>>6] |= fires << (step & 63)
		day += stepDays
		if unit += stepUnits; unit >= perDay {
			unit -= perDay
			day++
		}
		if day >= daysPerWeek {
			day -= daysPerWeek
		}
	}
	for word, fires := range b.fires {
		b.sums[word+1] = b.sums[word] + int64(bits.OnesCount64(fires))
	}
	return b
}

// never says that the pattern excludes everything.
func (b *beat) never() bool { return b.fires != nil && b.sums[len(b.sums)-1] == 0 }

// next is the first unit from a unit on.
func (b *beat) next(unit int64) int64 {
	step := int64(0)
	if unit > b.start {
		step = (unit - b.start + b.interval - 1) / b.interval
	}
	return b.start + b.nth(b.before(step))*b.interval
}

// count is the number of units before unit.
func (b *beat) count(unit int64) int64 {
	if unit <= b.start {
		return 0
	}
	return b.before((unit - b.start + b.interval - 1) / b.interval)
}

// before is the number of steps that fire among the first.
func (b *beat) before(step int64) int64 {
	if b.fires == nil {
		return step
	}
	round, rest := step/b.period, step%b.period
	return round*b.sums[len(b.sums)-1] + b.sums[rest>>6] + int64(countBits(b.fires[rest>>6], int(rest&63)))
}

// nth is the step that has n others that fire before it.
func (b *beat) nth(n int64) int64 {
	if b.fires == nil {
		return n
	}
	perRound := b.sums[len(b.sums)-1]
	round, rest := n/perRound, n%perRound
	word := sort.Search(len(b.fires), func(i int) bool { return b.sums[i+1] > rest })
	return round*b.period + int64(word<<6+nthBit(b.fires[word], int(rest-b.sums[word])))
}

// at is the unit that has n others before it.
func (b *beat) at(n int64) int64 { return b.start + b.nth(n)*b.interval }

// shortestGap is the fewest units between two that fire.
func (b *beat) shortestGap() int64 {
	if b.fires == nil {
		return b.interval
	}
	gap, perRound := int64(0), b.sums[len(b.sums)-1]
	for n := range perRound {
		if steps := b.nth(n+1) - b.nth(n); gap == 0 || steps < gap {
			gap = steps
		}
	}
	return gap * b.interval
}
