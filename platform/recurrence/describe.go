package recurrence

import (
	"fmt"
	"math/bits"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/teambition/rrule-go"
)

// mostListed is how many times or dates a description lists one by one.
const mostListed = 6

var (
	weekdayNames = [daysPerWeek]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	units        = [...]string{"year", "month", "week", "day", "hour", "minute", "second"} // by rrule.Frequency
)

// Describe is the recurrence in plain English, such as "Every 2 weeks on Monday
// and Thursday at 9:00 AM, until December 31, 2026". Every part of it is named,
// those that follow from Start included.
func (r *Rule) Describe() string { return r.describe(false) }

// DescribeDays is Describe for a recurrence whose Start was given as a date: its
// occurrences are days, and their midnight is not mentioned. What the rule itself says
// of the time of day is.
func (r *Rule) DescribeDays() string { return r.describe(true) }

func (r *Rule) describe(days bool) string {
	if r.option == nil {
		return "On " + r.datesOf(r.rdates, days) + r.exceptions(days)
	}
	o := r.option
	days = days && o.Freq <= rrule.DAILY && len(o.Byhour)+len(o.Byminute)+len(o.Bysecond) == 0
	d := description{option: o, start: r.spec.Start, clock: r.pattern.clock, days: days}
	text := d.recurs() + d.ending(r.zone)
	if len(r.rdates) > 0 {
		text += ", and also on " + r.datesOf(r.rdates, days)
	}
	return text + r.exceptions(days)
}

func (r *Rule) exceptions(days bool) string {
	if len(r.exdates) == 0 {
		return ""
	}
	return ", except on " + r.datesOf(r.exdates, days)
}

func (r *Rule) datesOf(unix []int64, days bool) string {
	if len(unix) > mostListed {
		return fmt.Sprintf("%d dates from %s to %s", len(unix), r.moment(unix[0], days), r.moment(unix[len(unix)-1], days))
	}
	dates := make([]string, len(unix))
	for i, at := range unix {
		dates[i] = r.moment(at, days)
	}
	return and(dates)
}

func (r *Rule) moment(unix int64, days bool) string {
	t := time.Unix(unix, 0).In(r.zone)
	return t.Format("January 2, 2006") + timeOf(t, days)
}

// timeOf is the time of day, of which a day has none.
func timeOf(t time.Time, days bool) string {
	if hour, minute, second := t.Clock(); !days || hour+minute+second > 0 {
		return " at " + clockTime(hour, minute, second)
	}
	return ""
}

// description writes one rule down. What a part does depends on FREQ, so it is
// either said outright ("on the 13th") or as a limit ("only if it is a Friday").
type description struct {
	option *rrule.ROption
	start  Local
	clock  *clock
	days   bool // leaves the time of day out
	limits []string
}

// recurs is all but the end: how often, which days, what time, which of these.
func (d *description) recurs() string {
	o := d.option
	text := d.every()
	switch o.Freq {
	case rrule.YEARLY:
		text += d.daysOfYear()
	case rrule.MONTHLY:
		text += d.daysOfMonth()
		d.limitMonths()
	case rrule.WEEKLY:
		text = d.daysOfWeek(text)
		d.limitMonths()
	default:
		if o.Freq == rrule.DAILY && o.Interval <= 1 && len(o.Byweekday) > 0 {
			text = "Every " + weekdayList(o.Byweekday, and)
		} else if len(o.Byweekday) > 0 {
			d.limit("on " + weekdayList(o.Byweekday, and))
		}
		d.limitMonthDays()
		d.limitYearDays()
		d.limitMonths()
	}
	if !d.days {
		text += d.times()
	}
	d.limitPositions()
	return strings.Join(append([]string{text}, d.limits...), ", ")
}

func (d *description) every() string {
	unit := units[d.option.Freq]
	if d.option.Interval > 1 {
		return fmt.Sprintf("Every %d %ss", d.option.Interval, unit)
	}
	return "Every " + unit
}

func (d *description) limit(text string) { d.note("only " + text) }

func (d *description) note(text string) { d.limits = append(d.limits, text) }

func (d *description) limitMonths() {
	if len(d.option.Bymonth) > 0 {
		d.limit("in " + months(d.option.Bymonth))
	}
}

func (d *description) limitMonthDays() {
	if len(d.option.Bymonthday) > 0 {
		d.limit("on " + monthDays(d.option.Bymonthday) + " of the month")
	}
}

func (d *description) limitYearDays() {
	if len(d.option.Byyearday) > 0 {
		d.limit("on " + yearDays(d.option.Byyearday))
	}
}

func (d *description) limitWeekdays(scope string) {
	if len(d.option.Byweekday) > 0 {
		d.limit("if it is " + weekdayChoice(d.option.Byweekday, scope))
	}
}

