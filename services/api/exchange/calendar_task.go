package exchange

import (
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/api/task"
)

// reader reads the properties of one VTODO.
type reader struct {
	*calendarFile
	entry

	wrong bool
}

// complain notes a mistake in the VTODO, unless err is nil.
func (r *reader) complain(err error) {
	if err == nil {
		return
	}
	r.wrong = true
	if wrong, ok := errors.AsType[*ical.Error](err); ok {
		r.calendarFile.wrong("VTODO", wrong)
	}
}

// properties that a task's fields come from.
var properties = map[string]string{
	"title": "SUMMARY", "description": "DESCRIPTION", "priority": "PRIORITY", "tags": "CATEGORIES", "due_at": "DUE", "position": xPosition,
	"parent_id": "RELATED-TO", "rrule": "RRULE", "dtstart": "DTSTART", "rdate": "RDATE", "exdate": "EXDATE", "reminder_offsets": "VALARM",
	"timezone": xTimezone, "mode": xMode, "if_pending": xIfPending, "catch_up": xCatchUp,
}

// fields notes the bad fields of a fault under the names of their properties.
func (r *reader) fields(err error) {
	f, ok := errors.AsType[*fault.Error](err)
	if !ok {
		return
	}
	r.wrong = true
	for _, field := range f.Fields {
		name, _, _ := strings.Cut(field.Name, "[")
		part, rest, _ := strings.Cut(name, ".")
		property, message := properties[part], field.Message
		if property == "" {
			property = strings.ToUpper(part)
		}
		if rest != "" {
			message = rest + ": " + message
		}
		number := r.Number
		if l, ok := r.Get(property); ok {
			number = l.Number
		}
		r.bad.addf(number, "VTODO."+property, "%s", message)
	}
}

// instant reads a property as an instant, and as how it was written; nil: it is not there.
func (r *reader) instant(name string) (*time.Time, ical.Moment) {
	l, ok := r.Get(name)
	if !ok {
		return nil, ical.Moment{}
	}
	return r.instantOf(l)
}

func (r *reader) instantOf(l ical.Line) (*time.Time, ical.Moment) {
	m, err := l.Moment()
	if err != nil {
		r.complain(err)
		return nil, m
	}
	at, err := r.zones.Instant(m)
	if err != nil {
		r.complain(l.Errorf("%s", err))
		return nil, m
	}
	if micro, err := strconv.ParseUint(l.Param(xFraction), 10, 64); err == nil && micro < 1e6 && m.Form == ical.UTC {
		at = at.Add(time.Duration(micro) * time.Microsecond)
	}
	at = at.UTC()
	return &at, m
}

// dueAt is when the VTODO is due: at DUE, or a DURATION after DTSTART, or at DTSTART,
// for there are programs that know no other time. A day is due at its end, in zone.
func (r *reader) dueAt(zone *time.Location) (due, anchor *time.Time) {
	at, m := r.instant("DUE")
	if at == nil {
		at, m = r.instant("DTSTART")
		if lasts := r.duration(); at != nil && lasts != 0 {
			later := at.Add(lasts)
			at, m.Wall = &later, m.Wall.Add(lasts)
		}
	}
	if at == nil || m.Form != ical.Date {
		return at, at
	}
	wall := recurrence.LocalOf(m.Wall, time.UTC).At(midnight)
	begin, end := wall.In(zone).UTC(), endOfDay(wall).In(zone).UTC()
	return &end, &begin
}

// duration is how long after DTSTART the VTODO is due; 0 if it does not say.
func (r *reader) duration() time.Duration {
	l, ok := r.Get("DURATION")
	if !ok {
		return 0
	}
	d, err := l.Duration()
	r.complain(err)
	return d
}

func (r *reader) text(name string) string {
	l, _ := r.Get(name)
	return strings.Map(func(c rune) rune {
		if c < ' ' && c != '\n' && c != '\t' || c == 0x7f {
			return -1
		}
		return c
	}, l.Text())
}

// title is one line, whatever the file has.
func (r *reader) title() string {
	title := strings.Join(strings.Fields(r.text("SUMMARY")), " ")
	if !strings.ContainsAny(r.text("SUMMARY"), "\n\t") {
		title = strings.TrimSpace(r.text("SUMMARY"))
	}
	if title == "" {
		title = "Untitled"
	}
	return title
}

func (r *reader) tags() []string {
	var tags []string
	for _, l := range r.All("CATEGORIES") {
		for _, name := range l.Texts() {
			if name = strings.Join(strings.Fields(name), " "); name != "" {
				tags = append(tags, name)
			}
		}
	}
	return tags
}

