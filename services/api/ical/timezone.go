package ical

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// foresight is how far the clock changes of a zone are looked at. After 28 years the
// days of the week fall on the same dates again, so that a rule which fits all of them
// goes on for ever.
const foresight = 29

var weekdays = [...]string{"SU", "MO", "TU", "WE", "TH", "FR", "SA"}

// change is one change of the clock.
type change struct {
	kind     string // STANDARD or DAYLIGHT
	name     string // of the time afterwards, such as CET
	from, to int    // seconds east of UTC, before and after
	at       time.Time
}

// wall is the moment on the clock that is about to change, which is how RFC 5545
// §3.6.5 tells it.
func (c change) wall() time.Time { return c.at.UTC().Add(time.Duration(c.from) * time.Second) }

// Timezone writes the VTIMEZONE of a zone for times from an instant on, for ever. The
// zone is named by its IANA name.
func (w *Writer) Timezone(zone *time.Location, from, now time.Time) {
	w.Begin("VTIMEZONE")
	w.Text("TZID", zone.String())
	w.Text("X-LIC-LOCATION", zone.String())
	changes := changesOf(zone, from, now)
	var single []change
	for _, run := range runs(changes, now.Year()+foresight) {
		if run.rule == "" {
			single = append(single, run.changes...)
			continue
		}
		w.observance(run.changes[:1], run.rule)
	}
	// What follows no rule is a list of dates.
	for len(single) > 0 {
		first := single[0]
		var same, others []change
		for _, c := range single {
			if c.kind == first.kind && c.name == first.name && c.from == first.from && c.to == first.to {
				same = append(same, c)
			} else {
				others = append(others, c)
			}
		}
		w.observance(same, "")
		single = others
	}
	w.End("VTIMEZONE")
}

func (w *Writer) observance(changes []change, rule string) {
	first := changes[0]
	w.Begin(first.kind)
	w.Raw("DTSTART", FormatLocal(first.wall()))
	w.Raw("TZOFFSETFROM", formatOffset(first.from))
	w.Raw("TZOFFSETTO", formatOffset(first.to))
	w.Text("TZNAME", first.name)
	if rule != "" {
		w.Raw("RRULE", rule)
	}
	for _, c := range changes[1:] {
		w.Raw("RDATE", FormatLocal(c.wall()))
	}
	w.End(first.kind)
}

func formatOffset(seconds int) string {
	sign := '+'
	if seconds < 0 {
		sign, seconds = '-', -seconds
	}
	text := fmt.Sprintf("%c%02d%02d", sign, seconds/3600, seconds/60%60)
	if seconds%60 != 0 {
		text += fmt.Sprintf("%02d", seconds%60)
	}
	return text
}

// changesOf are the changes of a zone, beginning with what holds at the instant from.
func changesOf(zone *time.Location, from, now time.Time) []change {
	at := lastChange(zone, from)
	var changes []change
	if at.IsZero() { // no change as long as clocks exist
		name, offset := from.In(zone).Zone()
		epoch := time.Unix(0, 0)
		if from.Before(epoch.AddDate(0, 0, 1)) {
			epoch = time.Date(1601, 1, 2, 0, 0, 0, 0, time.UTC) // as Outlook does
		}
		changes = append(changes, change{kind: "STANDARD", name: name, from: offset, to: offset, at: epoch})
		_, at = from.In(zone).ZoneBounds()
	}
	for !at.IsZero() && at.UTC().Year() <= now.Year()+foresight {
		before, after := at.Add(-time.Second).In(zone), at.In(zone)
		_, was := before.Zone()
		name, is := after.Zone()
		// In Ireland winter is the time that saves: it is the later clock that people call
		// daylight saving, and so do calendars.
		kind := "STANDARD"
		if (before.IsDST() || after.IsDST()) && is > was {
			kind = "DAYLIGHT"
		}
		if was != is {
			changes = append(changes, change{kind: kind, name: name, from: was, to: is, at: at})
		}
		next := at
		if _, at = after.ZoneBounds(); !at.IsZero() && !at.After(next) {
			at = next.Add(24 * time.Hour) // ZoneBounds takes each year for one of 365 days
		}
	}
	return changes
}

