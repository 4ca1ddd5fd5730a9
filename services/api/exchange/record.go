package exchange

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/rondohq/rondo/platform/event"
	"github.com/rondohq/rondo/platform/fault"
	"github.com/rondohq/rondo/services/api/reminder"
	"github.com/rondohq/rondo/services/api/series"
	"github.com/rondohq/rondo/services/api/task"
	"github.com/rondohq/rondo/services/api/text"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// record is a task as a file gives it, before anything is believed. nil: not given.
type record struct {
	number int // see parseJSON and parseTable

	ID           *string  `json:"id"`
	Title        *string  `json:"title"`
	Description  *string  `json:"description"`
	Priority     *string  `json:"priority"`
	Status       *string  `json:"status"`
	DueAt        *string  `json:"due_at"`
	ParentID     *string  `json:"parent_id"`
	Position     *float64 `json:"position"`
	Tags         []string `json:"tags"`
	Version      *int64   `json:"version"`
	SeriesID     *string  `json:"series_id"`
	OccurrenceAt *string  `json:"occurrence_at"`
	CompletedAt  *string  `json:"completed_at"`
	CreatedAt    *string  `json:"created_at"`
	UpdatedAt    *string  `json:"updated_at"`

	Reminders []reminderRecord `json:"reminders"`
}

// reminderRecord is a reminder as a file gives it.
type reminderRecord struct {
	OffsetMinutes *int    `json:"offset_minutes"`
	RemindAt      *string `json:"remind_at"`
	ScheduledFor  *string `json:"scheduled_for"`
	Status        *string `json:"status"`
	DeliveredAt   *string `json:"delivered_at"`
}

// problems collects what is wrong with a file, up to a bearable number.
type problems struct {
	fields []fault.Field
	rows   map[place]bool
	unit   string // what rows are called: row, or line
}

// place tells rows of tasks from those of series, which are counted apart.
type place struct {
	row    int
	series bool
}

func (p *problems) name() string {
	if p.unit == "" {
		return "row"
	}
	return p.unit
}

// maxProblems is how many bad fields an answer names.
const maxProblems = 100

func (p *problems) addf(row int, field, format string, args ...any) {
	if p.rows == nil {
		p.rows = map[place]bool{}
	}
	p.rows[place{row, strings.HasPrefix(field, "series.")}] = true
	one := fault.Field{Row: row, Name: field, Message: fmt.Sprintf(format, args...)}
	if len(p.fields) < maxProblems && !slices.Contains(p.fields, one) {
		p.fields = append(p.fields, one)
	}
}

// fault is nil when nothing is wrong.
func (p *problems) fault() error {
	if len(p.rows) == 0 {
		return nil
	}
	rows := "1 " + p.name() + " is"
	if len(p.rows) != 1 {
		rows = strconv.Itoa(len(p.rows)) + " " + p.name() + "s are"
	}
	return &fault.Error{
		Code: fault.Invalid, Fields: p.fields,
		Message: "Nothing was imported, since " + rows + " not acceptable.",
	}
}

// merge adds the bad fields of a fault and tells whether it was one.
func (p *problems) merge(row int, prefix string, err error) bool {
	wrong, ok := errors.AsType[*fault.Error](err)
	if ok {
		for _, field := range wrong.Fields {
			p.addf(row, prefix+field.Name, "%s", field.Message)
		}
	}
	return ok
}

func refusef(field, format string, args ...any) error {
	f := fault.Invalidf(field, format, args...)
	f.Message = "Nothing was imported."
	return f
}

// file is what an import brings, each row checked by itself.
type file struct {
	tags    []string // to be there even if no task carries them
	series  []seriesRow
	rows    []row
	ignored []Ignored
	unit    string // see problems
}

// row is one task of a file.
type row struct {
	number    int        // see parseJSON, parseTable and parseCalendar
	id        *uuid.UUID // as the file gives it
	task      task.Task  // without id and owner; the ids of parent and series as the file gives them
	reminders []Reminder
	loose     bool              // a parent that nobody knows is none
	names     map[string]string // what the file calls fields, where it has other names
}

func (r row) field(name string) string {
	if other, ok := r.names[name]; ok {
		return other
	}
	return name
}

// seriesRow is one series of a file.
type seriesRow struct {
	number int
	id     *uuid.UUID
	series occurrence.Series
	shift  time.Duration // see reader.start
}