func (d *description) daysOfWeek(every string) string {
	o := d.option
	days := o.Byweekday
	if len(days) == 0 {
		days = []rrule.Weekday{weekdayOf(weekday(d.start.day()))}
	}
	own := len(days) == 1 && days[0].Day() == weekday(d.start.day())
	if len(o.Bysetpos) > 0 || o.Interval > 1 && !own {
		d.weekStart()
	}
	if o.Interval <= 1 && (len(days) == 5 || len(days) == 7) && weekdayList(days, and) != joinWeekdays(days, and) {
		return "Every " + weekdayList(days, and)
	}
	if list := weekdayList(days, and); list != joinWeekdays(days, and) {
		return every + " on every " + list
	}
	return every + " on " + weekdayList(days, and)
}

// weekStart mentions WKST where it changes something and is not Monday.
func (d *description) weekStart() {
	if day := d.option.Wkst.Day(); day != 0 {
		d.note("with weeks that start on " + weekdayNames[day])
	}
}

func (d *description) daysOfMonth() string {
	o := d.option
	switch {
	case len(o.Bymonthday) > 0:
		if text, ok := d.orLastDay(); ok {
			return text
		}
		d.limitWeekdays(" of the month")
		if slices.ContainsFunc(o.Bymonthday, func(day int) bool { return day > 28 }) && len(o.Bysetpos) == 0 {
			d.note("where the month has that day")
		}
		return " on " + monthDays(o.Bymonthday)
	case len(o.Byweekday) > 0:
		if text, ok := d.positionOfWeekdays(); ok {
			return text
		}
		return " on " + eachWeekday(o.Byweekday, "")
	default:
		_, _, day := civil(d.start.day())
		if day > 28 {
			d.note("where the month has that day")
		}
		return " on " + monthDays([]int{day})
	}
}

// orLastDay recognises BYMONTHDAY=28,29,30;BYSETPOS=-1: the 30th, or the last day
// of a month that has none.
func (d *description) orLastDay() (string, bool) {
	o := d.option
	last := len(o.Bymonthday) - 1
	if d.clock.size != 1 || len(o.Byweekday) > 0 || !slices.Equal(o.Bysetpos, []int{-1}) || o.Bymonthday[0] < 1 || o.Bymonthday[0] > 28 {
		return "", false
	}
	for i, day := range o.Bymonthday {
		if day != o.Bymonthday[0]+i {
			return "", false
		}
	}
	switch day := o.Bymonthday[last]; {
	case day == 31:
		return " on the last day", true
	case day > 28:
		return " on the " + ordinal(day) + " (or the last day of a shorter month)", true
	default:
		return "", false
	}
}

// positionOfWeekdays recognises BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1: the last weekday.
func (d *description) positionOfWeekdays() (string, bool) {
	o := d.option
	numbered := slices.ContainsFunc(o.Byweekday, func(day rrule.Weekday) bool { return day.N() != 0 })
	if d.clock.size != 1 || numbered || len(o.Bysetpos) == 0 {
		return "", false
	}
	positions := make([]string, len(o.Bysetpos))
	for i, position := range o.Bysetpos {
		positions[i] = nth(position)
	}
	return " on the " + and(positions) + " " + weekdayList(o.Byweekday, or), true
}

func (d *description) daysOfYear() string {
	o := d.option
	if len(o.Byweekno) > 0 {
		d.weekStart()
		return d.daysOfWeeks()
	}
	ofMonth, inMonth := " of every month", ""
	if len(o.Bymonth) > 0 {
		ofMonth = " of " + months(o.Bymonth)
		inMonth = " in " + months(o.Bymonth)
	}
	scope := " of the year"
	if len(o.Bymonth) > 0 {
		scope = " of the month"
	}
	switch {
	case len(o.Byyearday) > 0:
		d.limitMonthDays()
		d.limitWeekdays(scope)
		d.limitMonths()
		return " on " + yearDays(o.Byyearday)
	case len(o.Bymonthday) == 1 && len(o.Bymonth) == 1 && o.Bymonthday[0] > 0:
		d.limitWeekdays(scope)
		return fmt.Sprintf(" on %v %d", time.Month(o.Bymonth[0]), o.Bymonthday[0])
	case len(o.Bymonthday) > 0:
		d.limitWeekdays(scope)
		return " on " + monthDays(o.Bymonthday) + ofMonth
	case len(o.Byweekday) > 0:
		if inMonth == "" {
			return " on " + eachWeekday(o.Byweekday, scope)
		}
		return " on " + eachWeekday(o.Byweekday, "") + inMonth
	default:
		_, month, day := civil(d.start.day())
		list := o.Bymonth
		if len(list) == 0 {
			list = []int{month + 1}
		}
		if len(list) == 1 {
			return fmt.Sprintf(" on %v %d", time.Month(list[0]), day)
		}
		return " on the " + ordinal(day) + " of " + months(list)
	}
}

