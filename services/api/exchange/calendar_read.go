package exchange

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/api/ical"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

const (
	// maxLines is how many lines the VTODOs of a file may have together: it bounds memory.
	maxLines = 500_000
	// lookBack is how far the past of a series is searched for an occurrence that is open.
	lookBack = 366 * 24 * time.Hour
)

// calendarFile is a calendar on its way to a file.
type calendarFile struct {
	file

	zones   *ical.Zones
	bad     *problems
	now     time.Time
	ignored map[string]int
	// masters are the recurring VTODOs by UID.
	masters map[string]seriesRow
}

// parseCalendar reads iCalendar. VTODOs become tasks; those with a rule, series. Rows are
// the lines of the file.
func parseCalendar(body []byte, zone *time.Location, now time.Time) (file, *problems, error) {
	c := calendarFile{
		zones: ical.NewZones(zone, now), bad: &problems{unit: "line"}, now: now, ignored: map[string]int{}, masters: map[string]seriesRow{},
	}
	c.unit = "line"
	var todos []*ical.Component
	lines := 0
	properties, err := ical.Read(string(body), func(one *ical.Component) error {
		switch one.Name {
		case "VTIMEZONE":
			c.zones.Define(one)
		case "VTODO":
			todos = append(todos, one)
			lines += len(one.Lines)
			for _, child := range one.Children {
				lines += len(child.Lines)
			}
			if len(todos) > 2*MaxRows || lines > maxLines {
				return refusef("body", "must have at most %d VTODOs with %d lines", MaxRows, maxLines)
			}
		default:
			c.ignored[one.Name]++
		}
		return nil
	})
	if wrong, ok := errors.AsType[*ical.Error](err); ok {
		c.wrong("", wrong)
		return file{}, nil, c.bad.fault()
	}
	if err != nil {
		return file{}, nil, err
	}
	for _, l := range properties {
		if l.Name == xTags {
			tags, wrong := task.NormaliseTags(l.Texts()[:min(len(l.Texts()), MaxRows)])
			if len(wrong) == 0 || len(tags) > task.MaxTags {
				c.tags = append(c.tags, tags...)
			}
		}
	}
	c.todos(c.latest(todos))
	if len(c.rows) > MaxRows || len(c.series) > MaxSeries {
		return file{}, nil, refusef("body", "must have at most %d tasks and %d that repeat", MaxRows, MaxSeries)
	}
	c.tell()
	return c.file, c.bad, nil
}

// wrong notes a mistake in a line; component is where it is.
func (c *calendarFile) wrong(component string, err *ical.Error) {
	field := err.Property
	switch {
	case field == "":
		field = "line"
	case component != "":
		field = component + "." + field
	}
	c.bad.addf(err.Line, field, "%s", err.Reason)
}

// reasons say why parts of a calendar are left out.
var reasons = map[string]string{
	"VEVENT":    "events are no tasks",
	"VJOURNAL":  "journal entries are no tasks",
	"VFREEBUSY": "busy times are no tasks",
	"VALARM":    "an alarm that is no time before the due date, nor an instant",
	"VTODO":     "older versions of a task that is in the file too",
	"ATTACH":    "tasks have no attachments",
}

func (c *calendarFile) tell() {
	for _, name := range slices.Sorted(maps.Keys(c.ignored)) {
		reason, ok := reasons[name]
		if !ok {
			reason = "is no part of tasks"
		}
		if len(c.file.ignored) < maxProblems {
			c.file.ignored = append(c.file.ignored, Ignored{What: name, Count: c.ignored[name], Reason: reason})
		}
	}
}

// todo is a VTODO with what tells it from others.
type todo struct {
	*ical.Component

	uid        string
	recurrence *ical.Line // its RECURRENCE-ID
}

func (t todo) key() string {
	if t.recurrence == nil {
		return t.uid
	}
	return t.uid + "\n" + t.recurrence.Value
}

// latest leaves out the older ones of VTODOs that are the same, as SEQUENCE tells.
func (c *calendarFile) latest(all []*ical.Component) []todo {
	place := map[string]int{}
	var kept []todo
	for _, one := range all {
		t := todo{Component: one, uid: uidOf(one)}
		if l, ok := one.Get("RECURRENCE-ID"); ok {
			t.recurrence = &l
		}
		i, again := place[t.key()]
		if !again {
			place[t.key()] = len(kept)
			kept = append(kept, t)
			continue
		}
		c.ignored["VTODO"]++
		if sequence(one) >= sequence(kept[i].Component) {
			kept[i] = t
		}
	}
	return kept
}