// parseJSON reads the document of an import. Rows count tasks from 1, and series.
func parseJSON(body []byte, zone *time.Location, now time.Time) (file, *problems, error) {
	var document struct {
		Format     *string           `json:"format"`
		ExportedAt *time.Time        `json:"exported_at"`
		Tags       []string          `json:"tags"`
		Series     []json.RawMessage `json:"series"`
		Tasks      []json.RawMessage `json:"tasks"`
	}
	if err := strict(body, &document); err != nil {
		return file{}, nil, err
	}
	switch {
	case document.Format != nil && *document.Format != formatName && !slices.Contains(formerNames, *document.Format):
		return file{}, nil, refusef("format", "must be %s; this file was made by another program or a newer Rondo", formatName)
	case document.Tasks == nil:
		return file{}, nil, refusef("tasks", "is required")
	case len(document.Tasks) > MaxRows:
		return file{}, nil, refusef("tasks", "must have at most %d entries", MaxRows)
	case len(document.Series) > MaxSeries:
		return file{}, nil, refusef("series", "must have at most %d entries", MaxSeries)
	case len(document.Tags) > MaxRows:
		return file{}, nil, refusef("tags", "must have at most %d entries", MaxRows)
	}
	bad := &problems{}
	var f file
	for i, name := range document.Tags {
		name = strings.TrimSpace(name)
		if message := text.Line(name, 1, task.MaxTag); message != "" {
			return file{}, nil, refusef(fmt.Sprintf("tags[%d]", i), "%s", message)
		}
		f.tags = append(f.tags, name)
	}
	for i, raw := range document.Series {
		var d seriesDocument
		if bad.merge(i+1, "series.", strict(raw, &d)) {
			continue
		}
		if s, ok := d.check(bad, i+1, zone, now); ok {
			f.series = append(f.series, s)
		}
	}
	for i, raw := range document.Tasks {
		r := record{number: i + 1}
		if bad.merge(r.number, "", strict(raw, &r)) {
			continue
		}
		f.add(r, bad, now, len(document.Tasks))
	}
	return f, bad, nil
}

// add checks a record and adds it as a row. Rows are made a microsecond apart, so
// that they keep the file's order where it gives no other.
func (f *file) add(r record, bad *problems, now time.Time, count int) {
	at := now.Add(time.Duration(r.number-count) * time.Microsecond)
	if t, ok := r.check(bad, at); ok {
		f.rows = append(f.rows, t)
	}
}

// strict decodes one JSON value and refuses fields that it does not know. Its
// errors are fault.Invalid and name the field.
func strict(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			return refusef("body", "has something after the JSON document")
		}
		return nil
	}
	if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
		field := wrong.Field
		if field == "" {
			field = "body"
		}
		return refusef(field, "must not be a JSON %s", wrong.Value)
	}
	if name, ok := strings.CutPrefix(err.Error(), "json: unknown field "); ok {
		return refusef(strings.Trim(name, `"`), "is not a field of an import")
	}
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		return refusef("body", "is not JSON: %s (byte %d)", syntax.Error(), syntax.Offset)
	}
	return refusef("body", "is not JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
}

// parseTable reads the CSV file of an import. Rows are those of a spreadsheet:
// the header is row 1.
func parseTable(body []byte, _ *time.Location, now time.Time) (file, *problems, error) {
	rows, err := parseCSV(string(body))
	if wrong, ok := errors.AsType[*csvError](err); ok {
		bad := &problems{}
		bad.addf(wrong.row, "row", "%s", wrong.message)
		return file{}, nil, bad.fault()
	}
	if err != nil {
		return file{}, nil, refusef("body", "must have a header, such as: title,priority,tags")
	}
	header := rows[0].cells
	for i, name := range header {
		header[i] = strings.ToLower(strings.TrimSpace(name))
		switch {
		case !slices.Contains(columns, header[i]):
			return file{}, nil, refusef("header", "%q is not a column; those there are: %s", name, strings.Join(columns, ", "))
		case slices.Contains(header[:i], header[i]):
			return file{}, nil, refusef("header", "has the column %s twice", header[i])
		}
	}
	if !slices.Contains(header, "title") {
		return file{}, nil, refusef("header", "has no column title")
	}
	if len(rows)-1 > MaxRows {
		return file{}, nil, refusef("body", "must have at most %d rows below the header", MaxRows)
	}
	bad := &problems{}
	var f file
	for _, row := range rows[1:] {
		if len(row.cells) > len(header) {
			bad.addf(row.number, "row", "has %d cells, but the header has %d", len(row.cells), len(header))
			continue
		}
		r := record{number: row.number}
		for i, cell := range row.cells {
			r.set(bad, header[i], unguard(cell))
		}
		f.add(r, bad, now, len(rows))
	}
	return f, bad, nil
}

