package parse

import (
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
)

// date is a day of the calendar, without a zone: midnight in UTC.
type date struct{ time.Time }

func newDate(y int, m time.Month, d int) date {
	return date{time.Date(y, m, d, 0, 0, 0, 0, time.UTC)}
}

func dateOf(t time.Time) date { return newDate(t.Date()) }

// validDate refuses what the calendar does not have, such as February 30.
func validDate(y int, m time.Month, d int) (date, bool) {
	c := newDate(y, m, d)
	return c, d >= 1 && c.Month() == m && c.Day() == d
}

func (d date) plus(days int) date { return date{d.AddDate(0, 0, days)} }

// plusMonths stays in the month that it reaches: a month after January 31 is the
// last day of February.
func (d date) plusMonths(n int) date {
	first := newDate(d.Year(), d.Month()+time.Month(n), 1)
	return first.plus(min(d.Day(), first.lastOfMonth().Day()) - 1)
}

// plusWorkdays counts Mondays to Fridays.
func (d date) plusWorkdays(n int) date {
	for n > 0 {
		if d = d.plus(1); d.weekday() <= 5 {
			n--
		}
	}
	return d
}

func (d date) weekday() weekday {
	if d.Weekday() == time.Sunday {
		return 7
	}
	return weekday(d.Weekday())
}

// next is the first such day after d.
func (d date) next(w weekday) date { return d.plus((int(w)-int(d.weekday())+6)%7 + 1) }

// monday begins d's week.
func (d date) monday() date { return d.plus(1 - int(d.weekday())) }

func (d date) firstOfMonth() date { return newDate(d.Year(), d.Month(), 1) }
func (d date) lastOfMonth() date  { return newDate(d.Year(), d.Month()+1, 0) }
func (d date) lastOfQuarter() date {
	return newDate(d.Year(), (d.Month()-1)/3*3+4, 0)
}

func (d date) before(other date) bool { return d.Time.Before(other.Time) }

// nth is the nth such day of d's month, counted from its end when n is negative.
func (d date) nth(n int, w weekday) (date, bool) {
	if n < 0 {
		last := d.lastOfMonth()
		c := last.plus(-(int(last.weekday()) - int(w) + 7) % 7).plus(7 * (n + 1))
		return c, c.Month() == d.Month()
	}
	c := d.firstOfMonth().plus(-1).next(w).plus(7 * (n - 1))
	return c, c.Month() == d.Month()
}

// at is the instant at which clocks in the zone show the time. A time that the
// clocks skip is read with the offset before the gap, one that they show twice is
// the first of the two (RFC 5545 §3.3.5).
func (d date) at(hour, minute int, zone *time.Location) time.Time {
	clock := time.Duration(hour)*time.Hour + time.Duration(minute)*time.Minute
	return recurrence.LocalOf(d.Add(clock), time.UTC).In(zone)
}