func sequence(c *ical.Component) int {
	l, _ := c.Get("SEQUENCE")
	n, err := strconv.Atoi(strings.TrimSpace(l.Value))
	if err != nil {
		return 0
	}
	return n
}

// uidOf is the UID of a VTODO. One without is known by what it says, so that importing
// its file again finds it.
func uidOf(c *ical.Component) string {
	if l, ok := c.Get("UID"); ok && strings.TrimSpace(l.Value) != "" {
		return strings.TrimSpace(l.Text())
	}
	h := sha256.New()
	for _, l := range c.Lines {
		if l.Name != "DTSTAMP" {
			_, _ = fmt.Fprintf(h, "%s:%s\n", l.Name, l.Value)
		}
	}
	return fmt.Sprintf("%x", h.Sum(nil))
}

// idOf is the id that stands for a UID, which need not be a UUID.
func idOf(uid string) *uuid.UUID {
	id, err := uuid.Parse(uid)
	if err != nil || len(uid) != len(id.String()) {
		id = uuid.NewSHA1(uuid.Nil, []byte("iCalendar UID "+uid))
	}
	return &id
}

func (c *calendarFile) todos(all []todo) {
	for _, t := range all {
		if t.repeats() {
			c.seriesOf(t)
		}
	}
	overridden := map[string]map[int64]bool{} // occurrences with a VTODO of their own, by UID
	for i, t := range all {
		master, ok := c.masters[t.uid]
		switch {
		case t.repeats():
		case t.recurrence == nil || !ok:
			c.taskOf(t, i-len(all), nil)
		default:
			if at := c.taskOf(t, i-len(all), &master); at != nil {
				if overridden[t.uid] == nil {
					overridden[t.uid] = map[int64]bool{}
				}
				overridden[t.uid][at.UnixMicro()] = true
			}
		}
	}
	for _, t := range all {
		if master, ok := c.masters[t.uid]; ok && t.repeats() {
			c.openOccurrence(master, t, overridden[t.uid])
		}
	}
}

// repeats tells a series from its occurrences, and from other tasks.
func (t todo) repeats() bool {
	_, hasRule := t.Get("RRULE")
	_, hasDates := t.Get("RDATE")
	return t.recurrence == nil && (hasRule || hasDates)
}