// lastChange is the last change of a zone's offset up to an instant; zero when there is
// none. The bounds that Go tells may also be those of a year.
func lastChange(zone *time.Location, from time.Time) time.Time {
	at, _ := from.In(zone).ZoneBounds()
	for !at.IsZero() && offsetAt(at, zone) == offsetAt(at.Add(-time.Second), zone) {
		at, _ = at.Add(-time.Second).In(zone).ZoneBounds()
	}
	return at
}

// run is a number of changes, a year apart, that one rule tells.
type run struct {
	changes []change
	rule    string // empty: there is none, it is single changes
}

// pattern is what all changes of a run have in common within their month.
type pattern struct {
	ordinals    []int // of the weekday: the second, the last (-1)
	first, last int   // days of the month
}

func patternOf(day time.Time) pattern {
	p := pattern{ordinals: []int{(day.Day()-1)/7 + 1}, first: day.Day(), last: day.Day()}
	if day.AddDate(0, 0, 7).Month() != day.Month() {
		p.ordinals = append(p.ordinals, -1)
	}
	return p
}

// join is the pattern of both; false when no rule tells both.
func (p pattern) join(q pattern) (pattern, bool) {
	joined := pattern{first: min(p.first, q.first), last: max(p.last, q.last)}
	for _, ordinal := range p.ordinals {
		if slices.Contains(q.ordinals, ordinal) {
			joined.ordinals = append(joined.ordinals, ordinal)
		}
	}
	return joined, len(joined.ordinals) > 0 || joined.last-joined.first < 7
}

// runs sorts changes into runs. They grow from the last year backwards: the rule that
// holds for ever is the one with the most years to tell it by.
func runs(changes []change, lastYear int) []run {
	type growing struct {
		run

		pattern pattern
	}
	var all []*growing
	for _, c := range slices.Backward(changes) {
		wall := c.wall()
		this := patternOf(wall)
		grown := false
		for _, g := range all {
			next := g.changes[0]
			then := next.wall()
			alike := c.kind == next.kind && c.name == next.name && c.from == next.from && c.to == next.to &&
				wall.Year() == then.Year()-1 && wall.Month() == then.Month() && wall.Weekday() == then.Weekday() &&
				FormatLocal(wall)[9:] == FormatLocal(then)[9:]
			if !alike {
				continue
			}
			if joined, ok := g.pattern.join(this); ok {
				g.changes, g.pattern, grown = slices.Insert(g.changes, 0, c), joined, true
				break
			}
		}
		if !grown {
			all = append(all, &growing{run{changes: []change{c}}, this})
		}
	}
	var finished []run
	for _, g := range slices.Backward(all) {
		if len(g.changes) > 1 {
			last := g.changes[len(g.changes)-1]
			g.rule = g.pattern.rule(last.wall())
			if last.wall().Year() < lastYear {
				g.rule += ";UNTIL=" + FormatUTC(last.at)
			}
		}
		finished = append(finished, g.run)
	}
	return finished
}

func (p pattern) rule(like time.Time) string {
	rule := "FREQ=YEARLY;BYMONTH=" + strconv.Itoa(int(like.Month()))
	if len(p.ordinals) > 0 {
		// Of "the fourth" and "the last" the last is what lawgivers mean.
		return rule + ";BYDAY=" + strconv.Itoa(slices.Min(p.ordinals)) + weekdays[like.Weekday()]
	}
	days := make([]string, 7)
	for i := range days {
		days[i] = strconv.Itoa(p.first + i)
	}
	return rule + ";BYMONTHDAY=" + strings.Join(days, ",") + ";BYDAY=" + weekdays[like.Weekday()]
}