func (d *description) daysOfWeeks() string {
	o := d.option
	weeks := make([]string, len(o.Byweekno))
	for i, week := range o.Byweekno {
		weeks[i] = "week " + strconv.Itoa(week)
		if week < 0 {
			weeks[i] = "the " + nth(week) + " week"
		}
	}
	week := " of " + and(weeks) + " of the year"
	d.limitMonthDays()
	d.limitYearDays()
	d.limitMonths()
	days := o.Byweekday
	switch {
	case len(days) > 0:
	case len(o.Bymonthday)+len(o.Byyearday) > 0:
		return " on each day" + week
	default:
		days = []rrule.Weekday{weekdayOf(weekday(d.start.day()))}
	}
	return " on " + weekdayList(days, and) + week
}

// times is the time of day, or of the hour or minute for HOURLY and faster.
func (d *description) times() string {
	o := d.option
	hour, minute, second := int(d.start.secondOfDay()/3600), int(d.start.secondOfDay()/60%60), int(d.start.secondOfDay()%60)
	hours, minutes, seconds := orOwn(o.Byhour, hour), orOwn(o.Byminute, minute), orOwn(o.Bysecond, second)
	text := ""
	switch o.Freq {
	case rrule.HOURLY:
		text = pastTheHour(minutes, seconds)
	case rrule.MINUTELY:
		if len(o.Bysecond) > 0 || second != 0 {
			text = " at " + plural("second", seconds) + " of the minute"
		}
		if len(o.Byminute) > 0 {
			d.limit("in " + plural("minute", minutes) + " of the hour")
		}
	case rrule.SECONDLY:
		if len(o.Bysecond) > 0 {
			d.limit("at " + plural("second", seconds) + " of the minute")
		}
		if len(o.Byminute) > 0 {
			d.limit("in " + plural("minute", minutes) + " of the hour")
		}
	default:
		text = timesOfDay(hours, minutes, seconds)
	}
	if o.Freq >= rrule.HOURLY && len(o.Byhour) > 0 {
		d.limit("in the hours from " + hourRanges(hours))
	}
	return text
}

// limitPositions says BYSETPOS, unless the days have said it.
func (d *description) limitPositions() {
	o := d.option
	if len(o.Bysetpos) == 0 {
		return
	}
	said := false
	switch {
	case o.Freq != rrule.MONTHLY:
	case len(o.Bymonthday) > 0:
		_, said = d.orLastDay()
	case len(o.Byweekday) > 0:
		_, said = d.positionOfWeekdays()
	}
	if said {
		return
	}
	positions := make([]string, len(o.Bysetpos))
	for i, position := range o.Bysetpos {
		positions[i] = nth(position)
	}
	d.limit("the " + and(positions) + " of these each " + units[o.Freq])
}

func (d *description) ending(zone *time.Location) string {
	o := d.option
	switch {
	case o.Count == 1:
		return ", once"
	case o.Count > 1:
		return fmt.Sprintf(", %d times", o.Count)
	case o.Until.IsZero():
		return ""
	}
	until := o.Until.In(zone)
	text := until.Format(", until January 2, 2006")
	if until.Hour() != 23 || until.Minute() != 59 || until.Second() != 59 {
		text += timeOf(until, d.days)
	}
	return text
}

func orOwn(list []int, own int) []int {
	if len(list) == 0 {
		return []int{own}
	}
	return list
}

func timesOfDay(hours, minutes, seconds []int) string {
	if len(hours)*len(minutes)*len(seconds) > mostListed {
		text := " at "
		if len(seconds) > 1 || seconds[0] != 0 {
			text += plural("second", seconds) + " of "
		}
		return text + plural("minute", minutes) + " in the hours from " + hourRanges(hours)
	}
	var times []string
	for _, hour := range hours {
		for _, minute := range minutes {
			for _, second := range seconds {
				times = append(times, clockTime(hour, minute, second))
			}
		}
	}
	return " at " + and(times)
}

func pastTheHour(minutes, seconds []int) string {
	text := " on the hour"
	if len(minutes) > 1 || minutes[0] != 0 {
		text = " at " + plural("minute", minutes) + " past the hour"
	}
	if len(seconds) > 1 || seconds[0] != 0 {
		text = " at " + plural("second", seconds) + " of " + plural("minute", minutes) + " past the hour"
	}
	return text
}

func clockTime(hour, minute, second int) string {
	half := "AM"
	if hour >= 12 {
		half = "PM"
	}
	if second != 0 {
		return fmt.Sprintf("%d:%02d:%02d %s", (hour+11)%12+1, minute, second, half)
	}
	return fmt.Sprintf("%d:%02d %s", (hour+11)%12+1, minute, half)
}