// set fills one field from a cell; an empty cell is nothing given.
func (r *record) set(bad *problems, column, cell string) {
	if cell == "" {
		return
	}
	switch column {
	case "id":
		r.ID = &cell
	case "title":
		r.Title = &cell
	case "description":
		r.Description = &cell
	case "priority":
		r.Priority = &cell
	case "status":
		r.Status = &cell
	case "due_at":
		r.DueAt = &cell
	case "parent_id":
		r.ParentID = &cell
	case "position":
		position, err := strconv.ParseFloat(strings.TrimSpace(cell), 64)
		if err != nil {
			bad.addf(r.number, column, "must be a number")
		}
		r.Position = &position
	case "tags":
		r.Tags = splitTags(cell)
	case "version":
		version, err := strconv.ParseInt(strings.TrimSpace(cell), 10, 64)
		if err != nil {
			bad.addf(r.number, column, "must be a whole number")
		}
		r.Version = &version
	case "series_id":
		r.SeriesID = &cell
	case "occurrence_at":
		r.OccurrenceAt = &cell
	case "completed_at":
		r.CompletedAt = &cell
	case "created_at":
		r.CreatedAt = &cell
	case "updated_at":
		r.UpdatedAt = &cell
	}
}

// check turns the record into a row, or says in bad what is wrong with it. The
// fields that an import leaves out are checked all the same: a table whose columns
// have slipped should not get through.
func (r *record) check(bad *problems, now time.Time) (row, bool) {
	draft := task.Draft{
		Title: value(r.Title), Description: value(r.Description), Priority: task.Priority(strings.TrimSpace(value(r.Priority))),
		DueAt: r.time(bad, "due_at", r.DueAt), ParentID: r.id(bad, "parent_id", r.ParentID), Tags: r.Tags,
		Position: r.Position,
	}
	t, err := task.New(uuid.Nil, draft, now)
	bad.merge(r.number, "", err)
	if r.Status != nil {
		t.Status = task.Status(strings.TrimSpace(*r.Status))
		if !slices.Contains(task.Statuses(), t.Status) {
			bad.addf(r.number, "status", "must be one of %v", task.Statuses())
		}
	}
	set(&t.CreatedAt, r.time(bad, "created_at", r.CreatedAt))
	set(&t.UpdatedAt, r.time(bad, "updated_at", r.UpdatedAt))
	t.CompletedAt = r.time(bad, "completed_at", r.CompletedAt)
	switch {
	case t.Status != task.Completed && t.CompletedAt != nil:
		bad.addf(r.number, "completed_at", "is for completed tasks only")
	case t.Status == task.Completed && t.CompletedAt == nil:
		t.CompletedAt = &t.UpdatedAt
	}
	if r.Version != nil && *r.Version < 1 {
		bad.addf(r.number, "version", "must be at least 1")
	}
	t.SeriesID, t.OccurrenceAt = r.id(bad, "series_id", r.SeriesID), r.time(bad, "occurrence_at", r.OccurrenceAt)
	reminders := r.reminders(bad, t.DueAt)
	return row{number: r.number, id: r.id(bad, "id", r.ID), task: t, reminders: reminders}, !bad.rows[place{row: r.number}]
}

func (r *record) reminders(bad *problems, dueAt *time.Time) []Reminder {
	all := make([]Reminder, 0, len(r.Reminders))
	for i, given := range r.Reminders {
		field := func(name string) string { return fmt.Sprintf("reminders[%d].%s", i, name) }
		at := Reminder{
			OffsetMinutes: given.OffsetMinutes, RemindAt: r.time(bad, field("remind_at"), given.RemindAt),
			ScheduledFor: r.time(bad, field("scheduled_for"), given.ScheduledFor), Status: event.ReminderPending,
			DeliveredAt: r.time(bad, field("delivered_at"), given.DeliveredAt),
		}
		switch {
		case (given.OffsetMinutes == nil) == (given.RemindAt == nil):
			bad.addf(r.number, field("remind_at"), "or offset_minutes is required, and not both")
		case given.OffsetMinutes != nil && (*given.OffsetMinutes < 0 || *given.OffsetMinutes > reminder.MaxOffset):
			bad.addf(r.number, field("offset_minutes"), "must be a whole number from 0 to %d", reminder.MaxOffset)
		}
		if given.Status != nil {
			at.Status = event.ReminderStatus(*given.Status)
			if !slices.Contains(reminder.Statuses(), at.Status) {
				bad.addf(r.number, field("status"), "must be one of %v", reminder.Statuses())
			}
		}
		all = append(all, at.scheduled(dueAt))
	}
	if tooMany(all) {
		bad.addf(r.number, fmt.Sprintf("reminders[%d]", len(all)-1), "is too many: a task may have %d", reminder.MaxPerTask)
	}
	return all
}

// tooMany counts as package reminder does: without those that were taken back.
func tooMany(all []Reminder) bool {
	count := 0
	for _, r := range all {
		if r.Status != reminder.Cancelled {
			count++
		}
	}
	return count > reminder.MaxPerTask
}

