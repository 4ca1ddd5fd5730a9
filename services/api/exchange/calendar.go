package exchange

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// What iCalendar has no word for stands in properties and parameters of our own. Each
// makes a standard one beside it more precise and never says anything else, so that
// another program may change the standard one and leave ours: ours is then not believed.
const (
	xStatus       = "X-RONDO-STATUS"      // of a task, series or reminder, beside STATUS
	xPosition     = "X-RONDO-POSITION"    // in the order that the user drags to
	xID           = "X-RONDO-ID"          // of the task that an occurrence is: its UID is the series'
	xTags         = "X-RONDO-TAGS"        // of the calendar: all there are, used or not
	xFraction     = "X-RONDO-FRACTION"    // a parameter: microseconds
	xStart        = "X-RONDO-DTSTART"     // of a series whose start is no occurrence
	xTimezone     = "X-RONDO-TIMEZONE"    // of a series of days
	xMode         = "X-RONDO-MODE"        // of a series
	xIfPending    = "X-RONDO-IF-PENDING"  // of a series
	xCatchUp      = "X-RONDO-CATCH-UP"    // of a series
	xPrevious     = "X-RONDO-PREVIOUS-ID" // of a series
	xLast         = "X-RONDO-LAST-OCCURRENCE"
	xCounts       = "X-RONDO-COUNTS"        // of a series: instances made, left out, let go
	xScheduledFor = "X-RONDO-SCHEDULED-FOR" // of a reminder that was snoozed
)

// productID says who wrote a calendar (RFC 5545 §3.7.3).
const productID = "-//Rondo//Rondo//EN"

// calendarSink writes an export as iCalendar: tasks and series as VTODO, reminders as
// VALARM, and the instances of a series as those of its occurrences.
type calendarSink struct {
	*CalendarWriter

	of map[uuid.UUID]occurrence.Series
}

func newCalendarSink(w io.Writer) *calendarSink {
	return &calendarSink{NewCalendarWriter(w), map[uuid.UUID]occurrence.Series{}}
}

// Begin implements Sink.
func (s *calendarSink) Begin(h Head) error {
	zones := map[string]time.Time{}
	for _, one := range h.Series {
		s.of[one.ID] = one
		for _, wall := range slices.Concat([]recurrence.Local{one.Spec.Start}, one.Spec.RDates, one.Spec.ExDates) {
			at := wall.In(time.UTC).AddDate(0, 0, -1) // whatever the zone
			if known, ok := zones[one.Spec.Zone]; !ok || at.Before(known) {
				zones[one.Spec.Zone] = at
			}
		}
	}
	s.Open(h.Zone, zones, h.At, func(w *ical.Writer) {
		if len(h.Tags) > 0 {
			w.Text(xTags, h.Tags...)
		}
	})
	for _, one := range h.Series {
		if err := s.series(one); err != nil {
			return err
		}
	}
	return s.w.Err()
}

// Task implements Sink.
func (s *calendarSink) Task(t Item) error {
	s.w.Begin("VTODO")
	zone := s.zone // in which a day may end
	if of, ok := s.of[orNil(t.SeriesID)]; ok && t.OccurrenceAt != nil {
		s.w.Text("UID", of.ID.String())
		zone = s.recurrenceID(of, *t.OccurrenceAt)
		s.w.Text(xID, t.ID.String())
	} else {
		s.w.Text("UID", t.ID.String())
	}
	s.task(t, zone)
	s.w.End("VTODO")
	return s.w.Err()
}

// End implements Sink.
func (s *calendarSink) End() error { return s.Close() }

// CalendarWriter writes what exports and feeds have in common.
type CalendarWriter struct {
	w    *ical.Writer
	zone *time.Location
}

// NewCalendarWriter makes a writer. w should have a buffer.
func NewCalendarWriter(w io.Writer) *CalendarWriter {
	return &CalendarWriter{w: ical.NewWriter(w)}
}

