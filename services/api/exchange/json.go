package exchange

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/rondohq/rondo/platform/recurrence"
	"github.com/rondohq/rondo/services/internal/occurrence"
)

// formatName is what a JSON export calls itself. A change that an older Rondo
// could not import gets another number.
const formatName = "rondo/2"

// formerNames are those of exports that can still be imported; rondo/1 had neither
// series nor reminders.
var formerNames = []string{"rondo/1"}

// seriesDocument is a series as an export carries it; an import may leave out what has
// a default.
type seriesDocument struct {
	ID               *string  `json:"id"`
	Title            *string  `json:"title"`
	Description      *string  `json:"description"`
	Priority         *string  `json:"priority"`
	Tags             []string `json:"tags"`
	ReminderOffsets  []int    `json:"reminder_offsets"`
	RRule            *string  `json:"rrule"`
	DTStart          *string  `json:"dtstart"`
	Timezone         *string  `json:"timezone"`
	RDate            []string `json:"rdate"`
	ExDate           []string `json:"exdate"`
	Mode             *string  `json:"mode"`
	IfPending        *string  `json:"if_pending"`
	CatchUp          *string  `json:"catch_up"`
	Status           *string  `json:"status"`
	PreviousID       *string  `json:"previous_id"`
	LastOccurrenceAt *string  `json:"last_occurrence_at"`
	CreatedCount     *int     `json:"created_count"`
	SkippedCount     *int     `json:"skipped_count"`
	MissedCount      *int     `json:"missed_count"`
	CreatedAt        *string  `json:"created_at"`
	UpdatedAt        *string  `json:"updated_at"`
}

func documentOf(s occurrence.Series) seriesDocument {
	text := func(s string) *string { return &s }
	created, updated, priority := instant(&s.CreatedAt), instant(&s.UpdatedAt), s.Priority
	d := seriesDocument{
		ID: text(s.ID.String()), Title: &s.Title, Description: &s.Description, Priority: &priority, Tags: notNil(s.Tags),
		ReminderOffsets: notNil(s.ReminderOffsets), RRule: &s.Spec.RRule, DTStart: text(wall(s.Spec.Start, s.AllDay)), Timezone: &s.Spec.Zone,
		RDate: walls(s.Spec.RDates, s.AllDay), ExDate: walls(s.Spec.ExDates, s.AllDay), Mode: text(string(s.Mode)),
		IfPending: text(string(s.IfPending)), CatchUp: text(string(s.CatchUp)), Status: text(string(s.Status)),
		CreatedCount: &s.Created, SkippedCount: &s.Skipped, MissedCount: &s.Missed, CreatedAt: &created, UpdatedAt: &updated,
	}
	if s.PreviousID != nil {
		d.PreviousID = text(s.PreviousID.String())
	}
	if s.LastOccurrenceAt != nil {
		d.LastOccurrenceAt = text(instant(s.LastOccurrenceAt))
	}
	return d
}

func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// wall is a local time as JSON carries it: of a series of days, a date.
func wall(l recurrence.Local, date bool) string {
	if date {
		return l.String()[:len(time.DateOnly)]
	}
	return l.String()
}

func walls(list []recurrence.Local, dates bool) []string {
	all := make([]string, len(list))
	for i, l := range list {
		all[i] = wall(l, dates)
	}
	return all
}

// jsonSink writes an export as one JSON document, a series or a task to a line, so that
// two exports can be compared with diff.
type jsonSink struct {
	w     *bufio.Writer
	tasks int
}

func newJSONSink(w io.Writer) *jsonSink { return &jsonSink{w: bufio.NewWriter(w)} }

// Begin implements Sink.
func (s *jsonSink) Begin(h Head) error {
	head, err := json.Marshal(struct {
		Format     string    `json:"format"`
		ExportedAt time.Time `json:"exported_at"`
		Tags       []string  `json:"tags"`
	}{formatName, h.At.UTC(), h.Tags})
	if err != nil {
		return fmt.Errorf("encoding the head of an export: %w", err)
	}
	if _, err = fmt.Fprintf(s.w, "%s,\"series\":[", head[:len(head)-1]); err != nil {
		return err //nolint:wrapcheck // the connection's error as it is
	}
	for i, series := range h.Series {
		if err := s.line(i, documentOf(series)); err != nil {
			return err
		}
	}
	_, err = s.w.WriteString("\n],\"tasks\":[")
	return err //nolint:wrapcheck // see above
}

// Task implements Sink.
func (s *jsonSink) Task(t Item) error {
	t.Reminders = notNil(t.Reminders)
	s.tasks++
	return s.line(s.tasks-1, t)
}

// line writes the i-th of a list.
func (s *jsonSink) line(i int, v any) error {
	line, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encoding an export: %w", err)
	}
	separator := ",\n"
	if i == 0 {
		separator = "\n"
	}
	_, err = s.w.WriteString(separator + string(line))
	return err //nolint:wrapcheck // see Begin
}

// End implements Sink.
func (s *jsonSink) End() error {
	if _, err := s.w.WriteString("\n]}\n"); err != nil {
		return err //nolint:wrapcheck // see Begin
	}
	return s.w.Flush() //nolint:wrapcheck // see Begin
}