// reader reads the properties of one VTODO.
type reader struct {
	*calendarFile

	todo
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
func (r *reader) dueAt(zone *time.Location) (due *time.Time, anchor *time.Time) {
	at, m := r.instant("DUE")
	if at == nil {
		at, m = r.instant("DTSTART")
		if l, ok := r.Get("DURATION"); ok && at != nil {
			d, err := l.Duration()
			r.complain(err)
			if err == nil && (m.Form != ical.Date || d%(24*time.Hour) != 0) {
				if m.Form != ical.Date {
					later := at.Add(d)
					at = &later
				}
			} else if err == nil {
				m.Wall = m.Wall.Add(d)
			}
		}
	}
	if at == nil || m.Form != ical.Date {
		return at, at
	}
	wall := recurrence.LocalOf(m.Wall, time.UTC)
	begin, end := wall.In(zone).UTC(), endOfDay(wall).In(zone).UTC()
	return &end, &begin
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
func (c *calendarFile) taskOf(t todo, order int, master *seriesRow) *time.Time {
	r := &reader{calendarFile: c, todo: t}
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
		reminder, ok, err := r.reminder(alarm, due, anchor, start)
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
		all = append(all, reminder.scheduled(due))
	}
	if len(all) > maxReminders {
		r.wrong = true
		r.bad.addf(r.Number, "VTODO.VALARM", "are more than %d", maxReminders)
	}
	return all
}

func (r *reader) reminder(alarm *ical.Component, due, anchor, start *time.Time) (reminder Reminder, ok bool, err error) {
	l, hasTrigger := alarm.Get("TRIGGER")
	if action, _ := alarm.Get("ACTION"); !hasTrigger || strings.EqualFold(action.Value, "NONE") {
		return reminder, false, nil
	}
	if _, place := alarm.Get("X-APPLE-PROXIMITY"); place { // when somebody arrives somewhere
		return reminder, false, nil
	}
	inside := &reader{calendarFile: r.calendarFile, todo: todo{Component: alarm}}
	reminder.Status = event.ReminderPending
	if strings.EqualFold(l.Param("VALUE"), "DATE-TIME") || !strings.ContainsAny(l.Value, "Pp") {
		m, err := l.Moment()
		if err != nil {
			return reminder, false, err
		}
		at, err := r.zones.Instant(m)
		if err != nil {
			return reminder, false, l.Errorf("%s", err)
		}
		at = at.UTC().Add(fraction(l))
		reminder.RemindAt = &at
	} else {
		d, err := l.Duration()
		if err != nil {
			return reminder, false, err
		}
		if reminder = relative(d, strings.EqualFold(l.Param("RELATED"), "END"), due, anchor, start); reminder == (Reminder{}) {
			return reminder, false, nil
		}
	}
	reminder.ScheduledFor, _ = inside.instant(xScheduledFor)
	reminder.DeliveredAt, _ = inside.instant("ACKNOWLEDGED")
	if reminder.DeliveredAt != nil {
		reminder.Status = event.ReminderSent
	}
	if status, ok := alarm.Get(xStatus); ok {
		if s := event.ReminderStatus(strings.TrimSpace(status.Value)); slices.Contains(reminderStatuses, s) {
			reminder.Status = s
		}
	}
	return reminder, !inside.wrong, nil
}

func fraction(l ical.Line) time.Duration {
	micro, err := strconv.ParseUint(l.Param(xFraction), 10, 64)
	if err != nil || micro >= 1e6 {
		return 0
	}
	return time.Duration(micro) * time.Microsecond
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
	reminder := Reminder{Status: event.ReminderPending}
	if minutes := int(before / time.Minute); before%time.Minute == 0 && minutes >= 0 && minutes <= maxOffset {
		reminder.OffsetMinutes = &minutes
		return reminder
	}
	if from == nil {
		return Reminder{}
	}
	at := from.Add(d)
	reminder.RemindAt = &at
	return reminder
}

// seriesOf makes a series of a recurring VTODO.
func (c *calendarFile) seriesOf(t todo) {
	r := &reader{calendarFile: c, todo: t}
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
	if l, ok := t.Get(xStart); ok { // another start with the same occurrences
		if m, err := l.Moment(); err == nil {
			other := made
			other.Spec.Start = recurrence.LocalOf(m.Wall, time.UTC)
			if rule, err := other.Rule(); err == nil && rule.Storable() == nil {
				if first, ok := firstOccurrence(other, rule); ok && first == made.Spec.Start {
					made = other
				}
			}
		}
	}
	l, _ := t.Get("STATUS")
	standard := strings.ToUpper(strings.TrimSpace(l.Value))
	if standard != "COMPLETED" && standard != "CANCELLED" {
		standard = "NEEDS-ACTION"
	}
	made.Status = map[string]event.SeriesStatus{
		"NEEDS-ACTION": event.SeriesPending, "COMPLETED": event.SeriesCompleted, "CANCELLED": event.SeriesCancelled,
	}[standard]
	if status, ok := refined(t.Component, xStatus, seriesWords, standard); ok {
		made.Status = imported(status)
	}
	created, _ := r.instant("CREATED")
	updated, _ := r.instant("LAST-MODIFIED")
	set(&made.CreatedAt, created)
	set(&made.UpdatedAt, updated)
	made.LastOccurrenceAt, _ = r.instant(xLast)
	if l, ok := t.Get(xPrevious); ok {
		made.PreviousID = idOf(strings.TrimSpace(l.Value))
	}
	if l, ok := t.Get(xCounts); ok {
		counts := strings.Split(l.Value, ";")
		for i, to := range []*int{&made.Created, &made.Skipped, &made.Missed} {
			if i < len(counts) {
				if n, err := strconv.ParseUint(counts[i], 10, 31); err == nil {
					*to = int(n)
				}
			}
		}
	}
	if r.wrong {
		return
	}
	s := seriesRow{number: t.Number, id: idOf(t.uid), series: made, shift: shift}
	c.masters[t.uid] = s
	c.series = append(c.series, s)
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
		reminder, ok, err := r.reminder(alarm, &due, &begin, nil)
		if wrong, bad := errors.AsType[*ical.Error](err); bad {
			r.wrong = true
			r.calendarFile.wrong("VALARM", wrong)
			continue
		}
		if !ok || reminder.OffsetMinutes == nil {
			r.ignored["VALARM"]++
			continue
		}
		all = append(all, *reminder.OffsetMinutes)
	}
	return all
}

// openOccurrence makes a task of the last occurrence of a series that is past, unless
// the file has one: to other programs a recurring task that is open is its present
// occurrence too, while a new series of ours begins with the next.
func (c *calendarFile) openOccurrence(s seriesRow, t todo, overridden map[int64]bool) {
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
		Title: s.series.Title, Description: s.series.Description, Priority: task.Priority(s.series.Priority), Tags: s.series.Tags, DueAt: s.dueAt(at),
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