// Open begins the calendar, with the owner's time zone and all others that its times are
// in, each from an instant on. more writes properties of the calendar.
func (c *CalendarWriter) Open(zone *time.Location, others map[string]time.Time, now time.Time, more func(*ical.Writer)) {
	c.zone = zone
	c.w.Begin("VCALENDAR")
	c.w.Raw("VERSION", "2.0")
	c.w.Raw("PRODID", productID)
	c.w.Text("X-WR-TIMEZONE", zone.String())
	more(c.w)
	from := maps.Clone(others)
	if _, ok := from[zone.String()]; !ok {
		from[zone.String()] = now
	}
	for _, name := range slices.Sorted(maps.Keys(from)) {
		if location, err := time.LoadLocation(name); err == nil {
			c.w.Timezone(location, from[name], now)
		}
	}
}

// Close ends the calendar.
func (c *CalendarWriter) Close() error {
	c.w.End("VCALENDAR")
	return c.w.Err()
}

// instant writes an instant in UTC.
func (c *CalendarWriter) instant(name string, t time.Time, params ...string) {
	if micro := t.Nanosecond() / 1000; micro != 0 {
		params = append(params, xFraction, fmt.Sprintf("%06d", micro))
	}
	c.w.Raw(name, ical.FormatUTC(t), params...)
}

// task writes what a VTODO has besides its UID. zone is the one that days end in; nil
// keeps the due time from being told as a day.
func (c *CalendarWriter) task(t Item, zone *time.Location) {
	c.stamps(t.CreatedAt, t.UpdatedAt, t.Version)
	c.text(t.Title, t.Description, t.Priority, t.Tags)
	c.w.Raw("STATUS", statusWords[t.Status])
	if t.Status == task.Skipped || t.Status == task.Failed {
		c.w.Raw(xStatus, string(t.Status))
	}
	if t.CompletedAt != nil {
		c.instant("COMPLETED", *t.CompletedAt)
		c.w.Raw("PERCENT-COMPLETE", "100")
	}
	anchor := t.DueAt
	if t.DueAt != nil {
		if day, ok := dayOf(*t.DueAt, zone); ok {
			c.w.Raw("DUE", ical.FormatDate(day), "VALUE", "DATE")
			anchor = &day
		} else {
			c.instant("DUE", *t.DueAt)
		}
	}
	if t.ParentID != nil {
		c.w.Text("RELATED-TO", t.ParentID.String())
	}
	c.w.Raw(xPosition, strconv.FormatFloat(t.Position, 'g', -1, 64))
	for _, r := range t.Reminders {
		if r.Status != event.ReminderWithdrawn { // which others would ring
			c.reminder(r, t, anchor)
		}
	}
}

// dayOf is the beginning of the day before an instant that is the end of a day: a task is due then
// when it has a date and no time.
func dayOf(due time.Time, zone *time.Location) (begin time.Time, ok bool) {
	if zone == nil {
		return begin, false
	}
	wall := recurrence.LocalOf(due, zone)
	return wall.At(midnight).In(zone), due.Nanosecond() == 0 && endOfDay(wall).In(zone).Equal(due)
}

// midnight is the time of day that begins one.
var midnight recurrence.Local

func endOfDay(day recurrence.Local) recurrence.Local {
	return day.At(recurrence.LocalOf(time.Date(1, 1, 1, 23, 59, 59, 0, time.UTC), time.UTC))
}

// stamps writes when something came to be and changed.
func (c *CalendarWriter) stamps(created, updated time.Time, version int64) {
	c.w.Raw("DTSTAMP", ical.FormatUTC(updated))
	c.instant("CREATED", created)
	c.instant("LAST-MODIFIED", updated)
	c.w.Raw("SEQUENCE", strconv.FormatInt(version-1, 10))
}

func (c *CalendarWriter) text(title, description string, priority task.Priority, tags []string) {
	c.w.Text("SUMMARY", title)
	if description != "" {
		c.w.Text("DESCRIPTION", description)
	}
	c.w.Raw("PRIORITY", map[task.Priority]string{task.High: "1", task.Medium: "5", task.Low: "9"}[priority])
	if len(tags) > 0 {
		c.w.Text("CATEGORIES", tags...)
	}
}

// statusWords are RFC 5545's (§3.8.1.11); it has none for what did not come to be.
var statusWords = map[task.Status]string{
	task.Pending: "NEEDS-ACTION", task.Active: "IN-PROCESS", task.Completed: "COMPLETED",
	task.Cancelled: "CANCELLED", task.Skipped: "CANCELLED", task.Failed: "CANCELLED",
}

