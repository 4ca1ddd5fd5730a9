package exchange

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// seriesOf makes a series of a recurring VTODO.
func (c *calendarFile) seriesOf(t entry) {
	r := &reader{calendarFile: c, entry: t}
	draft := series.Draft{
		Title: r.title(), Description: r.text("DESCRIPTION"), Priority: r.priority(), Tags: r.tags(),
		Mode: word(t.Component, xMode, occurrence.Modes()), IfPending: word(t.Component, xIfPending, occurrence.IfPendings()),
		CatchUp: word(t.Component, xCatchUp, occurrence.CatchUps()),
	}
	rules := t.All("RRULE")
	if len(rules) > 1 {
		r.complain(rules[1].Errorf("is the second rule: one task repeats by one rule"))
	}
	if len(rules) > 0 {
		draft.RRule = strings.TrimSpace(rules[0].Value)
	}
	start, zone, shift, ok := r.start(draft.RRule)
	if !ok {
		c.bad.addf(t.Number, "VTODO.DTSTART", "is required of a task that repeats")
		return
	}
	draft.Start, draft.Timezone = &start, zone.String()
	draft.RDates, draft.ExDates = r.dates("RDATE", start, zone, shift), r.dates("EXDATE", start, zone, shift)
	if others := without(draft.RDates, start); draft.RRule == "" && len(others) > 0 {
		draft.RDates = others // the start is a date of its own
	}
	draft.ReminderOffsets = r.offsets(start)
	made, err := series.New(uuid.Nil, draft, zone.String(), c.now)
	r.fields(err)
	if r.wrong {
		return
	}
	made = r.formerStart(made)
	made.Status = r.seriesStatus()
	created, _ := r.instant("CREATED")
	updated, _ := r.instant("LAST-MODIFIED")
	set(&made.CreatedAt, created)
	set(&made.UpdatedAt, updated)
	made.LastOccurrenceAt, _ = r.instant(xLast)
	if l, ok := t.Get(xPrevious); ok {
		made.PreviousID = idOf(strings.TrimSpace(l.Value))
	}
	r.counts(&made)
	if r.wrong {
		return
	}
	s := seriesRow{number: t.Number, id: idOf(t.uid), series: made, shift: shift}
	c.masters[t.uid] = s
	c.series = append(c.series, s)
}

// formerStart is the series with the start that it had before it was written, if that
// has the same occurrences.
func (r *reader) formerStart(s occurrence.Series) occurrence.Series {
	l, ok := r.Get(xStart)
	if !ok {
		return s
	}
	m, err := l.Moment()
	if err != nil {
		return s
	}
	former := s
	former.Spec.Start = recurrence.LocalOf(m.Wall, time.UTC)
	rule, err := former.Rule()
	if err != nil || rule.Storable() != nil {
		return s
	}
	if first, ok := firstOccurrence(former, rule); !ok || first != s.Spec.Start {
		return s
	}
	return former
}

func (r *reader) seriesStatus() event.SeriesStatus {
	l, _ := r.Get("STATUS")
	standard := strings.ToUpper(strings.TrimSpace(l.Value))
	status := event.SeriesPending
	switch standard {
	case seriesWords[event.SeriesCompleted]:
		status = event.SeriesCompleted
	case seriesWords[event.SeriesCancelled]:
		status = event.SeriesCancelled
	default:
		standard = seriesWords[event.SeriesPending]
	}
	if ours, ok := refined(r.Component, xStatus, seriesWords, standard); ok {
		return imported(ours)
	}
	return status
}

func (r *reader) counts(s *occurrence.Series) {
	l, _ := r.Get(xCounts)
	counts := strings.Split(l.Value, ";")
	for i, to := range []*int{&s.Created, &s.Skipped, &s.Missed} {
		if i < len(counts) {
			if n, err := strconv.ParseUint(counts[i], 10, 31); err == nil {
				*to = int(n)
			}
		}
	}
}

func without(moments []series.Moment, one series.Moment) []series.Moment {
	return slices.DeleteFunc(slices.Clone(moments), func(m series.Moment) bool { return m == one })
}

// word is a property of ours that has one of a few values; empty: it has not.
func word[T ~string](c *ical.Component, name string, allowed []T) T {
	l, _ := c.Get(name)
	if value := T(strings.TrimSpace(l.Value)); slices.Contains(allowed, value) {
		return value
	}
	return ""
}

