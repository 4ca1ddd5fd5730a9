package recurrence_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"
)

// oracle is RFC 5545 §3.3.10 read naively: it looks at every day (or hour, minute
// or second) of a period, asks of each part whether it agrees, and knows nothing
// of the engine. Times are UTC times that stand for the wall clock.
type oracle struct {
	freq      string
	interval  int
	count     int
	weekStart time.Weekday
	start     time.Time
	lists     map[string][]int
	byDay     []oracleDay
}

type oracleDay struct {
	n   int
	day time.Weekday
}

var oracleWeekdays = map[string]time.Weekday{
	"MO": time.Monday, "TU": time.Tuesday, "WE": time.Wednesday, "TH": time.Thursday,
	"FR": time.Friday, "SA": time.Saturday, "SU": time.Sunday,
}

// longest is the longest that a period may be.
var longest = map[string]time.Duration{
	"YEARLY": 371 * 24 * time.Hour, "MONTHLY": 31 * 24 * time.Hour, "WEEKLY": 7 * 24 * time.Hour, "DAILY": 24 * time.Hour,
	"HOURLY": time.Hour, "MINUTELY": time.Minute, "SECONDLY": time.Second,
}

func newOracle(rule string, start time.Time) *oracle {
	o := &oracle{interval: 1, weekStart: time.Monday, start: start, lists: map[string][]int{}}
	for pair := range strings.SplitSeq(rule, ";") {
		name, value, _ := strings.Cut(pair, "=")
		switch name {
		case "FREQ":
			o.freq = value
		case "INTERVAL":
			o.interval, _ = strconv.Atoi(value)
		case "COUNT":
			o.count, _ = strconv.Atoi(value)
		case "WKST":
			o.weekStart = oracleWeekdays[value]
		case "BYDAY":
			for entry := range strings.SplitSeq(value, ",") {
				n, _ := strconv.Atoi(entry[:len(entry)-2])
				o.byDay = append(o.byDay, oracleDay{n, oracleWeekdays[entry[len(entry)-2:]]})
			}
		default:
			for entry := range strings.SplitSeq(value, ",") {
				n, _ := strconv.Atoi(entry)
				o.lists[name] = append(o.lists[name], n)
			}
		}
	}
	if len(o.lists["BYMONTHDAY"])+len(o.lists["BYYEARDAY"])+len(o.byDay) == 0 {
		switch {
		case o.freq == "WEEKLY" || o.lists["BYWEEKNO"] != nil:
			o.byDay = []oracleDay{{0, start.Weekday()}}
		case o.freq == "MONTHLY" || o.freq == "YEARLY":
			if o.freq == "YEARLY" && o.lists["BYMONTH"] == nil {
				o.lists["BYMONTH"] = []int{int(start.Month())}
			}
			o.lists["BYMONTHDAY"] = []int{start.Day()}
		}
	}
	return o
}

// until is every occurrence before a time.
func (o *oracle) until(end time.Time) []time.Time {
	return o.between(o.start, end)
}

// between is every occurrence in a span of time. COUNT is only right if that
// begins at the start.
func (o *oracle) between(begin, end time.Time) []time.Time {
	var all []time.Time
	// The weeks of the year before may reach into the first, hence one period more.
	for period := int(begin.Sub(o.start)/longest[o.freq])/o.interval - 1; ; period++ {
		from, to := o.period(period * o.interval)
		if !from.Before(end) {
			return all
		}
		set := o.inPeriod(from, to)
		if positions := o.lists["BYSETPOS"]; positions != nil {
			var chosen []time.Time
			for i, at := range set {
				if slices.Contains(positions, i+1) || slices.Contains(positions, i-len(set)) {
					chosen = append(chosen, at)
				}
			}
			set = chosen
		}
		for _, at := range set {
			switch {
			case at.Before(begin):
			case !at.Before(end), o.count > 0 && len(all) >= o.count:
				return all
			default:
				all = append(all, at)
			}
		}
	}
}