// priority is in RFC 5545 §3.8.1.9 from 1, the highest, to 9; 0 says nothing.
func (r *reader) priority() task.Priority {
	l, ok := r.Get("PRIORITY")
	n, err := strconv.Atoi(strings.TrimSpace(l.Value))
	switch {
	case !ok || err == nil && (n == 0 || n == 5):
		return task.Medium
	case err != nil || n < 0 || n > 9:
		r.complain(l.Errorf("must be a whole number from 0 to 9"))
		return task.Medium
	case n < 5:
		return task.High
	}
	return task.Low
}

// refined is a value of ours that is only believed beside the standard one it refines.
func refined[T ~string](c *ical.Component, ours string, standard map[T]string, word string) (T, bool) {
	l, ok := c.Get(ours)
	value := T(strings.TrimSpace(l.Value))
	return value, ok && standard[value] != "" && standard[value] == word
}

func (r *reader) status() task.Status {
	l, _ := r.Get("STATUS")
	word := strings.ToUpper(strings.TrimSpace(l.Value))
	percent, _ := r.Get("PERCENT-COMPLETE")
	done, err := strconv.Atoi(strings.TrimSpace(percent.Value))
	if err != nil {
		done = 0
	}
	_, completed := r.Get("COMPLETED")
	if status, ok := refined(r.Component, xStatus, statusWords, word); ok {
		return status
	}
	switch {
	case word == "CANCELLED":
		return task.Cancelled
	case word == "COMPLETED" || word == "" && (completed || done == 100):
		return task.Completed
	case word == "IN-PROCESS" || word == "" && done > 0:
		return task.Active
	}
	return task.Pending
}

// taskOf makes a row of a VTODO, of which master is the series. It returns the
// occurrence that it is, if it is one.
func (c *calendarFile) taskOf(t entry, order int, master *seriesRow) *time.Time {
	r := &reader{calendarFile: c, entry: t}
	zone := c.zones.Floating()
	id := idOf(t.key())
	var at *time.Time
	if master != nil {
		if master.series.AllDay {
			zone = zoneNamed(master.series.Spec.Zone, zone)
		}
		at = r.occurrenceAt(*t.recurrence, *master)
	}
	if l, ok := t.Get(xID); ok {
		if own, err := uuid.Parse(strings.TrimSpace(l.Value)); err == nil {
			id = &own
		}
	}
	due, anchor := r.dueAt(zone)
	if due == nil && at != nil {
		due = master.dueAt(*at)
		anchor = due
	}
	draft := task.Draft{
		Title: r.title(), Description: r.text("DESCRIPTION"), Priority: r.priority(), DueAt: due, Tags: r.tags(), Position: r.position(),
	}
	if _, ok := t.Get("SUMMARY"); !ok && master != nil {
		draft.Title = master.series.Title
	}
	// A microsecond apart, so that they keep the file's order where it gives no other.
	made, err := task.New(uuid.Nil, draft, c.now.Add(time.Duration(order)*time.Microsecond))
	r.fields(err)
	made.Status = r.status()
	created, _ := r.instant("CREATED")
	updated, _ := r.instant("LAST-MODIFIED")
	set(&made.CreatedAt, created)
	set(&made.UpdatedAt, updated)
	completed, _ := r.instant("COMPLETED")
	if made.Status == task.Completed {
		if made.CompletedAt = completed; completed == nil {
			made.CompletedAt = &made.UpdatedAt
		}
	}
	made.ParentID = r.parent()
	if master != nil && at != nil {
		made.SeriesID, made.OccurrenceAt = idOf(t.uid), at
	}
	reminders := r.reminders(due, anchor)
	if !r.wrong {
		c.rows = append(c.rows, row{number: t.Number, id: id, task: made, reminders: reminders, loose: true, names: properties})
	}
	return at
}

func zoneNamed(name string, otherwise *time.Location) *time.Location {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return otherwise
	}
	return zone
}

// dueAt is when the instance of an occurrence is due.
func (s seriesRow) dueAt(at time.Time) *time.Time {
	due := s.series.DueAt(at, zoneNamed(s.series.Spec.Zone, time.UTC))
	return &due
}

// position is ours, or the one that Apple's Reminders and Nextcloud write.
func (r *reader) position() *float64 {
	for _, name := range []string{xPosition, "X-APPLE-SORT-ORDER"} {
		if l, ok := r.Get(name); ok {
			if n, err := strconv.ParseFloat(strings.TrimSpace(l.Value), 64); err == nil {
				return &n
			}
		}
	}
	return nil
}