// start is where a series begins. Rondo's instances are due at their occurrence: where
// DUE is later on the day of DTSTART, it is DUE that repeats, and all that the file says
// of occurrences is shifted by the difference.
func (r *reader) start(rule string) (start series.Moment, zone *time.Location, shift time.Duration, ok bool) {
	l, hasStart := r.Get("DTSTART")
	due, hasDue := r.Get("DUE")
	if !hasStart {
		l = due
	}
	if !hasStart && !hasDue {
		return start, nil, 0, false
	}
	m, err := l.Moment()
	if err != nil {
		r.complain(err)
		return start, time.UTC, 0, true
	}
	if zone, err = r.zones.Zone(m.TZID); err != nil {
		r.complain(l.Errorf("%s", err))
		return start, time.UTC, 0, true
	}
	switch m.Form {
	case ical.UTC:
		zone = time.UTC
	case ical.Date:
		if named, ok := r.Get(xTimezone); ok {
			zone = zoneNamed(strings.TrimSpace(named.Value), zone)
		}
	case ical.Local:
		later, err := due.Moment()
		rule = strings.ToUpper(rule)
		if hasDue && err == nil && later.Form == ical.Local && later.TZID == m.TZID && later.Wall.After(m.Wall) &&
			ical.FormatDate(later.Wall) == ical.FormatDate(m.Wall) && !strings.Contains(rule, "BYHOUR") && !strings.Contains(rule, "BYMINUTE") {
			shift = later.Wall.Sub(m.Wall)
		}
	}
	wall := shifted(recurrence.LocalOf(m.Wall, time.UTC), shift)
	return series.Moment{Local: wall, Date: m.Form == ical.Date}, zone, shift, true
}

func shifted(wall recurrence.Local, by time.Duration) recurrence.Local {
	return recurrence.LocalOf(wall.In(time.UTC).Add(by), time.UTC)
}

// dates reads RDATE or EXDATE as wall clocks of the series' zone, in the form of its
// start.
func (r *reader) dates(name string, start series.Moment, zone *time.Location, shift time.Duration) []series.Moment {
	var all []series.Moment
	for _, l := range r.All(name) {
		moments, err := l.Moments()
		if err != nil {
			r.complain(err)
			continue
		}
		for _, m := range moments {
			wall := recurrence.LocalOf(m.Wall, time.UTC)
			switch {
			case m.Form == ical.Date && !start.Date:
				wall = shifted(wall.At(start.Local), -shift)
			case m.Form == ical.UTC || m.Form == ical.Local && m.TZID != "" && m.TZID != zone.String():
				at, err := r.zones.Instant(m)
				if err != nil {
					r.complain(l.Errorf("%s", err))
					continue
				}
				wall = recurrence.LocalOf(at, zone)
			}
			if start.Date {
				wall = wall.At(midnight)
			}
			all = append(all, series.Moment{Local: shifted(wall, shift), Date: start.Date})
		}
	}
	return all
}

// offsets are the VALARMs of a series, in minutes before its instances are due.
func (r *reader) offsets(start series.Moment) []int {
	var all []int
	begin := start.In(time.UTC)
	due := begin
	if start.Date {
		due = begin.Add(toEndOfDay)
	}
	for _, alarm := range r.Children {
		if alarm.Name != "VALARM" {
			r.ignored[alarm.Name]++
			continue
		}
		// DTSTART and DUE of an instance are one.
		one, ok, err := r.reminder(alarm, &due, &begin, nil)
		if wrong, bad := errors.AsType[*ical.Error](err); bad {
			r.wrong = true
			r.calendarFile.wrong("VALARM", wrong)
			continue
		}
		if !ok || one.OffsetMinutes == nil {
			r.ignored["VALARM"]++
			continue
		}
		all = append(all, *one.OffsetMinutes)
	}
	return all
}

// openOccurrence makes a task of the last occurrence of a series that is past, unless
// the file has one: to other programs a recurring task that is open is its present
// occurrence too, while a new series of ours begins with the next.
func (c *calendarFile) openOccurrence(s seriesRow, t entry, overridden map[int64]bool) {
	if _, ours := t.Get(xMode); ours || s.series.Status != event.SeriesPending {
		return
	}
	rule, err := s.series.Rule()
	if err != nil {
		return
	}
	at, ok := lastBefore(rule, c.now)
	if !ok || overridden[at.UnixMicro()] {
		return
	}
	made, err := task.New(uuid.Nil, task.Draft{
		Title: s.series.Title, Description: s.series.Description, Priority: task.Priority(s.series.Priority),
		Tags: s.series.Tags, DueAt: s.dueAt(at),
	}, c.now)
	if err != nil {
		return
	}
	made.SeriesID, made.OccurrenceAt = s.id, &at
	c.rows = append(c.rows, row{number: s.number, id: idOf(t.uid + "\n" + ical.FormatUTC(at)), task: made, names: properties})
}

// lastBefore is the last occurrence up to now, if there was one in the year before.
func lastBefore(rule *recurrence.Rule, now time.Time) (time.Time, bool) {
	past := func(after time.Time) bool {
		next, ok := rule.Next(after)
		return ok && !next.After(now)
	}
	least, most := now.Add(-lookBack), now
	if !past(least) {
		return time.Time{}, false
	}
	for most.Sub(least) > time.Second {
		middle := least.Add(most.Sub(least) / 2)
		if past(middle) {
			least = middle
		} else {
			most = middle
		}
	}
	last, _ := rule.Next(least)
	return last.UTC(), true
}