// period is the nth period counted from the one of the start.
func (o *oracle) period(n int) (from, to time.Time) {
	s := o.start
	midnight := time.Date(s.Year(), s.Month(), s.Day(), 0, 0, 0, 0, time.UTC)
	switch o.freq {
	case "YEARLY":
		if o.lists["BYWEEKNO"] == nil {
			from = time.Date(s.Year()+n, 1, 1, 0, 0, 0, 0, time.UTC)
			return from, from.AddDate(1, 0, 0)
		}
		year := s.Year() - 1
		for !o.firstWeek(year + 1).After(midnight) {
			year++
		}
		if !o.dayAgrees(midnight) {
			year = s.Year()
		}
		return o.firstWeek(year + n), o.firstWeek(year + n + 1)
	case "MONTHLY":
		from = time.Date(s.Year(), s.Month()+time.Month(n), 1, 0, 0, 0, 0, time.UTC)
		return from, from.AddDate(0, 1, 0)
	case "WEEKLY":
		for midnight.Weekday() != o.weekStart {
			midnight = midnight.AddDate(0, 0, -1)
		}
		from = midnight.AddDate(0, 0, 7*n)
		return from, from.AddDate(0, 0, 7)
	case "DAILY":
		from = midnight.AddDate(0, 0, n)
		return from, from.AddDate(0, 0, 1)
	default:
		unit := map[string]time.Duration{"HOURLY": time.Hour, "MINUTELY": time.Minute, "SECONDLY": time.Second}[o.freq]
		from = s.Truncate(unit).Add(time.Duration(n) * unit)
		return from, from.Add(unit)
	}
}

// firstWeek is when week 1 of a year begins: the week that has 4 January in it.
func (o *oracle) firstWeek(year int) time.Time {
	day := time.Date(year, 1, 4, 0, 0, 0, 0, time.UTC)
	for day.Weekday() != o.weekStart {
		day = day.AddDate(0, 0, -1)
	}
	return day
}

func (o *oracle) inPeriod(from, to time.Time) []time.Time {
	var set []time.Time
	day := from.Truncate(24 * time.Hour)
	for ; day.Before(to); day = day.AddDate(0, 0, 1) {
		if !o.dayAgrees(day) {
			continue
		}
		for _, hour := range o.values("BYHOUR", day, from, to, time.Hour, 24, o.start.Hour(), "HOURLY MINUTELY SECONDLY") {
			for _, minute := range o.values("BYMINUTE", hour, from, to, time.Minute, 60, o.start.Minute(), "MINUTELY SECONDLY") {
				set = append(set, o.values("BYSECOND", minute, from, to, time.Second, 60, o.start.Second(), "SECONDLY")...)
			}
		}
	}
	return set
}

// values is the hours of a day, minutes of an hour or seconds of a minute that
// agree and lie in the period.
func (o *oracle) values(part string, base, from, to time.Time, unit time.Duration, n, ofStart int, limitedBy string) []time.Time {
	var values []time.Time
	for i := range n {
		at := base.Add(time.Duration(i) * unit)
		if at.Add(unit).Before(from) || !at.Add(unit).After(from) || !at.Before(to) {
			continue
		}
		list := o.lists[part]
		if list == nil && !strings.Contains(limitedBy, o.freq) && i != ofStart || list != nil && !slices.Contains(list, i) {
			continue
		}
		values = append(values, at)
	}
	return values
}