// reminder writes a VALARM. anchor is the due date as DUE tells it, which of a day is its
// beginning, while Rondo counts from its end.
func (c *CalendarWriter) reminder(r Reminder, t Item, anchor *time.Time) {
	c.w.Begin("VALARM")
	c.w.Raw("ACTION", "DISPLAY")
	c.w.Text("DESCRIPTION", t.Title)
	var usual *time.Time // when it is to be delivered, unless it was snoozed
	if r.RemindAt != nil {
		c.instant("TRIGGER", *r.RemindAt, "VALUE", "DATE-TIME")
		usual = r.RemindAt
	} else {
		before := time.Duration(*r.OffsetMinutes) * time.Minute
		trigger := -before
		if t.DueAt != nil {
			at := t.DueAt.Add(-before).Truncate(time.Second)
			usual, trigger = &at, t.DueAt.Sub(*anchor)-before
		}
		c.w.Raw("TRIGGER", ical.FormatDuration(trigger), "RELATED", "END")
	}
	if r.ScheduledFor != nil && (usual == nil || !usual.Equal(*r.ScheduledFor)) {
		c.instant(xScheduledFor, *r.ScheduledFor)
	}
	if r.Status != event.ReminderPending || r.DeliveredAt != nil { // it was told, and snoozed
		c.w.Raw(xStatus, string(r.Status))
	}
	if r.DeliveredAt != nil {
		c.instant("ACKNOWLEDGED", *r.DeliveredAt) // RFC 9074 §6.1
	}
	c.w.End("VALARM")
}

// series writes a series as a recurring VTODO.
func (c *CalendarWriter) series(s occurrence.Series) error {
	rule, err := s.Rule()
	if err != nil {
		return fmt.Errorf("understanding a stored rule: %w", err)
	}
	c.w.Begin("VTODO")
	c.w.Text("UID", s.ID.String())
	c.stamps(s.CreatedAt, s.UpdatedAt, s.Version)
	c.text(s.Title, s.Description, task.Priority(s.Priority), s.Tags)
	c.w.Raw("STATUS", seriesWords[s.Status])
	if s.Status != event.SeriesCompleted && s.Status != event.SeriesCancelled {
		c.w.Raw(xStatus, string(s.Status))
	}
	// Others take DTSTART for an occurrence whatever the rule says.
	start := s.Spec.Start
	if first, ok := firstOccurrence(s, rule); ok && first != start {
		c.w.Raw(xStart, ical.FormatLocal(start.In(time.UTC)))
		start = first
	}
	c.recurrence(s, rule, start)
	c.w.Raw(xMode, string(s.Mode))
	c.w.Raw(xIfPending, string(s.IfPending))
	c.w.Raw(xCatchUp, string(s.CatchUp))
	if s.PreviousID != nil {
		c.w.Raw(xPrevious, s.PreviousID.String())
	}
	if s.LastOccurrenceAt != nil {
		c.instant(xLast, *s.LastOccurrenceAt)
	}
	if s.Created+s.Skipped+s.Missed > 0 {
		c.w.Raw(xCounts, fmt.Sprintf("%d;%d;%d", s.Created, s.Skipped, s.Missed))
	}
	for _, minutes := range s.ReminderOffsets {
		trigger := -time.Duration(minutes) * time.Minute
		if s.AllDay {
			trigger += toEndOfDay
		}
		c.w.Begin("VALARM")
		c.w.Raw("ACTION", "DISPLAY")
		c.w.Text("DESCRIPTION", s.Title)
		c.w.Raw("TRIGGER", ical.FormatDuration(trigger), "RELATED", "END")
		c.w.End("VALARM")
	}
	c.w.End("VTODO")
	return nil
}

// toEndOfDay is from the beginning of an ordinary day to the end that tasks are due at.
const toEndOfDay = 24*time.Hour - time.Second

var seriesWords = map[event.SeriesStatus]string{
	event.SeriesPending: "NEEDS-ACTION", event.SeriesActive: "NEEDS-ACTION", event.SeriesPaused: "NEEDS-ACTION",
	event.SeriesCompleted: "COMPLETED", event.SeriesCancelled: "CANCELLED",
}

