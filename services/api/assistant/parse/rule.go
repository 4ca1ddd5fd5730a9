package parse

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// The frequencies of RFC 5545 §3.3.10 that people ask for.
const (
	minutely = "MINUTELY"
	hourly   = "HOURLY"
	daily    = "DAILY"
	weekly   = "WEEKLY"
	monthly  = "MONTHLY"
	yearly   = "YEARLY"
)

// rule is a recurrence rule, of the parts that can be said.
//
//nolint:recvcheck // refine is the only method that changes it
type rule struct {
	freq       string
	interval   int // 0 and 1 are the same
	byMonth    []time.Month
	byMonthDay []int
	byDay      []weekday
	nths       []int // of the one weekday in byDay
	bySetPos   int
	quarterly  bool // the first or the last such day of a quarter: it tells in which month to begin
	byHour     []int
	byMinute   int // with byHour
	count      int
	until      time.Time
}

var dayCodes = [...]string{"", "MO", "TU", "WE", "TH", "FR", "SA", "SU"}

var workdays = []weekday{1, 2, 3, 4, 5}

// String is the rule without what is the default.
func (r rule) String() string {
	var b strings.Builder
	b.WriteString("FREQ=" + r.freq)
	if r.interval > 1 {
		b.WriteString(";INTERVAL=" + strconv.Itoa(r.interval))
	}
	list(&b, ";BYMONTH=", r.byMonth)
	list(&b, ";BYMONTHDAY=", r.byMonthDay)
	for i, d := range r.byDay {
		b.WriteString([]string{";BYDAY=", ","}[min(i, 1)])
		if len(r.nths) == 0 {
			b.WriteString(dayCodes[d])
		}
		for k, n := range r.nths {
			b.WriteString([]string{"", ","}[min(k, 1)] + strconv.Itoa(n) + dayCodes[d])
		}
	}
	list(&b, ";BYHOUR=", r.byHour)
	if len(r.byHour) > 0 {
		b.WriteString(";BYMINUTE=" + strconv.Itoa(r.byMinute))
	}
	if r.bySetPos != 0 {
		b.WriteString(";BYSETPOS=" + strconv.Itoa(r.bySetPos))
	}
	switch { // at most one of them (RFC 5545 §3.3.10)
	case r.count > 0:
		b.WriteString(";COUNT=" + strconv.Itoa(r.count))
	case !r.until.IsZero():
		b.WriteString(";UNTIL=" + r.until.UTC().Format("20060102T150405Z"))
	}
	return b.String()
}

func list[N ~int](b *strings.Builder, name string, numbers []N) {
	for i, n := range numbers {
		b.WriteString([]string{name, ","}[min(i, 1)])
		b.WriteString(strconv.Itoa(int(n)))
	}
}

// falls says whether the rule's parts hold for a day; the interval is counted from
// the first occurrence, so that it excludes no day from being that.
func (r rule) falls(d date) bool {
	switch {
	case len(r.byMonth) > 0 && !slices.Contains(r.byMonth, d.Month()), r.quarterly && !r.inQuarter(d):
		return false
	case len(r.byMonthDay) > 0:
		return slices.ContainsFunc(r.byMonthDay, func(n int) bool {
			if n < 0 {
				return d.lastOfMonth().Day()+n+1 == d.Day()
			}
			return n == d.Day()
		})
	case r.bySetPos != 0:
		m := mention{shape: byWorkday, nth: r.bySetPos}
		c, ok := m.in(d.firstOfMonth())
		return ok && c == d
	case len(r.nths) > 0:
		return slices.ContainsFunc(r.nths, func(n int) bool {
			c, ok := d.nth(n, r.byDay[0])
			return ok && c == d
		})
	case len(r.byDay) > 0:
		return slices.Contains(r.byDay, d.weekday())
	}
	return true
}

// inQuarter says whether a day is in the month of its quarter that has the rule's day:
// the first, and for days that are counted from the end the last.
func (r rule) inQuarter(d date) bool {
	n := r.bySetPos + slices.Min(append(r.nths, 0)) + slices.Min(append(r.byMonthDay, 0))
	if n < 0 {
		return d.Month()%3 == 0
	}
	return d.Month()%3 == 1
}

// refine narrows a rule to the days that a mention names: "every year on march 3".
// It says whether the mention is of a kind that the rule can be narrowed by.
func (r *rule) refine(m mention) bool {
	if len(r.byDay) > 0 || len(r.byMonthDay) > 0 {
		return false
	}
	switch {
	case m.shape == byWeekday && r.freq == weekly:
		r.byDay = []weekday{m.weekday}
	case m.shape == byMonthDay && r.freq == monthly:
		r.byMonthDay = []int{m.nth}
	case m.shape == byNth && r.freq == monthly:
		r.byDay, r.nths = []weekday{m.weekday}, []int{m.nth}
	case m.shape == byWorkday && r.freq == monthly:
		r.byDay, r.bySetPos = workdays, m.nth
	case m.shape == byYearDay && r.freq == yearly:
		r.byMonth, r.byMonthDay = []time.Month{m.month}, []int{m.nth}
	case m.shape == byYearNth && r.freq == yearly:
		r.byMonth, r.byDay, r.nths = []time.Month{m.month}, []weekday{m.weekday}, []int{m.nth}
	case m.shape == byMonth && r.freq == yearly:
		r.byMonth, r.byMonthDay = []time.Month{m.month}, []int{1}
	default:
		return false
	}
	return true
}

// first is the first occurrence from a day on that is not before now.
func (p *parser) first(r rule, from date, c *clock) dueTime {
	const horizon = 9 * 366 // a leap day is at most eight years away
	at := dueTime{date: from}
	if c != nil {
		at.hour, at.minute, at.hasTime = c.resolve(), c.minute, true
		if c.midnight {
			at.hour = 0
		}
	}
	for range horizon {
		if r.falls(at.date) && (!at.hasTime || !p.passed(at)) {
			return at
		}
		at.date = at.plus(1)
	}
	return dueTime{date: from, hour: at.hour, minute: at.minute, hasTime: at.hasTime}
}
