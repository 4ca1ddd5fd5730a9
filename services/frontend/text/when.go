package text

import (
	"strconv"
	"strings"
	"time"
)

// Locale writes days and times as a person is used to.
type Locale struct {
	Catalogue *Catalogue
	Zone      *time.Location
	// American: the month before the day, and a clock of 12 hours.
	American bool
}

// NewLocale takes the zone's IANA name, which falls back to UTC, and the
// browser's Accept-Language (RFC 9110 §12.5.4), of which the first tag counts.
func NewLocale(c *Catalogue, zone, acceptLanguage string) Locale {
	location, err := time.LoadLocation(zone)
	if err != nil || zone == "" {
		location = time.UTC
	}
	first, _, _ := strings.Cut(acceptLanguage, ",")
	first, _, _ = strings.Cut(first, ";")
	return Locale{Catalogue: c, Zone: location, American: strings.EqualFold(strings.TrimSpace(first), "en-US")}
}

// EndOfDay is when a task is due that has a day and no time: the day's last
// second in the person's zone.
func (l Locale) EndOfDay(year int, month time.Month, day int) time.Time {
	return time.Date(year, month, day, 23, 59, 59, 0, l.Zone)
}

// HasTime says whether an instant is more than the end of a day.
func (l Locale) HasTime(at time.Time) bool {
	hour, minute, second := at.In(l.Zone).Clock()
	return hour != 23 || minute != 59 || second != 59
}

// StartOfDay is the first instant of the day that is days after now's.
func (l Locale) StartOfDay(now time.Time, days int) time.Time {
	year, month, day := now.In(l.Zone).Date()
	return time.Date(year, month, day+days, 0, 0, 0, 0, l.Zone)
}

// daysFrom counts calendar days from now to at, negative for the past.
func (l Locale) daysFrom(now, at time.Time) int {
	utc := func(t time.Time) time.Time {
		year, month, day := t.In(l.Zone).Date()
		return time.Date(year, month, day, 0, 0, 0, 0, time.UTC)
	}
	return int(utc(at).Sub(utc(now)).Hours() / 24)
}

// Day names the day of at, as shortly as is clear from now: "Tomorrow", "Fri", "12 Mar".
func (l Locale) Day(now, at time.Time) string {
	days, local := l.Catalogue.Days, at.In(l.Zone)
	const week = 7
	switch ahead := l.daysFrom(now, at); {
	case ahead == 0:
		return days.Today
	case ahead == 1:
		return days.Tomorrow
	case ahead == -1:
		return days.Yesterday
	case ahead > 1 && ahead < week:
		return days.Weekdays[local.Weekday()]
	}
	return l.date(local, days.MonthsShort, local.Year() != now.In(l.Zone).Year())
}

// Heading names a day in full for a list's heading: "Tomorrow · Tuesday 24 November".
func (l Locale) Heading(now, at time.Time) string {
	days, local := l.Catalogue.Days, at.In(l.Zone)
	separator := " "
	if l.American {
		separator = ", "
	}
	full := days.Weekdays[local.Weekday()] + separator + l.date(local, days.Months, local.Year() != now.In(l.Zone).Year())
	switch l.daysFrom(now, at) {
	case 0:
		return days.Today + " · " + full
	case 1:
		return days.Tomorrow + " · " + full
	}
	return full
}

func (l Locale) date(local time.Time, months [12]string, withYear bool) string {
	month, day := months[local.Month()-1], strconv.Itoa(local.Day())
	written := day + " " + month
	year := " "
	if l.American {
		written, year = month+" "+day, ", "
	}
	if withYear {
		written += year + strconv.Itoa(local.Year())
	}
	return written
}

// Clock writes the time of day.
func (l Locale) Clock(at time.Time) string {
	if l.American {
		return at.In(l.Zone).Format("3:04 PM")
	}
	return at.In(l.Zone).Format("15:04")
}

// Due writes the day and, where there is one, the time.
func (l Locale) Due(now, at time.Time) string {
	if l.HasTime(at) {
		return l.Catalogue.Days.At(l.Day(now, at), l.Clock(at))
	}
	return l.Day(now, at)
}

// Moment writes a day and its time.
func (l Locale) Moment(now, at time.Time) string {
	return l.Catalogue.Days.At(l.Day(now, at), l.Clock(at))
}

// WeekStart is the day with which weeks begin in a calendar.
func (l Locale) WeekStart() time.Weekday {
	if l.American {
		return time.Sunday
	}
	return time.Monday
}