// parent is the task that this one is a part of.
func (r *reader) parent() *uuid.UUID {
	for _, l := range r.All("RELATED-TO") {
		kind := strings.ToUpper(l.Param("RELTYPE"))
		if uid := strings.TrimSpace(l.Text()); uid != "" && uid != r.uid && (kind == "" || kind == "PARENT") {
			return idOf(uid)
		}
	}
	return nil
}

// occurrenceAt is the occurrence of a series that a RECURRENCE-ID names.
func (r *reader) occurrenceAt(l ical.Line, s seriesRow) *time.Time {
	at, m := r.instantOf(l)
	if at == nil {
		return nil
	}
	zone := zoneNamed(s.series.Spec.Zone, time.UTC)
	wall := recurrence.LocalOf(m.Wall, time.UTC)
	switch {
	case m.Form == ical.Date && !s.series.AllDay:
		wall = wall.At(s.series.Spec.Start)
	case m.Form == ical.Date:
	case s.shift != 0:
		wall = shifted(recurrence.LocalOf(*at, zone), s.shift)
	default:
		return at
	}
	instant := wall.In(zone).UTC()
	return &instant
}

// reminders are the VALARMs of a task. anchor is what DUE means: of a day its beginning.
func (r *reader) reminders(due, anchor *time.Time) []Reminder {
	var all []Reminder
	start, _ := r.instant("DTSTART")
	for _, alarm := range r.Children {
		if alarm.Name != "VALARM" {
			r.ignored[alarm.Name]++
			continue
		}
		one, ok, err := r.reminder(alarm, due, anchor, start)
		if wrong, bad := errors.AsType[*ical.Error](err); bad {
			r.wrong = true
			r.calendarFile.wrong("VALARM", wrong)
		}
		if !ok {
			if err == nil {
				r.ignored["VALARM"]++
			}
			continue
		}
		all = append(all, one.scheduled(due))
	}
	if tooMany(all) {
		r.wrong = true
		r.bad.addf(r.Number, "VTODO.VALARM", "is there too often: a task may have %d reminders", reminder.MaxPerTask)
	}
	return all
}

func (r *reader) reminder(alarm *ical.Component, due, anchor, start *time.Time) (found Reminder, ok bool, err error) {
	l, hasTrigger := alarm.Get("TRIGGER")
	if action, _ := alarm.Get("ACTION"); !hasTrigger || strings.EqualFold(action.Value, "NONE") {
		return found, false, nil
	}
	if _, place := alarm.Get("X-APPLE-PROXIMITY"); place { // when somebody arrives somewhere
		return found, false, nil
	}
	inside := &reader{calendarFile: r.calendarFile, entry: entry{Component: alarm}}
	found.Status = event.ReminderPending
	if strings.EqualFold(l.Param("VALUE"), "DATE-TIME") || !strings.ContainsAny(l.Value, "Pp") {
		m, err := l.Moment()
		if err != nil {
			return found, false, err
		}
		at, err := r.zones.Instant(m)
		if err != nil {
			return found, false, l.Errorf("%s", err)
		}
		at = at.UTC()
		found.RemindAt = &at
	} else {
		d, err := l.Duration()
		if err != nil {
			return found, false, err
		}
		if found = relative(d, strings.EqualFold(l.Param("RELATED"), "END"), due, anchor, start); found == (Reminder{}) {
			return found, false, nil
		}
	}
	found.ScheduledFor, _ = inside.instant(xScheduledFor)
	found.DeliveredAt, _ = inside.instant("ACKNOWLEDGED")
	if found.DeliveredAt != nil {
		found.Status = event.ReminderSent
	}
	if status, ok := alarm.Get(xStatus); ok {
		if s := event.ReminderStatus(strings.TrimSpace(status.Value)); slices.Contains(reminder.Statuses(), s) {
			found.Status = s
		}
	}
	return found, !inside.wrong, nil
}

// relative is an alarm that counts from DTSTART or, at the end, from DUE. Where it is not
// whole minutes before the due date, it is an instant. An alarm that counts from nothing
// keeps what it says, in case the task gets a due date.
func relative(d time.Duration, end bool, due, anchor, start *time.Time) Reminder {
	from := start
	if end || start == nil {
		from = anchor
	}
	before := -d
	if from != nil {
		before = due.Sub(from.Add(d))
	}
	found := Reminder{Status: event.ReminderPending}
	if minutes := int(before / time.Minute); before%time.Minute == 0 && minutes >= 0 && minutes <= reminder.MaxOffset {
		found.OffsetMinutes = &minutes
		return found
	}
	if from == nil {
		return Reminder{}
	}
	at := from.Add(d)
	found.RemindAt = &at
	return found
}