// hourRanges is hours as the spans of time that they are: "9:00 AM to 11:59 AM".
func hourRanges(hours []int) string {
	var set uint64
	for _, hour := range hours {
		set |= 1 << hour
	}
	var spans []string
	for set != 0 {
		from := bits.TrailingZeros64(set)
		to := from + bits.TrailingZeros64(^(set >> from)) - 1
		spans = append(spans, clockTime(from, 0, 0)+" to "+clockTime(to, 59, 0))
		set &^= 1<<(to+1) - 1
	}
	return and(spans)
}

func months(list []int) string {
	names := make([]string, len(list))
	for i, month := range list {
		names[i] = time.Month(month).String()
	}
	return and(names)
}

// monthDays is "the 2nd, 15th and last day".
func monthDays(list []int) string {
	days := make([]string, len(list))
	for i, day := range list {
		days[i] = ordinal(day)
		if day < 0 {
			days[i] = nth(day) + " day"
		}
	}
	return "the " + and(days)
}

func yearDays(list []int) string {
	days := make([]string, len(list))
	for i, day := range list {
		days[i] = ordinal(day) + " day"
		if day < 0 {
			days[i] = nth(day) + " day"
		}
	}
	return "the " + and(days) + " of the year"
}

// weekdayList is the names of days, which may be numbered by nobody: "Monday and
// Friday", or "weekday" for Monday to Friday and "day" for all.
func weekdayList(days []rrule.Weekday, join func([]string) string) string {
	var set uint8
	for _, day := range days {
		if day.N() != 0 {
			return joinWeekdays(days, join)
		}
		set |= 1 << day.Day()
	}
	switch set {
	case allWeekdays:
		return "day of the week"
	case allWeekdays >> 2:
		return "weekday (Monday to Friday)"
	default:
		return joinWeekdays(days, join)
	}
}

func joinWeekdays(days []rrule.Weekday, join func([]string) string) string {
	names := make([]string, len(days))
	for i, day := range days {
		names[i] = weekdayNames[day.Day()]
		if day.N() != 0 {
			names[i] = "the " + nth(day.N()) + " " + names[i]
		}
	}
	return join(names)
}

// eachWeekday is BYDAY where it names days outright: "each Monday and the last
// Friday of the month".
func eachWeekday(days []rrule.Weekday, scope string) string {
	plain, numbered := split(days)
	var phrases []string
	if len(plain) > 0 {
		phrases = append(phrases, "each "+weekdayList(plain, and))
	}
	if len(numbered) > 0 {
		phrases = append(phrases, joinWeekdays(numbered, and)+scope)
	}
	return and(phrases)
}

// weekdayChoice is BYDAY as a condition: "a Monday or the last Friday".
func weekdayChoice(days []rrule.Weekday, scope string) string {
	plain, numbered := split(days)
	var phrases []string
	if len(plain) > 0 {
		phrases = append(phrases, "a "+weekdayList(plain, or))
	}
	if len(numbered) > 0 {
		phrases = append(phrases, joinWeekdays(numbered, or)+scope)
	}
	return or(phrases)
}

func split(days []rrule.Weekday) (plain, numbered []rrule.Weekday) {
	for _, day := range days {
		if day.N() == 0 {
			plain = append(plain, day)
		} else {
			numbered = append(numbered, day)
		}
	}
	return plain, numbered
}

func plural(noun string, list []int) string {
	words := make([]string, len(list))
	for i, n := range list {
		words[i] = strconv.Itoa(n)
	}
	if len(list) > 1 {
		noun += "s"
	}
	return noun + " " + and(words)
}

// nth is a position that counts from either end: "first", "17th", "second-to-last".
func nth(n int) string {
	words := [...]string{"", "first", "second", "third", "fourth", "fifth"}
	if n == -1 {
		return "last"
	}
	word := ordinal(max(n, -n))
	if i := max(n, -n); i < len(words) {
		word = words[i]
	}
	if n < 0 {
		return word + "-to-last"
	}
	return word
}

func ordinal(n int) string {
	suffix := "th"
	if n%100 < 11 || n%100 > 13 {
		switch n % 10 {
		case 1:
			suffix = "st"
		case 2:
			suffix = "nd"
		case 3:
			suffix = "rd"
		}
	}
	return strconv.Itoa(n) + suffix
}

func and(words []string) string { return join(words, " and ") }
func or(words []string) string  { return join(words, " or ") }

func join(words []string, last string) string {
	if len(words) < 2 {
		return strings.Join(words, "")
	}
	n := len(words) - 1
	return strings.Join(words[:n], ", ") + last + words[n]
}