func (o *oracle) dayAgrees(day time.Time) bool {
	monthDays := day.AddDate(0, 1, -day.Day()).Day()
	yearDays := time.Date(day.Year(), 12, 31, 0, 0, 0, 0, time.UTC).YearDay()
	agrees := func(part string, fromStart, fromEnd int) bool {
		list := o.lists[part]
		return list == nil || slices.Contains(list, fromStart) || slices.Contains(list, fromEnd)
	}
	if !agrees("BYMONTH", int(day.Month()), 0) ||
		!agrees("BYMONTHDAY", day.Day(), day.Day()-monthDays-1) ||
		!agrees("BYYEARDAY", day.YearDay(), day.YearDay()-yearDays-1) {
		return false
	}
	if o.lists["BYWEEKNO"] != nil {
		year := day.Year() - 1
		for !o.firstWeek(year + 1).After(day) {
			year++
		}
		week := int(day.Sub(o.firstWeek(year)).Hours()/24)/7 + 1
		weeks := int(o.firstWeek(year+1).Sub(o.firstWeek(year)).Hours()/24) / 7
		if !agrees("BYWEEKNO", week, week-weeks-1) {
			return false
		}
	}
	if o.byDay == nil {
		return true
	}
	index, length := day.YearDay(), yearDays
	if _, given := o.lists["BYMONTH"]; o.freq == "MONTHLY" || given {
		index, length = day.Day(), monthDays
	}
	return slices.ContainsFunc(o.byDay, func(d oracleDay) bool {
		return d.day == day.Weekday() && (d.n == 0 || d.n == (index-1)/7+1 || d.n == -((length-index)/7+1))
	})
}

// randomRule is a rule that RFC 5545 allows, which may never fire.
func randomRule(r *rand.Rand) string {
	freq := []string{"YEARLY", "MONTHLY", "WEEKLY", "DAILY", "HOURLY", "MINUTELY", "SECONDLY"}[r.IntN(7)]
	rule := "FREQ=" + freq
	if r.IntN(2) == 0 {
		most := map[string]int{"YEARLY": 5, "MONTHLY": 15, "WEEKLY": 9, "DAILY": 40, "HOURLY": 60, "MINUTELY": 1500, "SECONDLY": 5000}[freq]
		rule += fmt.Sprintf(";INTERVAL=%d", r.IntN(most)+1)
	}
	weekNumbers := freq == "YEARLY" && r.IntN(3) == 0
	limits := 0
	add := func(name string, oneIn, least, most int, signed bool) {
		if r.IntN(oneIn) > 0 {
			return
		}
		values := make([]string, r.IntN(3)+1)
		for i := range values {
			value := least + r.IntN(most-least+1)
			if signed && r.IntN(3) == 0 {
				value = -value
			}
			values[i] = strconv.Itoa(value)
		}
		limits++
		rule += ";" + name + "=" + strings.Join(values, ",")
	}
	add("BYMONTH", 4, 1, 12, false)
	if weekNumbers {
		add("BYWEEKNO", 1, 1, 53, true)
	}
	if freq != "WEEKLY" {
		add("BYMONTHDAY", 4, 1, 31, true)
	}
	if freq != "DAILY" && freq != "WEEKLY" && freq != "MONTHLY" {
		add("BYYEARDAY", 6, 1, 366, true)
	}
	if r.IntN(3) == 0 {
		days := make([]string, r.IntN(4)+1)
		for i := range days {
			days[i] = []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[r.IntN(7)]
			if (freq == "MONTHLY" || freq == "YEARLY") && !weekNumbers && r.IntN(2) == 0 {
				n := r.IntN(5) + 1
				if r.IntN(3) == 0 {
					n = -n
				}
				days[i] = strconv.Itoa(n) + days[i]
			}
		}
		limits++
		rule += ";BYDAY=" + strings.Join(days, ",")
	}
	add("BYHOUR", 4, 0, 23, false)
	add("BYMINUTE", 6, 0, 59, false)
	add("BYSECOND", 8, 0, 59, false)
	if limits > 0 {
		add("BYSETPOS", 5, 1, 4, true)
	}
	if r.IntN(3) == 0 {
		rule += ";WKST=" + []string{"MO", "TU", "WE", "TH", "FR", "SA", "SU"}[r.IntN(7)]
	}
	if r.IntN(4) == 0 {
		rule += fmt.Sprintf(";COUNT=%d", r.IntN(30)+1)
	}
	return rule
}

func randomStart(r *rand.Rand) time.Time {
	start := time.Date(1995+r.IntN(40), 1, 1+r.IntN(366), r.IntN(24), r.IntN(60), r.IntN(60), 0, time.UTC)
	if r.IntN(3) == 0 {
		start = time.Date(start.Year(), start.Month(), start.Day(), 9, 0, 0, 0, time.UTC)
	}
	return start
}