// firstOccurrence is the first occurrence of the rule on the wall clock; false when that
// is not the time which the rule names, since the clock skipped it.
func firstOccurrence(s occurrence.Series, rule *recurrence.Rule) (recurrence.Local, bool) {
	spec := s.Spec
	spec.RDates, spec.ExDates = nil, nil
	if spec.RRule == "" {
		return spec.Start, true
	}
	plain, err := recurrence.Parse(spec)
	if err != nil {
		return recurrence.Local{}, false
	}
	all, _ := plain.First(1, nil)
	if len(all) == 0 {
		return recurrence.Local{}, false
	}
	wall := recurrence.LocalOf(all[0], rule.Zone())
	spec.Start = wall
	again, err := recurrence.Parse(spec)
	if err != nil {
		return recurrence.Local{}, false
	}
	// The same occurrences follow, unless the clock shows another time today.
	one, _ := plain.First(3, nil)
	two, _ := again.First(3, nil)
	return wall, slices.EqualFunc(one, two, time.Time.Equal)
}

// recurrence writes DTSTART, DUE, RRULE, RDATE and EXDATE.
func (c *CalendarWriter) recurrence(s occurrence.Series, rule *recurrence.Rule, start recurrence.Local) {
	c.local("DTSTART", s, start)
	c.local("DUE", s, start)
	if text := rule.String(); text != "" {
		c.w.Raw("RRULE", untilLike(text, s.AllDay, rule.Zone()))
	}
	rdates := s.Spec.RDates
	if s.Spec.RRule == "" && !slices.Contains(rdates, start) {
		rdates = append([]recurrence.Local{start}, rdates...) // it is one (RFC 5545 §3.8.5.2), but not to everybody
	}
	for _, wall := range rdates {
		c.local("RDATE", s, wall)
	}
	for _, wall := range s.Spec.ExDates {
		c.local("EXDATE", s, wall)
	}
	if s.AllDay {
		c.w.Raw(xTimezone, s.Spec.Zone)
	}
}

// untilLike writes UNTIL as a date where DTSTART is one (RFC 5545 §3.3.10).
func untilLike(rule string, date bool, zone *time.Location) string {
	if !date {
		return rule
	}
	parts := strings.Split(rule, ";")
	for i, part := range parts {
		value, ok := strings.CutPrefix(part, "UNTIL=")
		if !ok {
			continue
		}
		if until, err := time.Parse("20060102T150405Z", value); err == nil {
			parts[i] = "UNTIL=" + ical.FormatDate(until.In(zone))
		}
	}
	return strings.Join(parts, ";")
}

// local writes a time on the wall clock of a series.
func (c *CalendarWriter) local(name string, s occurrence.Series, wall recurrence.Local) {
	at := wall.In(time.UTC)
	switch {
	case s.AllDay:
		c.w.Raw(name, ical.FormatDate(at), "VALUE", "DATE")
	case s.Spec.Zone == "UTC":
		c.w.Raw(name, ical.FormatUTC(at))
	default:
		c.w.Raw(name, ical.FormatLocal(at), "TZID", s.Spec.Zone)
	}
}

// recurrenceID says which occurrence a VTODO is, and returns the zone that its day ends
// in: nil, when the series is none of days.
func (c *CalendarWriter) recurrenceID(s occurrence.Series, at time.Time) *time.Location {
	zone, err := time.LoadLocation(s.Spec.Zone)
	wall := recurrence.LocalOf(at, zoneOr(zone, err))
	if err != nil || !wall.In(zone).Equal(at) { // the second of two times alike, or finer than a second
		c.instant("RECURRENCE-ID", at)
	} else {
		c.local("RECURRENCE-ID", s, wall)
	}
	if !s.AllDay {
		return nil
	}
	return zone
}

func zoneOr(zone *time.Location, err error) *time.Location {
	if err != nil {
		return time.UTC
	}
	return zone
}

func orNil(id *uuid.UUID) uuid.UUID {
	if id == nil {
		return uuid.Nil
	}
	return *id
}