// scheduled fills in when the reminder is to be delivered, unless the file says. Its
// instants are whole seconds: that is as fine as reminders are delivered.
func (r Reminder) scheduled(dueAt *time.Time) Reminder {
	second := func(at time.Time) *time.Time {
		at = at.Truncate(time.Second)
		return &at
	}
	if r.RemindAt != nil {
		r.RemindAt = second(*r.RemindAt)
	}
	switch {
	case r.ScheduledFor != nil:
		r.ScheduledFor = second(*r.ScheduledFor)
	case r.RemindAt != nil:
		r.ScheduledFor = r.RemindAt
	case dueAt != nil && r.OffsetMinutes != nil:
		r.ScheduledFor = second(dueAt.Add(-time.Duration(*r.OffsetMinutes) * time.Minute))
	}
	return r
}

// check turns the document into a series, or says in bad what is wrong with it.
func (d *seriesDocument) check(bad *problems, number int, zone *time.Location, now time.Time) (seriesRow, bool) {
	r := record{number: number}
	moment := func(field, value string) series.Moment {
		m, err := series.ParseMoment(value)
		if err != nil {
			bad.addf(number, "series."+field, "must be a local time such as 2026-03-27T14:00:00, or a date such as 2026-03-27")
		}
		return m
	}
	draft := series.Draft{
		Title: value(d.Title), Description: value(d.Description), Priority: task.Priority(value(d.Priority)), Tags: d.Tags,
		ReminderOffsets: d.ReminderOffsets, RRule: value(d.RRule), Timezone: value(d.Timezone), Mode: occurrence.Mode(value(d.Mode)),
		IfPending: occurrence.IfPending(value(d.IfPending)), CatchUp: occurrence.CatchUp(value(d.CatchUp)),
	}
	if d.DTStart != nil {
		start := moment("dtstart", *d.DTStart)
		draft.Start = &start
	}
	for i, text := range d.RDate {
		draft.RDates = append(draft.RDates, moment(fmt.Sprintf("rdate[%d]", i), text))
	}
	for i, text := range d.ExDate {
		draft.ExDates = append(draft.ExDates, moment(fmt.Sprintf("exdate[%d]", i), text))
	}
	s, err := series.New(uuid.Nil, draft, zone.String(), now)
	bad.merge(number, "series.", err)
	s.Created = d.count(bad, number, "created_count", d.CreatedCount)
	s.Skipped = d.count(bad, number, "skipped_count", d.SkippedCount)
	s.Missed = d.count(bad, number, "missed_count", d.MissedCount)
	if d.Status != nil {
		status := event.SeriesStatus(*d.Status)
		if !slices.Contains(seriesStatuses, status) {
			bad.addf(number, "series.status", "must be one of %v", seriesStatuses)
		}
		s.Status = imported(status)
	}
	set(&s.CreatedAt, r.time(bad, "series.created_at", d.CreatedAt))
	set(&s.UpdatedAt, r.time(bad, "series.updated_at", d.UpdatedAt))
	s.LastOccurrenceAt = r.time(bad, "series.last_occurrence_at", d.LastOccurrenceAt)
	s.PreviousID = r.id(bad, "series.previous_id", d.PreviousID)
	return seriesRow{number: number, id: r.id(bad, "series.id", d.ID), series: s}, !bad.rows[place{number, true}]
}

func (d *seriesDocument) count(bad *problems, number int, field string, given *int) int {
	switch {
	case given == nil:
		return 0
	case *given < 0 || *given > math.MaxInt32:
		bad.addf(number, "series."+field, "must be a whole number from 0 on")
	}
	return *given
}

var seriesStatuses = []event.SeriesStatus{
	event.SeriesPending, event.SeriesActive, event.SeriesPaused, event.SeriesCompleted, event.SeriesCancelled,
}

// imported is the status that a series begins with. One that is active becomes so when
// recurring has scheduled it.
func imported(status event.SeriesStatus) event.SeriesStatus {
	if status == event.SeriesActive {
		return event.SeriesPending
	}
	return status
}

func value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func set(at, given *time.Time) {
	if given != nil {
		*at = *given
	}
}

func (r *record) id(bad *problems, field string, s *string) *uuid.UUID {
	if s == nil {
		return nil
	}
	id, err := uuid.Parse(strings.TrimSpace(*s))
	if err != nil {
		bad.addf(r.number, field, "must be a UUID")
		return nil
	}
	return &id
}

func (r *record) time(bad *problems, field string, s *string) *time.Time {
	if s == nil {
		return nil
	}
	t, err := time.Parse(time.RFC3339, strings.TrimSpace(*s))
	t = t.UTC().Truncate(time.Microsecond) // what the database keeps
	if err != nil || t.Year() < 1 || t.Year() > 9998 {
		bad.addf(r.number, field, "must be a time such as 2026-11-24T09:00:00Z (RFC 3339)")
		return nil
	}
	return &t
}
